package cpu

import "bothhalves/kernelsim/sim"

// The model specific registers that are the core's own; those of the local
// APIC stand in package lapicreg.
const (
	MSRTSC    = 0x10        // IA32_TIME_STAMP_COUNTER
	MSRGSBase = 0xc000_0101 // IA32_GS_BASE
)

// RDMSR is the instruction; ok is false where it raises #GP(0). Nothing is
// charged: kernel code that uses it spends cost.MSRAccess.
func (c *CPU) RDMSR(index uint32) (v uint64, ok bool) {
	switch {
	case index == MSRTSC:
		return c.TSC(), true
	case index == MSRGSBase:
		return c.GS.Base, true
	case c.APIC != nil && c.APIC.HasMSR(index):
		return c.APIC.ReadMSR(index)
	}
	return 0, false
}

// WRMSR is the instruction; ok is false where it raises #GP(0).
func (c *CPU) WRMSR(index uint32, v uint64) (ok bool) {
	if c.APIC != nil && c.APIC.HasMSR(index) {
		return c.APIC.WriteMSR(index, v)
	}
	return false
}

// TSC is the time stamp counter: it counts from power-on at a constant rate
// (invariant TSC), the same on all processors.
func (c *CPU) TSC() uint64 { return ticks(c.Now(), c.tscHz) }

// ticks is a time in periods of a clock of hz, without losing digits.
func ticks(t sim.Time, hz uint64) uint64 {
	whole, rest := uint64(t)/1e9, uint64(t)%1e9
	return whole*hz + rest*hz/1e9
}
