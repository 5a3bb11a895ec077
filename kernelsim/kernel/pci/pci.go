// Package pci models the kernel's PCI core (drivers/pci, arch/x86/pci): access
// to configuration space, the scan of bus 0, what a driver does to a function
// before it may use it, and the interrupts that it gets for its messages.
package pci

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
)

// A Config is what firmware's tables tell of the board: ACPI's MCFG, _CRS of
// the host bridge, its interrupt links and its routing table.
type Config struct {
	MMConfig bus.Addr // MCFG: configuration space in memory; 0: none
	Windows  []Window // _CRS
	Links    []Link   // PNP0C0F devices, in the order of the namespace
	// Route is _PRT: the link that a pin leads to, and the GSI behind it.
	// fixed is false for a link whose route is in a register; ok is false for
	// a pin without an entry.
	Route func(b pcie.BDF, pin int) (link int, ok bool)
	// Router is the ISA bridge whose registers hold the routes.
	Router pcie.BDF
	NoMSI  bool // pci=nomsi
	// Remap is the level through which messages go (iommu->ir_domain); nil:
	// straight to the local APICs.
	Remap *irq.Domain
	// Domain replaces the operations of the domain PCI-MSI; nil: the default.
	Domain irqabi.Domain
}

// A Window is a range of addresses that the host bridge passes on.
type Window struct {
	Start, End uint64
	IO         bool
}

// A Link models struct acpi_pci_link (drivers/acpi/pci_link.c): an interrupt
// that several pins share.
type Link struct {
	Name     string // LNKA
	IRQ      int    // as firmware left it
	Register uint16 // of the router; 0: hardwired
}

// A Dev models struct pci_dev (include/linux/pci.h).
type Dev struct {
	BDF                  pcie.BDF
	Vendor, Device       uint16
	SubVendor, SubDevice uint16
	Class                uint32
	Revision, Pin        uint8
	MultiFunction        bool
	IRQ                  int // dev->irq: the pin's, from the Interrupt Line at first
	ConfigSize           int
	Resources            [6]Resource
	Claimed              []Resource // ranges that no address register tells of
	MSICap, MSIXCap      uint16
	PMCap, ExpressCap    uint16
	Driver               string // of whoever has claimed it
	Enabled              int    // enable_cnt
	BusMaster            bool
	MSIEnabled           bool
	MSIXEnabled          bool
	Node                 int // dev_to_node
	drv                  Driver
	msi                  []*msiDesc
	msixAt               bus.Addr // msix_base
}

// state is what the PCI core keeps.
type state struct {
	cfg     Config
	devs    []*Dev
	enabled []bool // of the links
	msi     irq.Domain
}

var shared = percpu.Shared[state]("pci")

var configLock = lock.Define("pci_config_lock")

// Devs lists the functions in the order in which they were found
// (for_each_pci_dev).
func Devs(c *cpu.CPU) []*Dev { return shared.Of(c).devs }

// Find models pci_get_domain_bus_and_slot; nil if there is none.
func Find(c *cpu.CPU, b pcie.BDF) *Dev {
	for _, d := range shared.Of(c).devs {
		if d.BDF == b {
			return d
		}
	}
	return nil
}
