package machine_test

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/i8259/i8259reg"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
)

// TestBareCPUs: 256 processors have their APICs, each with its number as ID.
func TestBareCPUs(t *testing.T) {
	m, err := machine.BootBare(machine.BareConfig{CPUs: 256})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for n := range 256 {
		if id := m.Core(n).ReadPhys(0xfee00020, 4) >> 24; id != uint64(n) {
			t.Errorf("CPU %d reads the ID %d", n, id)
		}
	}
	if _, err := machine.BootBare(machine.BareConfig{CPUs: 257}); err == nil || !strings.Contains(err.Error(), "1 to 256") {
		t.Errorf("257 CPUs: %v", err)
	}
}

// A broken part panics when it is asked.
type broken struct{ lapicreg.Arbiter }

func (broken) Accept(v uint8, level bool)               { panic("still to write: Accept") }
func (broken) Deliverable(tpr uint8) (v uint8, ok bool) { return 0, false }
func (broken) PPR(tpr uint8) uint8                      { return 0 }
func (broken) State() (irr, isr, tmr lapicreg.Set)      { return }
func (broken) Reset()                                   {}

// TestBarePanic: a part that panics ends the machine with a report, whether
// the bench was acting or time was passing.
func TestBarePanic(t *testing.T) {
	boot := func() *machine.Machine {
		m, err := machine.BootBare(machine.BareConfig{CPUs: 1}, machine.WithArbiter(func() lapicreg.Arbiter { return broken{} }))
		if err != nil {
			t.Fatal(err)
		}
		m.Core(0).WritePhys(0xfee000f0, 4, 0x1ff)
		return m
	}
	check := func(where string, err error) {
		var r *oops.Report
		if !errors.As(err, &r) || !strings.Contains(r.Title, "still to write: Accept") || !strings.Contains(r.Stack, "Accept") {
			t.Errorf("%s: %v", where, err)
		}
	}
	m := boot()
	defer m.Close()
	check("at the bench", m.Bench(func() { m.Board().MSI(0xfee00000, 0x40) }))
	m = boot()
	defer m.Close()
	m.Core(0).WritePhys(0xfee00320, 4, 0x30)
	m.Core(0).WritePhys(0xfee00380, 4, 16)
	check("in a run", m.Run(1000))
}

// TestBareParts: each replaceable part is the one that decides.
func TestBareParts(t *testing.T) {
	var called []string
	note := func(what string) { called = append(called, what) }
	m, err := machine.BootBare(machine.BareConfig{CPUs: 1},
		machine.WithPIC(acknowledger(note)), machine.WithEOIBroadcast(responder(note)),
		machine.WithMSIX(func(pcireg.Entries) pcireg.Vectors { return vectors{note} }))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	b := m.Board()
	if v := b.Bus.INTA(); v != 0x77 {
		t.Errorf("the acknowledge cycle gives %#x, want the part's 0x77", v)
	}
	b.IOAPIC.EOI(0x40)
	b.Functions()[0].MSIX().Notify(1)
	if got := strings.Join(called, " "); got != "pic eoi msix" {
		t.Errorf("the parts that were asked: %s", got)
	}
}

type acknowledger func(string)

func (f acknowledger) Ack(master, slave i8259reg.Chip) (uint8, bool) { f("pic"); return 0x77, false }

type responder func(string)

func (f responder) EOIBroadcast(ioapicreg.Table, uint8) { f("eoi") }

type vectors struct{ note func(string) }

func (v vectors) Notify(int)       { v.note("msix") }
func (v vectors) Clear(int)        {}
func (v vectors) EntryWritten(int) {}
func (v vectors) ControlWritten()  {}
func (v vectors) Pending(int) bool { return false }
func (v vectors) Reset()           {}

// TestBareNesting: the bench cannot nest without end.
func TestBareNesting(t *testing.T) {
	m, err := machine.BootBare(machine.BareConfig{CPUs: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	n := 0
	for err = m.Enter(0); err == nil && n < 10000; err = m.Enter(0) {
		n++
	}
	if err == nil || !strings.Contains(err.Error(), "iret first") {
		t.Errorf("after %d frames: %v", n, err)
	}
	if _, err := m.Boundary(0); err == nil {
		t.Error("a boundary took one more")
	}
	m.IRET(0)
	if err := m.Enter(0); err != nil {
		t.Errorf("after an IRET: %v", err)
	}
}
