// Package enaabi holds what the network card and its driver share: the
// identity, the registers in BAR0 and their layouts (Linux:
// drivers/net/ethernet/amazon/ena/ena_regs_defs.h). Nothing here acts.
package enaabi

import "bothhalves/kernelsim/reg"

// The card's identity (ena_pci_id_tbl.h).
const (
	Vendor = 0x1d0f // PCI_VENDOR_ID_AMAZON
	Device = 0xec20 // PCI_DEV_ID_ENA_VF
)

// The BARs (ENA_REG_BAR and ENA_MEM_BAR, ena_netdev.h). MSI-X has one of its
// own, whose number the capability tells.
const (
	RegisterBAR = 0
	MemoryBAR   = 2
)

// Registers in BAR0 (ENA_REGS_VERSION_OFF and the names after it).
const (
	Version           = 0x00
	ControllerVersion = 0x04
	Caps              = 0x08
	CapsExt           = 0x0c
	AQBaseLo          = 0x10
	AQBaseHi          = 0x14
	AQCaps            = 0x18
	ACQBaseLo         = 0x20
	ACQBaseHi         = 0x24
	ACQCaps           = 0x28
	AQDoorbell        = 0x2c
	ACQTail           = 0x30
	AENQCaps          = 0x34
	AENQBaseLo        = 0x38
	AENQBaseHi        = 0x3c
	AENQHeadDoorbell  = 0x40
	AENQTail          = 0x44
	IntrMask          = 0x4c
	DevCtl            = 0x54
	DevSts            = 0x58
	MMIORegRead       = 0x5c
	MMIORespLo        = 0x60
	MMIORespHi        = 0x64
	RSSEntryUpdate    = 0x68
	RegistersEnd      = 0x6c
)

// VersionLayout is the layout of ENA_REGS_VERSION.
func VersionLayout() reg.Layout {
	return reg.Layout{reg.Number("minor", 7, 0), reg.Number("major", 15, 8)}
}

// ControllerVersionLayout is the layout of ENA_REGS_CONTROLLER_VERSION.
func ControllerVersionLayout() reg.Layout {
	return reg.Layout{
		reg.Number("subminor", 7, 0),
		reg.Number("minor", 15, 8),
		reg.Number("major", 23, 16),
		reg.Number("implementation", 31, 24),
	}
}

// CapsLayout is the layout of ENA_REGS_CAPS.
func CapsLayout() reg.Layout {
	return reg.Layout{
		reg.Flag("contiguous", 0).Noted("a queue must be physically contiguous"),
		reg.Number("reset-timeout", 5, 1).Noted("in units of 100 ms"),
		reg.Number("dma-width", 15, 8).Noted("bits of an address"),
		reg.Number("admin-timeout", 19, 16).Noted("in units of 100 ms; 0: the driver's default"),
	}
}

// QueueCapsLayout is the layout of ENA_REGS_AQ_CAPS, ENA_REGS_ACQ_CAPS and
// ENA_REGS_AENQ_CAPS.
func QueueCapsLayout() reg.Layout {
	return reg.Layout{reg.Number("depth", 15, 0), reg.Number("entry-size", 31, 16).Noted("in bytes")}
}

// IntrMaskLayout is the layout of ENA_REGS_INTR_MASK.
func IntrMaskLayout() reg.Layout {
	return reg.Layout{reg.Flag("admin-masked", 0).Noted("the driver polls for admin completions")}
}

// DevCtlLayout is the layout of ENA_REGS_DEV_CTL.
func DevCtlLayout() reg.Layout {
	return reg.Layout{
		reg.Flag("reset", 0),
		reg.Flag("aq-restart", 1),
		reg.Flag("quiescent", 2),
		reg.Flag("io-resume", 3),
		reg.Number("reset-reason", 31, 28),
	}
}

// DevStsLayout is the layout of ENA_REGS_DEV_STS.
func DevStsLayout() reg.Layout {
	return reg.Layout{
		reg.Flag("ready", 0),
		reg.Flag("aq-restart-in-progress", 1),
		reg.Flag("aq-restart-finished", 2),
		reg.Flag("reset-in-progress", 3),
		reg.Flag("reset-finished", 4),
		reg.Flag("fatal-error", 5),
		reg.Flag("quiescent-in-progress", 6),
		reg.Flag("quiescent-achieved", 7),
	}
}

// MMIORegReadLayout is the layout of ENA_REGS_MMIO_REG_READ.
func MMIORegReadLayout() reg.Layout {
	return reg.Layout{reg.Number("request", 15, 0), reg.Number("offset", 31, 16)}
}
