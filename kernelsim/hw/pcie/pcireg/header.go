package pcireg

import "bothhalves/kernelsim/reg"

// Offsets in the type 0 header (Linux: PCI_VENDOR_ID and the names after it,
// include/uapi/linux/pci_regs.h; PCI local bus specification 3.0, 6.1).
const (
	VendorID       = 0x00
	DeviceID       = 0x02
	CommandReg     = 0x04
	StatusReg      = 0x06
	RevisionID     = 0x08
	ClassCode      = 0x09 // three bytes: interface, subclass, base class
	CacheLineSize  = 0x0c
	LatencyTimer   = 0x0d
	HeaderType     = 0x0e
	BAR0           = 0x10 // six of them, four bytes each
	SubVendorID    = 0x2c
	SubDeviceID    = 0x2e
	CapabilityList = 0x34
	InterruptLine  = 0x3c
	InterruptPin   = 0x3d
	HeaderEnd      = 0x40 // capabilities lie from here on
)

// Sizes of configuration space: what mechanism #1 reaches, and what ECAM does
// (PCI_CFG_SPACE_SIZE, PCI_CFG_SPACE_EXP_SIZE).
const (
	ConfigSize   = 0x100
	ExtendedSize = 0x1000
)

// MultiFunction is bit 7 of the header type: the device has functions beside
// function 0 (PCI_HEADER_TYPE_MFD).
const MultiFunction = 0x80

// Bits of the command register (PCI_COMMAND_IO and so on).
const (
	CommandIO        = 1 << 0
	CommandMemory    = 1 << 1
	CommandMaster    = 1 << 2
	CommandParity    = 1 << 6
	CommandSERR      = 1 << 8
	CommandNoINTx    = 1 << 10
	CommandWritable  = CommandIO | CommandMemory | CommandMaster | CommandParity | CommandSERR | CommandNoINTx
	StatusInterrupt  = 1 << 3
	StatusCapList    = 1 << 4
	StatusWriteClear = 0xf900 // the error bits: writing a one clears them
)

// Command is the layout of PCI_COMMAND, offset 0x04.
func Command() reg.Layout {
	return reg.Layout{
		reg.Flag("i/o", 0).Noted("I/O BARs answer"),
		reg.Flag("memory", 1).Noted("memory BARs answer"),
		reg.Flag("bus-master", 2).Noted("may write to memory, and so may send MSI and MSI-X"),
		reg.Flag("parity", 6).Noted("reports parity errors"),
		reg.Flag("serr", 8).Noted("may raise SERR#"),
		reg.Flag("no-intx", 10).Noted("the interrupt pin stays quiet"),
	}
}

// Status is the layout of PCI_STATUS, offset 0x06.
func Status() reg.Layout {
	return reg.Layout{
		reg.Flag("interrupt", 3).Noted("wants INTx, whether or not it may show it"),
		reg.Flag("capabilities", 4).Noted("offset 0x34 leads to a list"),
		reg.Flag("66mhz", 5),
		reg.Flag("fast-back-to-back", 7),
		reg.Flag("master-parity", 8).Noted("write 1 to clear"),
		reg.Enum("devsel", 10, 9, "fast", "medium", "slow"),
		reg.Flag("signaled-target-abort", 11).Noted("write 1 to clear"),
		reg.Flag("received-target-abort", 12).Noted("write 1 to clear"),
		reg.Flag("received-master-abort", 13).Noted("write 1 to clear"),
		reg.Flag("signaled-serr", 14).Noted("write 1 to clear"),
		reg.Flag("parity-error", 15).Noted("write 1 to clear"),
	}
}

// Bits of a base address register that say what it is
// (PCI_BASE_ADDRESS_SPACE_IO, PCI_BASE_ADDRESS_MEM_TYPE_64,
// PCI_BASE_ADDRESS_MEM_PREFETCH).
const (
	BARIO       = 1 << 0
	BAR64       = 1 << 2
	BARPrefetch = 1 << 3
)

// MemoryBAR is the layout of a memory PCI_BASE_ADDRESS.
func MemoryBAR() reg.Layout {
	return reg.Layout{
		reg.Enum("space", 0, 0, "memory"),
		reg.Enum("type", 2, 1, "32-bit", "below-1M", "64-bit").Noted("64-bit: the next register holds the upper half"),
		reg.Flag("prefetchable", 3),
		reg.Number("base 31:4", 31, 4).Noted("bits below the size are hardwired to zero"),
	}
}

// IOBAR is the layout of an I/O PCI_BASE_ADDRESS.
func IOBAR() reg.Layout {
	return reg.Layout{
		reg.Enum("space", 0, 0, "", "i/o"),
		reg.Number("base 31:2", 31, 2).Noted("bits below the size are hardwired to zero"),
	}
}

// The ports of configuration mechanism #1 (PCI local bus specification 3.0,
// 3.2.2.3.2; Linux: pci_conf1_read, arch/x86/pci/direct.c).
const (
	ConfigAddressPort = 0xcf8
	ConfigDataPort    = 0xcfc
)

// ConfigAddress is the layout of the register at port 0xcf8
// (PCI_CONF1_ADDRESS).
func ConfigAddress() reg.Layout {
	return reg.Layout{
		reg.Number("dword", 7, 2).Noted("register, in steps of four bytes"),
		reg.Number("function", 10, 8),
		reg.Number("device", 15, 11),
		reg.Number("bus", 23, 16),
		reg.Flag("enable", 31).Noted("clear: accesses to 0xcfc are ordinary port accesses"),
	}
}

// ECAMAddress is the layout of an offset into the memory window of
// configuration space (PCIE_ECAM_OFFSET; PCIe base specification, "PCI Express
// Enhanced Configuration Access Mechanism").
func ECAMAddress() reg.Layout {
	return reg.Layout{
		reg.Number("register", 11, 0),
		reg.Number("function", 14, 12),
		reg.Number("device", 19, 15),
		reg.Number("bus", 27, 20),
	}
}
