package machine

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
)

// The acts of the bench that only a bare machine allows: where a kernel runs,
// its cores acknowledge and take by themselves.

// Boundary lets an instruction of processor n end: what the core takes then, a
// vector, nmi or none.
func (m *Machine) Boundary(n int) (string, error) {
	c := m.bare[n]
	if c.deep() {
		return "", errDeep
	}
	return c.boundary(), nil
}

// errDeep refuses one more frame.
var errDeep = fmt.Errorf("%d frames lie on the stack: iret first", framesKept)

// Enter is an exception or an INT n of processor n, through an interrupt gate.
func (m *Machine) Enter(n int) error {
	if m.bare[n].deep() {
		return errDeep
	}
	m.bare[n].enter()
	return nil
}

// IRET is the instruction on processor n.
func (m *Machine) IRET(n int) { m.bare[n].iret() }

// Halt is HLT on processor n.
func (m *Machine) Halt(n int) { m.bare[n].halts = true }

// TakeSignals is what went straight to core n since the last call.
func (m *Machine) TakeSignals(n int) string { return m.bare[n].takeSignals() }

// Acknowledge is the acknowledge cycle of core n: the vector that is in
// service now; ok is false if the APIC offered none.
func (m *Machine) Acknowledge(n int) (v cpu.Vector, ok bool) {
	if _, ok := m.APIC(n).Pending(); !ok {
		return 0, false
	}
	return m.APIC(n).Acknowledge(), true
}

// AcknowledgeLate is the race that spurious vectors come from: the APIC has
// signaled its core, then TPR is written, then the core acknowledges.
func (m *Machine) AcknowledgeLate(n int, tpr uint8) (v cpu.Vector, ok bool) {
	a := m.APIC(n)
	if _, ok := a.Pending(); !ok {
		return 0, false
	}
	m.SetTPR(n, tpr)
	return a.Acknowledge(), true
}

// SetTPR writes the task priority register of processor n as the APIC's mode
// has it: in its page, or as an MSR.
func (m *Machine) SetTPR(n int, v uint8) {
	if a := m.APIC(n); !a.WriteMSR(msrTPR, uint64(v)) {
		a.MMIOWrite(offTPR, 4, uint64(v))
	}
}

// TPR is the task priority register of processor n, PPR the processor's.
func (m *Machine) TPR(n int) uint8 { return m.apicByte(n, offTPR) }

// PPR is the processor priority register of processor n.
func (m *Machine) PPR(n int) uint8 { return m.apicByte(n, offPPR) }

// apicByte reads a register of the APIC in whichever mode it is; 0 while it is
// disabled.
func (m *Machine) apicByte(n int, off uint32) uint8 {
	if m.board == nil {
		return 0
	}
	a := m.APIC(n)
	if v, ok := a.ReadMSR(0x800 + off>>4); ok {
		return uint8(v)
	}
	if base, ok := a.ReadMSR(msrAPICBase); ok && base&apicEnabled != 0 {
		return uint8(a.MMIORead(off, 4))
	}
	return 0
}

// Registers of the local APIC that the bench reads by itself.
const (
	msrAPICBase = 0x1b
	msrTPR      = 0x808
	apicEnabled = 1 << 11
	offTPR      = 0x80
	offPPR      = 0xa0
)

// BareState is a bare core as cpu N state prints it.
type BareState struct{ IF, NMIBlocked, Halted, Waits bool }

// BareState looks at bare core n.
func (m *Machine) BareState(n int) BareState {
	c := m.bare[n]
	return BareState{IF: c.Events.IF, NMIBlocked: c.NMIBlocked, Halted: c.halts, Waits: c.waits}
}
