package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
)

// Twins is a module with one wire for each processor. The interrupts are as
// many numbers, and the allocator of vectors gives all of them the same vector,
// if it can.
func Twins() machine.Module {
	return machine.Module{Name: "twins", Init: startTwins, Exit: stopTwins, Files: []machine.File{
		{Name: "twins/wires", Read: showTwins, Write: doTwins}}}
}

// A twin is one of the wires.
type twin struct {
	gpio
	home            int
	came, elsewhere int
}

var twins = percpu.Shared[[]*twin]("irq_twins")

func startTwins(c *cpu.CPU) error {
	list := twins.Of(c)
	*list = nil
	for n := range c.Peers {
		t := &twin{home: n}
		if err := newGPIO(c, &t.gpio, n); err != nil {
			return err
		}
		if err := irq.Request(c, t.irq, t.interrupt, 0, fmt.Sprintf("twin%d", n), t); err != nil {
			return err
		}
		*list = append(*list, t)
	}
	return nil
}

func stopTwins(c *cpu.CPU) {
	for _, t := range *twins.Of(c) {
		if irq.ToDesc(c, t.irq).Requested() {
			_, _ = irq.Free(c, t.irq, t) // it is there
		}
		irq.FreeIRQs(c, t.irq, 1)
	}
}

func (t *twin) interrupt(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
	if t.came++; c.ID != t.home {
		t.elsewhere++
	}
	return irq.Handled
}

// doTwins takes "edge CPU": an edge at the wire of a processor; "message CPU
// VECTOR": a message to it, whoever has that vector there; "free CPU" and
// "request CPU": the wire's driver goes and comes.
func doTwins(c *cpu.CPU, text string) (err error) {
	var what string
	n, v := 0, uint8(0)
	got, _ := fmt.Sscan(text, &what, &n, &v)
	list := *twins.Of(c)
	if got < 2 || n < 0 || n >= len(list) || (what == "message") != (got == 3) {
		return fmt.Errorf("twins: %q: edge CPU, message CPU VECTOR, free CPU or request CPU: %w", strings.TrimSpace(text), errno.EINVAL)
	}
	switch t := list[n]; what {
	case "edge":
		t.pulse(c)
	case "message":
		apic.Send(c, n, cpu.Vector(v))
	case "free":
		_, err = irq.Free(c, t.irq, t)
	case "request":
		err = irq.Request(c, t.irq, t.interrupt, 0, fmt.Sprintf("twin%d", n), t)
	default:
		err = fmt.Errorf("twins: %s: edge, message, free or request: %w", what, errno.EINVAL)
	}
	settle(c)
	return err
}

func showTwins(c *cpu.CPU) string {
	var b strings.Builder
	for _, t := range *twins.Of(c) {
		if v, on, ok := vector.Of(c, t.irq); ok {
			fmt.Fprintf(&b, "irq %d: vector %#02x of CPU %d, came %d times, %d of them to another CPU\n", t.irq, uint8(v), on, t.came, t.elsewhere)
		}
	}
	return b.String()
}
