package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/irq"
)

// A trial lets three edges come, the second gap nanoseconds behind the first
// and the third a while behind that.
type trial func(c *cpu.CPU, e *edgeLine, k, gap int)

// The gaps that are tried reach from before the first interrupt arrives to
// after its handler has returned.
const (
	gaps    = 440
	gapStep = 11
)

// sweep tries every gap. It stops at the first edge that nobody serves.
func sweep(c *cpu.CPU, try trial) string {
	e := edgeLines.Of(c)
	var b strings.Builder
	e.most = 0
	for k := range gaps {
		gap := k * gapStep
		e.told, e.met = e.told[:0], false
		edges, served := e.edges, e.served
		try(c, e, k, gap)
		settle(c)
		if wrong := e.wrong(e.edges-edges, e.served-served); wrong != "" {
			fmt.Fprintf(&b, "gaps of %d and %d ns: %s\n  the chip and the driver: %s\n", gap, secondGap(k), wrong, strings.Join(e.told, ", "))
			break
		}
		if k == gaps-1 {
			fmt.Fprintf(&b, "%d gaps tried: every edge was served\n", gaps)
		}
	}
	fmt.Fprintf(&b, "handlers at once: %d\n", e.most)
	return b.String()
}

// wrong says what is wrong after a trial, empty if nothing is.
func (e *edgeLine) wrong(edges, served int) string {
	switch {
	case e.inside > 0:
		return fmt.Sprintf("%d edges, and the handler is called again and again", edges)
	case e.masked && e.waiting > 0:
		return fmt.Sprintf("%d edges, %d served, and the wire is left masked%s", edges, served, e.ofTheNote())
	case e.masked:
		return fmt.Sprintf("%d edges, all served, and the wire is left masked: the next one is lost", edges)
	case e.waiting > 0:
		return fmt.Sprintf("%d edges, %d served, and nobody comes for the rest%s", edges, served, e.ofTheNote())
	case e.status:
		return fmt.Sprintf("%d edges, all served, and the wire was not acknowledged: the next one is lost", edges)
	}
	return ""
}

// ofTheNote says, where an edge came while the handler ran, whether the note
// was there when it returned.
func (e *edgeLine) ofTheNote() string {
	switch {
	case !e.met:
		return ""
	case e.noted:
		return "; when the handler returned, there was a note"
	}
	return "; when the handler returned, there was no note"
}

// secondGap is the gap between the second and the third edge of trial k.
func secondGap(k int) int { return k * 181 % gaps * gapStep }

// three makes the three edges.
func three(c *cpu.CPU, e *edgeLine, k, gap int) {
	e.edge(c)
	wait(c, gap)
	e.edge(c)
	wait(c, secondGap(k))
	e.edge(c)
}

// stay leaves the wire with one processor.
func stay(c *cpu.CPU, e *edgeLine, k, gap int) { three(c, e, k, gap) }

// moveOn has the wire moved, which happens when the first edge is acknowledged:
// the second one comes to the other processor.
func moveOn(c *cpu.CPU, e *edgeLine, k, gap int) {
	to := homeCPU
	if k%2 == 0 {
		to = otherCPU
	}
	_ = irq.SetAffinity(c, e.irq, cpumask.Of(to)) // it may move
	three(c, e, k, gap)
}

// whileDisabled lets the edges come while the line is disabled, from a moment
// on that is gap behind the first of them.
func whileDisabled(c *cpu.CPU, e *edgeLine, k, gap int) {
	e.edge(c)
	wait(c, gap)
	_ = irq.DisableNoSync(c, e.irq)
	e.edge(c)
	wait(c, secondGap(k))
	e.edge(c)
	_ = irq.Enable(c, e.irq)
}

// disabledAgain enables the line, which sends an edge once more that came while
// it was disabled, and disables it again, gap behind that: the replay may find
// nobody whom it may call. In every other trial it comes to another processor
// than the one that is in the handler all the while.
func disabledAgain(c *cpu.CPU, e *edgeLine, k, gap int) {
	e.slow = k%2 == 1
	if e.slow {
		to := otherCPU - k/2%2
		_ = irq.SetAffinity(c, e.irq, cpumask.Of(to)) // it may move
		e.edge(c)
		wait(c, 1500)
	}
	_ = irq.DisableNoSync(c, e.irq)
	e.edge(c)
	wait(c, secondGap(k)/2)
	_ = irq.Enable(c, e.irq)
	wait(c, gap)
	_ = irq.DisableNoSync(c, e.irq)
	settle(c)
	e.slow = false
	_ = irq.Enable(c, e.irq)
}

// nobody takes the handler away, enables the line nevertheless, and lets an
// edge come; then the driver is back.
func nobody(c *cpu.CPU) string {
	e := edgeLines.Of(c)
	e.free(c)
	runs := e.runs
	if err := irq.Activate(c, &irq.ToDesc(c, e.irq).Data, false); err != nil {
		return err.Error() + "\n"
	}
	_ = irq.Enable(c, e.irq)
	acks := e.acks
	e.edge(c)
	settle(c)
	text := fmt.Sprintf("without a handler: masked: %s, acknowledged: %d, handler runs: %d\n", yes(e.masked), e.acks-acks, e.runs-runs)
	if err := e.request(c); err != nil {
		return text + err.Error() + "\n"
	}
	settle(c)
	return text + fmt.Sprintf("with one again: handler runs: %d, still waiting: %d\n", e.runs-runs, e.waiting)
}
