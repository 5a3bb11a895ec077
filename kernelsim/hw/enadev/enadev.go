// Package enadev is the PCI shell of the network card.
package enadev

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
)

type Config struct {
	Queues int // MSI-X entries are Queues+1; 0: 8
}
type Device struct{ *pcie.Func }

func New(b *bus.Bus, bdf pcie.BDF, cfg Config) *Device {
	return &Device{Func: pcie.NewFunc(b, bdf, pcie.Header{Name: "ena"})}
}
