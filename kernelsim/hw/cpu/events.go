package cpu

import "bothhalves/kernelsim/hw/cpu/gatereg"

// Events is the part of a core that decides what it takes at an instruction
// boundary: the interrupt flag, NMI blocking, and what waits (Intel SDM volume
// 3, "Priority Among Simultaneous Exceptions and Interrupts", "Masking
// Interrupts", "Handling Multiple NMIs"). It takes nothing by itself: who owns
// it asks Next, and then does what an instruction stream would do.
type Events struct {
	IF         bool // RFLAGS.IF
	Shadow     bool // the instruction behind STI has not ended: nothing maskable, no NMI
	NMIBlocked bool // between the delivery of an NMI and the next IRET

	intr   bool // the local APIC may have something
	extint bool // the 8259A pair has something
	urgent bool // one of the three below waits
	nmi    bool // one NMI is remembered, never two
	smi    bool
	init   bool
}

// An Event is what a core takes at a boundary.
type Event uint8

// The events, the most urgent last.
const (
	NoEvent   Event = iota
	FixedIntr       // what the local APIC offers
	ExtIntr         // what the 8259A pair offers
	NMIEvent
	InitEvent
	SMIEvent
)

// Interrupt notes that INTR rose: the local APIC may offer a vector.
func (e *Events) Interrupt() { e.intr = true }

// ExtINT notes that the 8259A pair's output rose.
func (e *Events) ExtINT() { e.extint = true }

// ClearExtINT notes that the 8259A pair's output fell before it was answered.
func (e *Events) ClearExtINT() { e.extint = false }

// NMI notes an NMI. While one is blocked the next one waits, and a third is
// the same as the second.
func (e *Events) NMI() { e.nmi, e.urgent = true, true }

// SMI notes a system management interrupt.
func (e *Events) SMI() { e.smi, e.urgent = true, true }

// INIT notes an INIT.
func (e *Events) INIT() { e.init, e.urgent = true, true }

// poke makes Waiting report true until settle: the core has something of its
// own to do at the boundary.
func (e *Events) poke() { e.urgent = true }

// settle makes urgent say what waits.
func (e *Events) settle() { e.urgent = e.nmi || e.smi || e.init }

// Waiting reports whether anything at all may have to be taken now: the cheap
// question before Next.
func (e *Events) Waiting() bool { return e.urgent || (e.intr || e.extint) && e.IF }

// Next is what the core takes at this boundary, NoEvent if nothing. Of what
// may be taken the most urgent comes first: SMI, INIT, NMI, then the maskable
// ones. It changes nothing but the note of an APIC that offers nothing.
func (e *Events) Next(apic IntController) Event {
	switch {
	case e.smi:
		return SMIEvent
	case e.init:
		return InitEvent
	case e.Shadow:
		return NoEvent
	case e.nmi && !e.NMIBlocked:
		return NMIEvent
	case !e.IF:
		return NoEvent
	case e.extint:
		return ExtIntr
	case e.intr:
		if _, ok := apic.Pending(); ok {
			return FixedIntr
		}
		e.intr = false
	}
	return NoEvent
}

// Take removes an event that Next named.
func (e *Events) Take(ev Event) {
	switch ev {
	case SMIEvent:
		e.smi = false
	case InitEvent:
		e.init = false
	case NMIEvent:
		e.nmi, e.NMIBlocked = false, true
	case ExtIntr:
		e.extint = false
	}
	e.settle()
}

// Enter is what going through a gate does to IF; it returns the flag as it
// was, which the pushed RFLAGS holds.
func (e *Events) Enter(t gatereg.GateType) (was bool) {
	was = e.IF
	if t == gatereg.InterruptGate {
		e.IF = false
	}
	e.Shadow = false
	return was
}

// IRET loads IF from the frame and ends the blocking of NMIs. Any IRET does,
// also that of an exception inside the NMI's handler.
func (e *Events) IRET(was bool) { e.IF, e.NMIBlocked = was, false }

// STI sets IF. If it was clear, the instruction behind it still runs without
// being interrupted: Retire ends that.
func (e *Events) STI() {
	if !e.IF {
		e.Shadow = true
	}
	e.IF = true
}

// CLI clears IF.
func (e *Events) CLI() { e.IF, e.Shadow = false, false }

// Retire ends an instruction, and so the shadow of the STI before it.
func (e *Events) Retire() { e.Shadow = false }

// Reset is the state after power-on or INIT: IF clear, nothing waits.
func (e *Events) Reset() { *e = Events{} }
