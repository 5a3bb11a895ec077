package machine

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/kernel/irq/affinity"
)

// MSIXParts are the replaceable parts of what the kernel writes into MSI-X
// tables. What is nil is the default. The part of the device itself is
// WithMSIX.
type MSIXParts struct {
	Compose ComposeMSI
	Spread  affinity.SpreadFunc
}

// A ComposeMSI makes the message that lets a processor's local APIC have a
// vector. It refuses a destination that no such message can name.
type ComposeMSI func(dest uint32, logical bool, v cpu.Vector) (addr uint64, data uint32, err error)

// WithComposeMSI replaces __irq_msi_compose_msg: what stands in the tables of
// devices.
func WithComposeMSI(f ComposeMSI) Part { return func(p *Parts) { p.MSIX.Compose = f } }

// WithDecodeMSI replaces what the board reads in a device's message, where no
// remapping unit reads it first. What f takes for no message goes nowhere.
func WithDecodeMSI(f func(bus.Message) (m lapicreg.Message, ok bool)) Part {
	return func(p *Parts) { p.Board.Decode = f }
}

// WithSpread replaces the dealing of CPUs to a device's vectors
// (irq_create_affinity_masks).
func WithSpread(f affinity.SpreadFunc) Part { return func(p *Parts) { p.MSIX.Spread = f } }
