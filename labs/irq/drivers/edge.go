package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
)

// Edge is the module edge: a wire, a device behind it that has something to do
// at each edge, and its driver. CPU 0 makes the edges; they interrupt others.
func Edge() machine.Module {
	return machine.Module{Name: "edge", Init: startEdge, Exit: stopEdge, Files: []machine.File{
		{Name: "edge/line", Read: showEdge, Write: doEdge},
		{Name: "edge/same", Read: func(c *cpu.CPU) string { return sweep(c, stay) }},
		{Name: "edge/other", Read: func(c *cpu.CPU) string { return sweep(c, moveOn) }},
		{Name: "edge/disabled", Read: func(c *cpu.CPU) string { return sweep(c, whileDisabled) }},
		{Name: "edge/again", Read: func(c *cpu.CPU) string { return sweep(c, disabledAgain) }},
		{Name: "edge/nobody", Read: nobody},
	}}
}

// Wire is the module wire: the line of the module edge alone.
func Wire() machine.Module {
	return machine.Module{Name: "wire", Init: startEdge, Exit: stopEdge, Files: []machine.File{
		{Name: "wire", Read: showEdge, Write: doEdge}}}
}

// An edgeLine is the wire and what came of it.
type edgeLine struct {
	gpio
	edges, waiting, served int
	runs                   int
	inside, most           int // handlers that run now, and at most
	requested, toggles     bool
	leaves                 bool // the next handler disables the interrupt and leaves it so
	slow                   bool // the handler takes four times as long
	met, noted             bool // an edge was acknowledged while the handler ran; its note was there at the handler's end
	told                   []string
}

var edgeLines = percpu.Shared[edgeLine]("irq_edge_line")

// The processors that the wire interrupts.
const (
	homeCPU  = 1
	otherCPU = 2
)

func startEdge(c *cpu.CPU) error {
	if len(c.Peers) <= otherCPU {
		return fmt.Errorf("edge: boot with -cpus 3 or more: %w", errno.ENODEV)
	}
	e := edgeLines.Of(c)
	*e = edgeLine{}
	e.note = e.tell
	if err := newGPIO(c, &e.gpio, homeCPU); err != nil {
		return err
	}
	return e.request(c)
}

func stopEdge(c *cpu.CPU) {
	e := edgeLines.Of(c)
	e.free(c)
	irq.FreeIRQs(c, e.irq, 1)
}

func (e *edgeLine) request(c *cpu.CPU) error {
	err := irq.Request(c, e.irq, e.interrupt, 0, "edge", e)
	e.requested = err == nil
	return err
}

func (e *edgeLine) free(c *cpu.CPU) {
	if e.requested {
		_, _ = irq.Free(c, e.irq, e) // it is there
		e.requested = false
	}
}

// tell keeps what the chip hears and the handler does, for a while, and on
// which processor if it is another one than at first.
func (e *edgeLine) tell(c *cpu.CPU, what string) {
	e.met = e.met || what == "ack" && e.inside > 0
	if c.ID != homeCPU {
		what += fmt.Sprintf(" (CPU %d)", c.ID)
	}
	if len(e.told) < 12 {
		e.told = append(e.told, what)
	}
}

// interrupt is the driver's handler: it takes what there is to do, and does it.
func (e *edgeLine) interrupt(c *cpu.CPU, n irq.Number, _ any) irq.Return {
	e.runs++
	if e.runs > 10*e.edges+1000 {
		oops.Raise(oops.Report{Rule: "handlers without end", CPU: c.ID,
			Title: fmt.Sprintf("irq %d: the handler has run %d times for %d edges", n, e.runs, e.edges),
			Why:   "what calls the handlers once more has to be taken back before they run"})
	}
	e.tell(c, "handler")
	e.inside++
	e.most = max(e.most, e.inside)
	e.served += e.waiting
	e.waiting = 0
	if e.toggles {
		_ = irq.DisableNoSync(c, n)
		_ = irq.Enable(c, n)
	}
	if e.leaves {
		e.leaves = false
		_ = irq.DisableNoSync(c, n)
	}
	spins := 50
	if e.slow {
		spins *= 4
	}
	for range spins {
		c.Spend(cost.CPURelax)
	}
	e.inside--
	if e.met {
		e.noted = e.pending(c)
	}
	return irq.Handled
}

