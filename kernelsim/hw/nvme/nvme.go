// Package nvme is an NVMe-like controller.
package nvme

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/sim"
)

type Config struct {
	Queues  int      // I/O queues that it grants; 0: 4
	Entries int      // MSI-X entries; 0: Queues+1
	Latency sim.Time // from doorbell to completion; 0: 10 µs
}
type Device struct{ *pcie.Func }

func New(eng *sim.Engine, b *bus.Bus, bdf pcie.BDF, cfg Config) *Device {
	return &Device{Func: pcie.NewFunc(b, bdf, pcie.Header{Name: "nvme"})}
}
