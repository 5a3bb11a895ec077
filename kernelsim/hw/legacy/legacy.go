// Package legacy is a level-triggered device behind INTx.
package legacy

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
)

// Registers in BAR0 (4 KiB).
const (
	Cause = 0x00 // write one to clear
	Mask  = 0x04 // 1: cause does not reach the pin
	Raise = 0x08 // write: sets causes, for software tests
)

type Device struct{ *pcie.Func }

func New(b *bus.Bus, bdf pcie.BDF, pin uint8) *Device {
	return &Device{Func: pcie.NewFunc(b, bdf, pcie.Header{Name: "legacy"})}
}
func (d *Device) Raise(cause uint32) {}
