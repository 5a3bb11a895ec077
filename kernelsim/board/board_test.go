package board

import (
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/sim"
)

// A probe is a core that notes what its APIC tells it.
type probe struct{ told []string }

func (p *probe) Interrupt()         { p.told = append(p.told, "intr") }
func (p *probe) NMI()               { p.told = append(p.told, "nmi") }
func (p *probe) SMI()               { p.told = append(p.told, "smi") }
func (p *probe) INIT()              { p.told = append(p.told, "init") }
func (p *probe) StartUp(page uint8) { p.told = append(p.told, "startup") }
func (p *probe) ExtINT()            { p.told = append(p.told, "extint") }

// newBoard wires a board to n probes and switches their APICs on.
func newBoard(t testing.TB, n int, cfg Config) (*Board, []*probe) {
	t.Helper()
	var probes []*probe
	var cores []cpu.Signals
	for range n {
		p := &probe{}
		probes, cores = append(probes, p), append(cores, p)
	}
	b, err := New(sim.New(n), cores, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range b.APICs {
		a.MMIOWrite(0xf0, 4, 0x1ff)
	}
	b.TakeLog()
	return b, probes
}

// redirect writes a redirection entry.
func (b *Board) redirect(pin int, low uint32) {
	b.Bus.Write(ioapicreg.Base, 4, uint64(0x10+2*pin))
	b.Bus.Write(ioapicreg.Base+0x10, 4, uint64(low))
}

// pending is the vector that CPU 0 is offered, 0 if none.
func (b *Board) pending() int {
	v, _ := b.APICs[0].Pending()
	return int(v)
}

// TestISALines: each ISA interrupt reaches both controllers, the timer pin 2.
func TestISALines(t *testing.T) {
	for irq := range 16 {
		b, _ := newBoard(t, 1, Config{Machine: Bare})
		pin := irq
		if irq == 0 {
			pin = 2
		}
		b.redirect(pin, uint32(0x40+irq))
		b.ISALine(irq, true)
		want := 0x40 + irq
		if irq == 2 {
			want = 0 // the cascade is no line
		}
		if got := b.pending(); got != want {
			t.Errorf("ISA interrupt %d: vector %#x, want %#x", irq, got, want)
		}
		seen := strings.Contains(b.PIC.Dump(), "irr=00") && strings.Count(b.PIC.Dump(), "irr=00") == 2
		if seen != (irq == 2) {
			t.Errorf("ISA interrupt %d: the 8259A pair has\n%s", irq, b.PIC.Dump())
		}
	}
}

// TestVirtualWire: the 8259A pair's output reaches LINT0 of every CPU, and pin
// 0 of the IOAPIC.
func TestVirtualWire(t *testing.T) {
	b, probes := newBoard(t, 2, Config{Machine: Bare})
	b.APICs[1].MMIOWrite(0x350, 4, 0x700)
	b.redirect(0, 0x41)
	for _, w := range [][2]uint32{{0x20, 0x11}, {0x21, 0x30}, {0x21, 4}, {0x21, 1}} {
		b.Bus.Out(uint16(w[0]), 1, w[1])
	}
	b.ISALine(1, true)
	if !slices.Contains(probes[1].told, "extint") || slices.Contains(probes[0].told, "extint") {
		t.Errorf("the cores were told %v and %v, want extint for CPU 1 alone", probes[0].told, probes[1].told)
	}
	if got := b.pending(); got != 0x41 {
		t.Errorf("pin 0 of the IOAPIC sent %#x, want 0x41", got)
	}
	if v := b.Bus.INTA(); v != 0x31 {
		t.Errorf("the acknowledge cycle gives %#x, want 0x31", v)
	}
}

// TestINTx: a function's pin leads to the interrupts that the boards have
// them at, and stays asserted while any function that shares it wants.
func TestINTx(t *testing.T) {
	for _, tt := range []struct {
		machine string
		dev     int
		pin     int
		gsi     int
	}{
		{PC, 2, 1, 10}, {PC, 3, 1, 11}, {PC, 4, 1, 11}, {PC, 5, 1, 10}, {PC, 2, 2, 11}, {PC, 5, 4, 11}, {PC, 5, 2, 10},
		{Q35, 1, 1, 21}, {Q35, 2, 1, 22}, {Q35, 4, 1, 20}, {Q35, 24, 4, 23}, {Q35, 30, 1, 16}, {Q35, 30, 4, 19},
	} {
		b, _ := newBoard(t, 1, Config{Machine: tt.machine})
		bdf := pcie.MakeBDF(0, tt.dev, 0)
		b.redirect(tt.gsi, 0x8050)
		drive, other := b.intx(bdf), b.intx(bdf)
		drive(tt.pin, true)
		if got := b.pending(); got != 0x50 || b.GSI(bdf, tt.pin) != tt.gsi {
			t.Errorf("%s device %d pin %d: vector %#x, GSI %d; want 0x50 by pin %d", tt.machine, tt.dev, tt.pin, got, b.GSI(bdf, tt.pin), tt.gsi)
		}
		other(tt.pin, true)
		other(tt.pin, true)
		other(tt.pin, false)
		b.APICs[0].Acknowledge()
		b.APICs[0].MMIOWrite(0xb0, 4, 0)
		if got := b.pending(); got != 0x50 {
			t.Errorf("%s device %d: after EOI the line is still asserted, and %#x came", tt.machine, tt.dev, got)
		}
		drive(tt.pin, false)
		b.APICs[0].Acknowledge()
		b.APICs[0].MMIOWrite(0xb0, 4, 0)
		if got := b.pending(); got != 0 {
			t.Errorf("%s device %d: the line is released, and %#x came", tt.machine, tt.dev, got)
		}
	}
}

// TestRoutePIRQ: an asserted line moves with its route.
func TestRoutePIRQ(t *testing.T) {
	b, _ := newBoard(t, 1, Config{Machine: PC})
	bdf := pcie.MakeBDF(0, 2, 0)
	b.redirect(5, 0x8055)
	b.intx(bdf)(1, true)
	if b.pending() != 0 {
		t.Fatalf("interrupt 5 came before the route led there")
	}
	b.PCI.ConfigWrite(pcie.MakeBDF(0, 1, 0), 0x61, 1, 5)
	if got := b.pending(); got != 0x55 {
		t.Errorf("PIRQB now leads to 5: vector %#x, want 0x55", got)
	}
}

// TestRefusals: what cannot be built is refused with what to choose.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		cpus int
		cfg  Config
		want string
	}{
		{1, Config{Machine: "mac"}, "board mac: choose bare, pc or q35"},
		{0, Config{Machine: Bare}, "0 CPUs: a board has 1 to 256"},
		{257, Config{Machine: Bare}, "257 CPUs: a board has 1 to 256"},
		{1, Config{Machine: Bare, MSIX: 2049}, "2049 MSI-X entries"},
		{1, Config{Machine: Bare, IOAPICVersion: 0x12}, "IOAPIC version 0x12"},
		{1, Config{Machine: PC, Devices: []Device{{Kind: "lpt"}}}, "device lpt: no such kind"},
		{1, Config{Machine: PC, Devices: []Device{{Kind: "msix", BDF: pcie.MakeBDF(0, 1, 0)}}}, "there is a function 00:01.0 already"},
	} {
		_, err := New(sim.New(max(tt.cpus, 1)), make([]cpu.Signals, tt.cpus), tt.cfg)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%d CPUs, %+v: %v, want %s", tt.cpus, tt.cfg, err, tt.want)
		}
	}
}

