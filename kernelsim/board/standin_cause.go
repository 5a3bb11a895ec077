package board

import (
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A cause is where a stand-in tells why its pin is active, in the manner of
// the real device: a read takes it down, and the pin with it (Virtio 1.1,
// 4.1.4.5 "ISR status capability"; Intel 82574 datasheet, 10.2.4.1 "Interrupt
// Cause Read Register").
type cause struct {
	bar   int
	off   uint32
	value uint64
}

// causeRegion is a BAR with such a register and nothing else.
type causeRegion struct {
	cause
	f *pcie.Func
}

// Read answers an access; see bus.Region.
func (r *causeRegion) Read(off uint32, size int) uint64 {
	asserted := r.f.ConfigRead(pcireg.StatusReg, 2)&pcireg.StatusInterrupt != 0
	if off != r.off || !asserted {
		return 0
	}
	r.f.SetINTx(false)
	return r.value & (1<<(8*size) - 1)
}

// Write is ignored.
func (r *causeRegion) Write(uint32, int, uint64) {}

// region is what stands behind a BAR: nil, unless the cause is there.
func (s shape) region(n int, f *pcie.Func) *causeRegion {
	if s.cause == nil || s.cause.bar != n {
		return nil
	}
	return &causeRegion{*s.cause, f}
}
