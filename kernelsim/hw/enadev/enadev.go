// Package enadev is the network card of the cloud. So far it is its PCI shell:
// identity, BARs, MSI-X, and a register file whose registers hold their values
// after power-on. No queue works yet.
package enadev

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/enadev/enaabi"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/reg"
)

// Config says what a card is like.
type Config struct {
	Queues  int // queue pairs, 1 to 127; 0: 8. MSI-X has one entry more, for management
	Options []pcie.Option
}

// The shape of the recorded card: where things lie in its BARs.
const (
	registerBytes = 0x4000
	msixBAR       = 1
	msixBytes     = 0x2000
	msixPBA       = 0x1000
	msixCap       = 0x40
)

// A Device is a card.
type Device struct {
	*pcie.Func
	regs *reg.Map
}

// New makes a card (Linux finds it by ena_pci_tbl, ena_netdev.c).
func New(b *bus.Bus, bdf pcie.BDF, cfg Config) *Device {
	d := &Device{regs: registers()}
	d.Func = pcie.NewFunc(b, bdf, pcie.Header{
		Name:   "ena",
		Vendor: enaabi.Vendor, Device: enaabi.Device,
		SubVendor: enaabi.Vendor, SubDevice: enaabi.Device,
		Class:        0x020000, // Ethernet controller
		LatencyTimer: true,
	}, cfg.Options...)
	d.AddBAR(enaabi.RegisterBAR, pcie.Memory32, registerBytes, d.regs)
	d.AddBAR(msixBAR, pcie.Memory32, msixBytes, nil)
	d.AddMSIX(msixCap, entries(cfg.Queues), pcie.Place{BAR: msixBAR}, pcie.Place{BAR: msixBAR, Off: msixPBA})
	return d
}

// entries is the size of the MSI-X table for a number of queue pairs.
func entries(queues int) int {
	if queues == 0 {
		queues = 8
	}
	return queues + 1
}

// Registers is the card's register file (enaabi has the offsets).
func (d *Device) Registers() *reg.Map { return d.regs }

// Reset is a reset of the function (PCIe base specification, "Function Level
// Reset"): configuration space and registers are as after power-on.
func (d *Device) Reset() {
	d.Func.Reset()
	d.regs.Reset()
}

// Values after power-on, as recorded.
const (
	specVersion       = 0x0200     // 2.0
	controllerVersion = 0x00000001 // 0.0.1, implementation 0
	caps              = 0x0000303c // 48-bit addresses, 3 s for a reset
	ready             = 1
)

// registers lays out BAR0.
func registers() *reg.Map {
	return reg.Must(reg.New("ena", 4,
		readOnly(enaabi.Version, "VERSION", specVersion, enaabi.VersionLayout()),
		readOnly(enaabi.ControllerVersion, "CONTROLLER_VERSION", controllerVersion, enaabi.ControllerVersionLayout()),
		readOnly(enaabi.Caps, "CAPS", caps, enaabi.CapsLayout()),
		readOnly(enaabi.CapsExt, "CAPS_EXT", 0, nil),
		written(enaabi.AQBaseLo, "AQ_BASE_LO", nil),
		written(enaabi.AQBaseHi, "AQ_BASE_HI", nil),
		written(enaabi.AQCaps, "AQ_CAPS", enaabi.QueueCapsLayout()),
		reg.Gap(0x1c, 4),
		written(enaabi.ACQBaseLo, "ACQ_BASE_LO", nil),
		written(enaabi.ACQBaseHi, "ACQ_BASE_HI", nil),
		written(enaabi.ACQCaps, "ACQ_CAPS", enaabi.QueueCapsLayout()),
		written(enaabi.AQDoorbell, "AQ_DB", nil),
		readOnly(enaabi.ACQTail, "ACQ_TAIL", 0, nil),
		written(enaabi.AENQCaps, "AENQ_CAPS", enaabi.QueueCapsLayout()),
		written(enaabi.AENQBaseLo, "AENQ_BASE_LO", nil),
		written(enaabi.AENQBaseHi, "AENQ_BASE_HI", nil),
		written(enaabi.AENQHeadDoorbell, "AENQ_HEAD_DB", nil),
		readOnly(enaabi.AENQTail, "AENQ_TAIL", 0, nil),
		reg.Gap(0x48, 4),
		written(enaabi.IntrMask, "INTR_MASK", enaabi.IntrMaskLayout()),
		reg.Gap(0x50, 4),
		written(enaabi.DevCtl, "DEV_CTL", enaabi.DevCtlLayout()),
		readOnly(enaabi.DevSts, "DEV_STS", ready, enaabi.DevStsLayout()),
		written(enaabi.MMIORegRead, "MMIO_REG_READ", enaabi.MMIORegReadLayout()),
		written(enaabi.MMIORespLo, "MMIO_RESP_LO", nil),
		written(enaabi.MMIORespHi, "MMIO_RESP_HI", nil),
		written(enaabi.RSSEntryUpdate, "RSS_IND_ENTRY_UPDATE", nil),
		reg.Gap(enaabi.RegistersEnd, registerBytes-enaabi.RegistersEnd),
	))
}

// readOnly is a register that the device fills in, written one that the driver
// does.
func readOnly(off uint32, name string, reset uint64, l reg.Layout) reg.Register {
	return reg.Register{Offset: off, Name: name, Size: 4, Reset: reset, Layout: l}
}

func written(off uint32, name string, l reg.Layout) reg.Register {
	return reg.Register{Offset: off, Name: name, Size: 4, RW: 0xffff_ffff, Layout: l}
}

// ManagementEntry is the MSI-X entry of admin completions and events
// (ENA_MGMNT_IRQ_IDX); the entries after it belong to the queue pairs.
const ManagementEntry = 0