// pending reads the note IRQS_PENDING, where debugfs shows it.
func (e *edgeLine) pending(c *cpu.CPU) bool {
	return strings.Contains(irq.ToDesc(c, e.irq).DebugShow(c), "IRQS_PENDING")
}

// edge is one edge: there is something more to do.
func (e *edgeLine) edge(c *cpu.CPU) {
	e.edges++
	e.waiting++
	e.pulse(c)
}

// wait lets time pass, exactly.
func wait(c *cpu.CPU, ns int) {
	for ; ns >= 40; ns -= 40 {
		c.Spend(cost.CPURelax)
	}
	for range ns {
		c.Spend(cost.Instruction)
	}
}

// settle waits until all that is under way must have arrived and been served.
func settle(c *cpu.CPU) {
	for range 12 {
		c.Spend(cost.UserWork)
	}
}

// doEdge takes "edge", "edge N GAP", "move CPU", "disable", "enable", "blink",
// "toggle" and "leave".
func doEdge(c *cpu.CPU, text string) error {
	e := edgeLines.Of(c)
	var what string
	n, gap := 1, 0
	if got, _ := fmt.Sscan(text, &what, &n, &gap); got == 0 || n < 0 || n > 1000 || gap < 0 || gap > 1_000_000 {
		return fmt.Errorf("edge: %q: edge [N [NANOSECONDS]], move CPU, disable, enable, blink, toggle or leave: %w", strings.TrimSpace(text), errno.EINVAL)
	}
	e.told = e.told[:0]
	switch what {
	case "edge":
		for range n {
			e.edge(c)
			wait(c, gap)
		}
		settle(c)
		return nil
	case "move":
		if n >= len(c.Peers) {
			return fmt.Errorf("edge: no CPU %d: %w", n, errno.EINVAL)
		}
		return irq.SetAffinity(c, e.irq, cpumask.Of(n))
	case "disable":
		return irq.Disable(c, e.irq)
	case "enable":
		err := irq.Enable(c, e.irq)
		settle(c)
		return err
	case "blink":
		err := irq.Enable(c, e.irq)
		if err == nil {
			err = irq.DisableNoSync(c, e.irq)
		}
		settle(c)
		return err
	case "toggle":
		e.toggles = !e.toggles
		return nil
	case "leave":
		e.leaves = true
		return nil
	}
	return fmt.Errorf("edge: %s: edge [N [NANOSECONDS]], move CPU, disable, enable, blink, toggle or leave: %w", what, errno.EINVAL)
}

func showEdge(c *cpu.CPU) string {
	e := edgeLines.Of(c)
	var b strings.Builder
	fmt.Fprintf(&b, "edges: %d, served %d, still waiting %d\n", e.edges, e.served, e.waiting)
	fmt.Fprintf(&b, "handler: %d runs, at most %d at once\n", e.runs, e.most)
	fmt.Fprintf(&b, "chip: %d interrupts sent, %d acknowledged, masked: %s\n", e.sent, e.acks, yes(e.masked))
	if v, on, ok := vector.Of(c, e.irq); ok {
		fmt.Fprintf(&b, "vector %#02x of CPU %d, in service: %s\n", uint8(v), on, yes(e.inService(c)))
	}
	fmt.Fprintf(&b, "last: %s\n", strings.Join(e.told, ", "))
	return b.String()
}

// inService asks the wire's processors whether one has its vector in service.
func (e *edgeLine) inService(c *cpu.CPU) (busy bool) {
	v, on, _ := vector.Of(c, e.irq)
	look := func(c *cpu.CPU) { busy = busy || apic.InService(c, v) }
	if on == c.ID {
		look(c)
	} else {
		apic.CallOn(c, on, look, true)
	}
	return busy
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
