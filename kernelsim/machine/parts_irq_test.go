package machine_test

import (
	"errors"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// twoEvents boots a machine with a board of two messages, and lets it send the
// first one twice.
func twoEvents(t *testing.T, parts ...machine.Part) *machine.Machine {
	t.Helper()
	m := boot(t, machine.Config{CPUs: 2, Devices: []board.Device{{Kind: "msix", Vectors: 2}}}, parts...)
	bdf := m.Board().Functions()[0].BDF()
	for range 2 {
		if err := m.Board().Event(bdf, 0, false); err != nil {
			t.Fatal(err)
		}
		if err := m.Run(sim.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// handled is how often interrupt 24 was.
func handled(m *machine.Machine) uint64 {
	for _, d := range m.Interrupts() {
		if d.IRQ == 24 {
			return d.Total()
		}
	}
	return 0
}

// TestIRQPathParts: the way of an interrupt leads through the parts for the
// dispatch, the edge's flow, the walk over the actions and the account.
func TestIRQPathParts(t *testing.T) {
	var way []string
	m := twoEvents(t,
		machine.WithDispatch(func(c irqabi.Processor, vec uint8) {
			if e := c.VectorIRQ(c.CPU(), vec); e.State == irqabi.Wanted && e.IRQ == 24 {
				way = append(way, "dispatch")
				c.Handle(e.IRQ)
				return
			}
			c.EOI()
		}),
		machine.WithEdgeFlow(func(d irqabi.Interrupt) {
			d.Lock()
			way = append(way, "flow")
			d.Arrived()
			d.Count()
			d.Ack()
			d.SetInProgress(true)
			d.Unlock()
			d.RunActions()
			d.Lock()
			d.SetInProgress(false)
			d.Unlock()
		}),
		machine.WithActionWalk(func(first irqabi.Action) irqabi.Return {
			way = append(way, "walk")
			return first.Call()
		}),
		machine.WithNoteInterrupt(func(_ irqabi.Line, ret irqabi.Return) {
			if ret == irqabi.Handled {
				way = append(way, "note")
			}
		}))
	want := []string{"dispatch", "flow", "walk", "note", "dispatch", "flow", "walk", "note"}
	if len(way) != len(want) {
		t.Fatalf("the way of two interrupts was %v, want %v", way, want)
	}
	for i := range want {
		if way[i] != want[i] {
			t.Fatalf("the way of two interrupts was %v, want %v", way, want)
		}
	}
	if n := handled(m); n != 2 {
		t.Errorf("%d interrupts are counted, want 2", n)
	}
}

// TestDispatchBounds: a part that asks for a processor or an interrupt that is
// not there is told that nobody has it, and nothing happens.
func TestDispatchBounds(t *testing.T) {
	asked := 0
	m := twoEvents(t, machine.WithDispatch(func(c irqabi.Processor, vec uint8) {
		asked++
		for _, n := range []int{-1, 2, 1 << 20} {
			if e := c.VectorIRQ(n, vec); e != (irqabi.Entry{}) {
				t.Errorf("processor %d has %+v at vector %#x", n, e, vec)
			}
			c.SetUnused(n, vec)
		}
		c.Handle(-1)
		c.Handle(1 << 20)
		c.EOI()
	}))
	if asked == 0 || handled(m) != 0 {
		t.Errorf("asked %d times, %d interrupts handled: want some and none", asked, handled(m))
	}
}

// A sparing domain takes the levels below and no level of its own, and refuses
// entries from a number on.
type sparing struct{ from int }

func (s sparing) Alloc(l irqabi.Level, virq, n int, m irqabi.Message) error {
	if m.Entry >= s.from {
		return errno.EEXIST
	}
	if err := l.AllocParent(virq, n); err != nil {
		return err
	}
	return l.SetInfo(virq, uint64(m.Entry)|uint64(m.BDF)<<11)
}

func (sparing) Free(l irqabi.Level, virq, n int) {
	l.ResetInfo(virq)
	l.FreeParent(virq, n)
}

func (sparing) Activate(l irqabi.Level, virq int, reserve bool) error {
	if err := l.ActivateParent(virq, reserve); err != nil {
		return err
	}
	addr, data := l.Compose(virq)
	return l.Write(virq, addr, data)
}

func (sparing) Deactivate(l irqabi.Level, virq int) {
	_ = l.Write(virq, 0, 0)
	l.DeactivateParent(virq)
}

// TestMSIDomainPart: the device's messages are set up by the part, what it
// refuses the driver hears, and all is given back.
func TestMSIDomainPart(t *testing.T) {
	m := twoEvents(t, machine.WithMSIDomain(sparing{from: 2}))
	if n := handled(m); n != 2 {
		t.Errorf("%d interrupts handled, want 2", n)
	}
	m = boot(t, machine.Config{CPUs: 2, Devices: []board.Device{{Kind: "msix", Vectors: 3}}}, machine.WithMSIDomain(sparing{from: 2}))
	before := len(m.Interrupts())
	err := m.Do("probe", func(c *cpu.CPU) {
		dev := pci.Find(c, m.Board().Functions()[0].BDF())
		_ = pci.Unbind(c, dev) // its driver may have taken what there was
		before = len(m.Interrupts())
		if _, err := pci.AllocIRQVectors(c, dev, 3, 3, pci.IRQMSIX); !errors.Is(err, errno.ENOSPC) && !errors.Is(err, errno.EEXIST) {
			t.Errorf("three vectors of a domain that refuses the third: %v", err)
		}
		if n, err := pci.AllocIRQVectors(c, dev, 2, 2, pci.IRQMSIX); n != 2 || err != nil {
			t.Errorf("two vectors: %d, %v", n, err)
		}
		pci.FreeIRQVectors(c, dev)
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.Interrupts()); n != before {
		t.Errorf("%d interrupts before, and %d when all was given back", before, n)
	}
}
