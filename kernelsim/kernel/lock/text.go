package lock

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/oops"
)

// text is the lines of a report, put together piece by piece.
type text []string

func (t text) add(lines ...string) text { return append(t, lines...) }

// traceDepth is how many calls of a remembered stack a report shows.
const traceDepth = 8

// trace adds a remembered stack (print_lock_trace): the calls below the lock
// functions, up to the gate of the interrupt that they ran in.
func (t text) trace(pcs []uintptr, indent int) text {
	shown := 0
	for _, f := range oops.Frames(pcs) {
		switch {
		case f.Gate() || shown == traceDepth:
			return t
		case f.Hidden() || f.Core() || strings.HasPrefix(f.Func, "lock.("):
			continue
		}
		t = append(t, strings.Repeat(" ", indent)+f.String())
		shown++
	}
	return t
}

// site adds the place of a remembered call (print_ip_sym).
func (t text) site(pcs []uintptr) text {
	if calls := (text{}).trace(pcs, 1); len(calls) > 0 {
		return t.add(calls[0])
	}
	return t
}

// held models lockdep_print_held_locks.
func (t text) held(c *cpu.CPU, h *Held) text {
	n := h.Depth()
	if n == 0 {
		return t.add(fmt.Sprintf("no locks held by %s.", task(c)))
	}
	plural := "s"
	if n == 1 {
		plural = ""
	}
	t = t.add(fmt.Sprintf("%d lock%s held by %s:", n, plural, task(c)))
	for _, l := range h.Lines() {
		t = t.add(" " + l)
	}
	return t
}

// chain names the classes on the way when there is more than one lock between
// the first and the last.
func (t text) chain(first, middle, last string) text {
	if middle == first {
		return t
	}
	return t.add("Chain exists of:", fmt.Sprintf("  %s --> %s --> %s", first, middle, last), "")
}

// scenario draws who does what on two CPUs.
func (t text) scenario(title string, rows [][2]string) text {
	t = t.add(title, "", "       CPU0                    CPU1", "       ----                    ----")
	for _, r := range rows {
		t = t.add(strings.TrimRight(fmt.Sprintf("  %-29s%s", r[0], r[1]), " "))
	}
	return t.add("", " *** DEADLOCK ***", "")
}

// irqScenario models print_irq_lock_scenario.
func (t text) irqScenario(safe, middle, unsafe *class) text {
	if middle != unsafe {
		t = t.add("Chain exists of:", fmt.Sprintf("  %s --> %s --> %s", safe.name, middle.name, unsafe.name), "")
	}
	return t.scenario(" Possible interrupt unsafe locking scenario:", [][2]string{
		{"lock(" + unsafe.name + ");", ""},
		{"", "local_irq_disable();"},
		{"", "lock(" + safe.name + ");"},
		{"", "lock(" + middle.name + ");"},
		{"<Interrupt>", ""},
		{"  lock(" + safe.name + ");", ""},
	})
}
