package cpu_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
)

// offer is an interrupt controller that offers one vector, or none.
type offer int

func (o offer) Pending() (cpu.Vector, bool) { return cpu.Vector(o), o >= 0 }
func (o offer) Acknowledge() cpu.Vector     { return cpu.Vector(o) }

const nothing offer = -1

// Of what waits the most urgent is taken first (SDM volume 3, "Priority Among
// Simultaneous Exceptions and Interrupts").
func TestEventPriority(t *testing.T) {
	e := cpu.Events{IF: true}
	e.Interrupt()
	e.ExtINT()
	e.NMI()
	e.INIT()
	e.SMI()
	for _, want := range []cpu.Event{cpu.SMIEvent, cpu.InitEvent, cpu.NMIEvent, cpu.ExtIntr, cpu.FixedIntr} {
		if got := e.Next(offer(0x40)); got != want {
			t.Fatalf("next event %d, want %d", got, want)
		}
		if !e.Waiting() {
			t.Fatal("an event is next although nothing waits")
		}
		e.Take(want)
	}
}

func TestMaskingByIF(t *testing.T) {
	var e cpu.Events
	e.Interrupt()
	e.ExtINT()
	if got := e.Next(offer(0x40)); got != cpu.NoEvent || e.Waiting() {
		t.Errorf("with IF clear: event %d, waiting=%v", got, e.Waiting())
	}
	e.NMI()
	if got := e.Next(offer(0x40)); got != cpu.NMIEvent {
		t.Errorf("with IF clear an NMI is not next but %d", got)
	}
	e.ClearExtINT()
	e.Take(cpu.NMIEvent)
	e.IRET(true)
	if got := e.Next(nothing); got != cpu.NoEvent || e.Waiting() {
		t.Errorf("an APIC that offers nothing: event %d, waiting=%v", got, e.Waiting())
	}
}

// While an NMI is handled the next one waits, the third is the same as the
// second, and any IRET opens the door (SDM, "Handling Multiple NMIs").
func TestNMIBlocking(t *testing.T) {
	var e cpu.Events
	e.NMI()
	e.Take(cpu.NMIEvent)
	e.NMI()
	e.NMI()
	if got := e.Next(nothing); got != cpu.NoEvent {
		t.Fatalf("inside the handler: event %d", got)
	}
	e.IRET(false)
	if got := e.Next(nothing); got != cpu.NMIEvent {
		t.Fatalf("after the IRET: event %d", got)
	}
	e.Take(cpu.NMIEvent)
	e.IRET(false)
	if got := e.Next(nothing); got != cpu.NoEvent || e.Waiting() {
		t.Errorf("two NMIs during a handler gave two more: event %d", got)
	}
}

func TestSTIShadow(t *testing.T) {
	var e cpu.Events
	e.Interrupt()
	e.STI()
	if got := e.Next(offer(0x40)); got != cpu.NoEvent || !e.IF {
		t.Errorf("in the shadow: event %d, IF=%v", got, e.IF)
	}
	e.Retire()
	if got := e.Next(offer(0x40)); got != cpu.FixedIntr {
		t.Errorf("behind the shadow: event %d", got)
	}
	e.STI() // IF was set: no shadow
	if got := e.Next(offer(0x40)); got != cpu.FixedIntr {
		t.Errorf("STI with IF set casts a shadow: event %d", got)
	}
	e.CLI()
	e.STI()
	e.CLI()
	if e.IF || e.Shadow || e.Next(offer(0x40)) != cpu.NoEvent {
		t.Error("CLI in the shadow leaves something")
	}
	e.STI()
	e.SMI()
	if e.Next(nothing) != cpu.SMIEvent {
		t.Error("the shadow holds an SMI back")
	}
}

// An interrupt gate clears IF, a trap gate leaves it, IRET restores what was.
func TestGatesAndIF(t *testing.T) {
	for _, was := range []bool{false, true} {
		for gate, want := range map[gatereg.GateType]bool{gatereg.InterruptGate: false, gatereg.TrapGate: was} {
			e := cpu.Events{IF: was}
			if saved := e.Enter(gate); saved != was || e.IF != want {
				t.Errorf("%v with IF=%v: saved %v, IF=%v inside, want %v", gate, was, saved, e.IF, want)
			}
			if e.IRET(was); e.IF != was {
				t.Errorf("%v: IF=%v after IRET, was %v", gate, e.IF, was)
			}
		}
	}
}

func TestReset(t *testing.T) {
	e := cpu.Events{IF: true, NMIBlocked: true}
	e.NMI()
	e.Reset()
	if e != (cpu.Events{}) {
		t.Errorf("after reset %+v", e)
	}
}

// What comes of two exceptions (SDM, table of the section on #DF).
func TestCombine(t *testing.T) {
	for _, x := range []struct {
		first, second cpu.Class
		want          cpu.Combined
	}{
		{cpu.Benign, cpu.Benign, cpu.Serial}, {cpu.Benign, cpu.Contributory, cpu.Serial}, {cpu.Benign, cpu.PageFault, cpu.Serial},
		{cpu.Contributory, cpu.Benign, cpu.Serial}, {cpu.Contributory, cpu.Contributory, cpu.Double}, {cpu.Contributory, cpu.PageFault, cpu.Serial},
		{cpu.PageFault, cpu.Benign, cpu.Serial}, {cpu.PageFault, cpu.Contributory, cpu.Double}, {cpu.PageFault, cpu.PageFault, cpu.Double},
		{cpu.DoubleFault, cpu.Contributory, cpu.Shutdown}, {cpu.DoubleFault, cpu.PageFault, cpu.Shutdown}, {cpu.DoubleFault, cpu.Benign, cpu.Serial},
	} {
		if got := cpu.Combine(x.first, x.second); got != x.want {
			t.Errorf("class %d during class %d: %d, want %d", x.second, x.first, got, x.want)
		}
	}
}

func TestClassesAndErrorCodes(t *testing.T) {
	for v := range cpu.Vector(32) {
		class, code := cpu.Benign, false
		switch v {
		case 0, 10, 11, 12, 13, 21:
			class = cpu.Contributory
		case 14, 20:
			class = cpu.PageFault
		case 8:
			class = cpu.DoubleFault
		}
		switch v {
		case 8, 10, 11, 12, 13, 14, 17, 21, 29, 30:
			code = true
		}
		if cpu.ClassOf(v) != class || cpu.HasErrorCode(v) != code {
			t.Errorf("vector %d: class %d code %v, want %d %v", v, cpu.ClassOf(v), cpu.HasErrorCode(v), class, code)
		}
	}
}