// TestLog: messages in the order in which they were sent, devices' as they
// were written, then none; of too many the latest.
func TestLog(t *testing.T) {
	b, _ := newBoard(t, 2, Config{Machine: Bare})
	b.MSI(0xfee0_100c, 0x4162)
	b.APICs[0].MMIOWrite(0x310, 4, 1<<24)
	b.APICs[0].MMIOWrite(0x300, 4, 0x4051)
	b.APICs[1].MMIOWrite(0x300, 4, 0xc0052)
	b.redirect(4, 0x63)
	b.IOAPIC.SetPin(4, true)
	want := []string{
		"msi dest=0x01 mode=logical delivery=lowest vector=0x62 trigger=edge addr=0xfee0100c data=0x00004162",
		"lapic0 dest=0x01 mode=physical delivery=fixed vector=0x51 trigger=edge addr=0xfee01000 data=0x00000051",
		"lapic1 dest=0x00 mode=physical delivery=fixed vector=0x52 trigger=edge shorthand=all",
		"ioapic0 dest=0x00 mode=physical delivery=fixed vector=0x63 trigger=edge addr=0xfee00000 data=0x00000063",
	}
	if got := b.TakeLog(); !slices.Equal(got, want) {
		t.Errorf("the log is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := b.TakeLog(); got != nil {
		t.Errorf("taken, it has %q", got)
	}
	for range logKept + 3 {
		b.MSI(0xfee0_0000, 0x40)
	}
	if got := b.TakeLog(); len(got) != logKept+1 || got[0] != "… 3 older messages were not kept" {
		t.Errorf("of too many it keeps %d lines, first %q", len(got), got[0])
	}
}

// TestEvents: a wish goes by the way that software has enabled.
func TestEvents(t *testing.T) {
	at := func(dev int) pcie.BDF { return pcie.MakeBDF(0, dev, 0) }
	b, _ := newBoard(t, 1, Config{Machine: PC, Devices: []Device{
		{Kind: "legacy", BDF: at(2)}, {Kind: "e1000e", BDF: at(4)}, {Kind: "msix", BDF: at(5)}}})
	b.redirect(10, 0x8050)
	b.redirect(11, 0x8051)
	legacyBAR, _, _ := b.PCI.Func(at(2)).BAR(0)
	send := func(bdf pcie.BDF, k int, satisfied bool) {
		t.Helper()
		if err := b.Event(bdf, k, satisfied); err != nil {
			t.Error(err)
		}
	}
	lines := func(want string) {
		t.Helper()
		if dump := b.IOAPIC.Dump(); !strings.Contains(dump, "  IRR      "+want+"\n") {
			t.Errorf("the IOAPIC's lines are to be %q:\n%s", want, dump)
		}
	}
	send(at(2), 3, false)
	lines("(none)") // all causes are masked
	b.Bus.Write(legacyBAR+4, 4, 0)
	lines("10 ")
	send(at(4), 0, false)
	lines("10 11 ")
	send(at(2), 3, true)
	lines("11 ")
	send(at(4), 0, true)
	lines("(none)")
	send(at(5), 1, false)
	if m := b.PCI.Func(at(5)).MSIX(); !m.Pending(1) {
		t.Error("a function without a pin keeps what MSI-X may not send yet pending")
	}
	send(at(5), 1, true)
	for bdf, k := range map[pcie.BDF]int{at(2): 32, at(5): 4, at(6): 0, at(0): 0} {
		if err := b.Event(bdf, k, false); err == nil {
			t.Errorf("event %s %d was taken", bdf, k)
		}
	}
}

// TestAllocations: a message from a device through the log into an IRR, its
// acknowledge and its EOI allocate nothing.
func TestAllocations(t *testing.T) {
	b, probes := newBoard(t, 1, Config{Machine: Bare})
	f := b.PCI.Func(bareBDF)
	b.Bus.Write(bareTable, 4, uint64(bus.MessageBase))
	b.Bus.Write(bareTable+8, 4, 0x40)
	b.Bus.Write(bareTable+12, 4, 0)
	f.ConfigWrite(0x42, 2, 0x8000)
	probes[0].told = make([]string, 0, 1000)
	if n := testing.AllocsPerRun(200, func() {
		f.MSIX().Notify(0)
		b.APICs[0].Acknowledge()
		b.APICs[0].MMIOWrite(0xb0, 4, 0)
	}); n != 0 {
		t.Errorf("%v allocations per interrupt", n)
	}
	if len(probes[0].told) < 200 {
		t.Errorf("the core heard of %d interrupts", len(probes[0].told))
	}
}

// BenchmarkMSIX is one interrupt from a function's event to EOI.
func BenchmarkMSIX(b *testing.B) {
	board, probes := newBoard(b, 1, Config{Machine: Bare})
	f := board.PCI.Func(bareBDF)
	board.Bus.Write(bareTable, 4, uint64(bus.MessageBase))
	board.Bus.Write(bareTable+8, 4, 0x40)
	board.Bus.Write(bareTable+12, 4, 0)
	f.ConfigWrite(0x42, 2, 0x8000)
	b.ReportAllocs()
	for b.Loop() {
		probes[0].told = probes[0].told[:0]
		f.MSIX().Notify(0)
		board.APICs[0].Acknowledge()
		board.APICs[0].MMIOWrite(0xb0, 4, 0)
	}
}
