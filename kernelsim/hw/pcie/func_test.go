package pcie

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/hw/bus"
)

func TestEvent(t *testing.T) {
	b := newBench(t, 3)
	b.entry(0, 0xfee0_0000, 0x30, 0)
	b.f.ConfigWrite(msiAt+4, 4, 0xfee0_1000)
	b.f.ConfigWrite(msiAt+12, 2, 0x40)
	event := func(k int, ok bool) {
		t.Helper()
		if err := b.f.Event(k); (err == nil) != ok {
			t.Errorf("event %d: %v", k, err)
		}
		if err := b.f.Satisfied(k); (err == nil) != ok {
			t.Errorf("satisfied %d: %v", k, err)
		}
	}
	b.f.Event(0)
	b.reads("neither enabled", pbaAt, 8, 1)
	b.f.Satisfied(0)
	b.reads("taken back", pbaAt, 8, 0)
	event(2, true)
	event(3, false)
	event(-1, false)
	b.msix(0x8000)
	event(0, true)
	b.want("MSI-X", "00:05.0 fee00000=30")
	b.f.ConfigWrite(msiAt+2, 2, 0x0051)
	event(0, true)
	b.want("both: MSI-X", "00:05.0 fee00000=30")
	b.msix(0)
	event(31, true)
	event(32, false)
	b.want("MSI", "00:05.0 fee01000=5f")
	b.f.ConfigWrite(msiAt+0x10, 4, 2)
	b.f.Event(1)
	b.cfg("MSI pending", msiAt+0x14, 4, 2)
	b.f.Satisfied(1)
	b.cfg("MSI taken back", msiAt+0x14, 4, 0)
	bare := NewFunc(b.bus, 0x30, Header{})
	if err := bare.Event(0); err == nil || err.Error() != "pcie: function 00:06.0 has neither MSI-X nor MSI: choose a function that has (info pci)" {
		t.Error(err)
	}
	if err := b.f.Event(40); err.Error() != "pcie: function 00:05.0 has 32 MSI messages: use 0 to 31, not 40" {
		t.Error(err)
	}
	b.f.ConfigWrite(msiAt+2, 2, 0)
	if err := b.f.Event(40); err.Error() != "pcie: function 00:05.0 has 3 MSI-X entries: use 0 to 2, not 40" {
		t.Error(err)
	}
	only := NewFunc(b.bus, 0x30, Header{})
	only.AddMSI(0x40, 0, false, false)
	if only.Event(0) != nil || only.Event(1) == nil || only.Satisfied(0) != nil {
		t.Error("a function with MSI alone")
	}
}

func TestDMA(t *testing.T) {
	b := newBench(t, 1)
	ram := bus.NewRAM(0x1000, 0x1000)
	mem, err := ram.Add(0x1000, 0x10)
	if err == nil {
		err = b.bus.Map("ram", 0x1000, 0x1000, ram, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !b.f.DMAWrite(0x1004, 2, 0x1234) || mem[4] != 0x34 || mem[5] != 0x12 || b.f.DMARead(0x1004, 4) != 0x1234 {
		t.Errorf("memory holds % x", mem)
	}
	b.f.ConfigWrite(4, 2, 0x0543)
	if b.f.DMAWrite(0x1004, 2, 0) || mem[4] != 0x34 || b.f.DMARead(0x1004, 4) != 0xffff_ffff {
		t.Error("without bus master the function reaches memory")
	}
}

func TestINTx(t *testing.T) {
	b := newBench(t, 1)
	b.f.SetINTx(true)
	b.f.SetINTx(true)
	b.want("asserted", "pin 1 true")
	b.cfg("status", 6, 2, 0x18)
	if !b.f.INTx() {
		t.Error("the pin is not high")
	}
	b.f.ConfigWrite(4, 2, 0x0406)
	b.want("forbidden", "pin 1 false")
	b.cfg("status while forbidden", 6, 2, 0x18)
	b.f.ConfigWrite(4, 2, 0x0006)
	b.want("allowed", "pin 1 true")
	b.msix(0x8000)
	b.want("MSI-X", "pin 1 false")
	b.msix(0)
	b.f.ConfigWrite(msiAt+2, 2, 1)
	b.f.SetINTx(false)
	b.f.SetINTx(true)
	b.want("MSI", "pin 1 true, pin 1 false")
	b.f.SetINTx(false)
	b.f.ConfigWrite(msiAt+2, 2, 0)
	b.want("deasserted", "")
	b.cfg("status", 6, 2, 0x10)
	none := NewFunc(b.bus, 0, Header{})
	none.SetINTx(true)
	if none.INTx() || none.ConfigRead(6, 2) != 0 {
		t.Error("a function without a pin asserts it")
	}
	alone := NewFunc(b.bus, 0, Header{Pin: 2})
	alone.SetINTx(true)
	if !alone.INTx() || alone.ConfigRead(6, 2) != 8 {
		t.Error("a function that is not attached has no pin")
	}
	var told []int
	four := NewFunc(b.bus, 0x30, Header{Pin: 4})
	b.root.Attach(four, func(pin int, high bool) { told = append(told, pin) })
	four.SetINTx(true)
	if fmt.Sprint(told) != "[4]" {
		t.Errorf("told of pins %v", told)
	}
}

func TestNoAllocation(t *testing.T) {
	b := bus.New()
	sent := 0
	b.OnMessage(func(bus.Message) { sent++ })
	f := NewFunc(b, 0x28, Header{Name: "x"})
	f.AddBAR(0, Memory32, 0x1_0000, nil)
	m := f.AddMSIX(0x40, 64, Place{}, Place{Off: 0x8000})
	msi := f.AddMSI(0x60, 5, true, true)
	f.ConfigWrite(0x10, 4, tableAt)
	f.ConfigWrite(4, 2, 6)
	f.ConfigWrite(0x42, 2, 0x8000)
	f.ConfigWrite(0x62, 2, 0x51)
	f.ConfigWrite(0x64, 4, 0xfee0_0000)
	b.Write(tableAt, 4, 0xfee0_0000)
	if n := testing.AllocsPerRun(100, func() {
		b.Write(tableAt+12, 4, 1)
		m.Notify(0)
		b.Write(tableAt+12, 4, 0)
		m.Notify(0)
		msi.Notify(3)
		f.ConfigWrite(0x42, 2, 0x8000)
	}); n != 0 || sent != 303 {
		t.Errorf("%v allocations, %d messages", n, sent)
	}
}

func BenchmarkNotify(bm *testing.B) {
	b := bus.New()
	b.OnMessage(func(bus.Message) {})
	f := NewFunc(b, 0x28, Header{Name: "x"})
	f.AddBAR(0, Memory32, 0x1_0000, nil)
	m := f.AddMSIX(0x40, 2048, Place{}, Place{Off: 0x8000})
	f.ConfigWrite(0x10, 4, tableAt)
	f.ConfigWrite(4, 2, 6)
	f.ConfigWrite(0x42, 2, 0x8000)
	b.Write(tableAt, 4, 0xfee0_0000)
	b.Write(tableAt+12, 4, 0)
	bm.ReportAllocs()
	for bm.Loop() {
		m.Notify(0)
	}
}

func BenchmarkMaskUnmask(bm *testing.B) {
	b := bus.New()
	b.OnMessage(func(bus.Message) {})
	f := NewFunc(b, 0x28, Header{Name: "x"})
	f.AddBAR(0, Memory32, 0x1_0000, nil)
	m := f.AddMSIX(0x40, 2048, Place{}, Place{Off: 0x8000})
	f.ConfigWrite(0x10, 4, tableAt)
	f.ConfigWrite(4, 2, 6)
	f.ConfigWrite(0x42, 2, 0x8000)
	b.Write(tableAt, 4, 0xfee0_0000)
	bm.ReportAllocs()
	for bm.Loop() {
		b.Write(tableAt+12, 4, 1)
		m.Notify(0)
		b.Write(tableAt+12, 4, 0)
	}
}
