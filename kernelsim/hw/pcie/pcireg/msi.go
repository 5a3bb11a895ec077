package pcireg

import "bothhalves/kernelsim/reg"

// Capability IDs (PCI_CAP_ID_PM and so on).
const (
	CapPM      = 0x01
	CapMSI     = 0x05
	CapVendor  = 0x09
	CapExpress = 0x10
	CapMSIX    = 0x11
	CapSATA    = 0x12
)

// Bits of the message control word of MSI (PCI_MSI_FLAGS_ENABLE,
// PCI_MSI_FLAGS_64BIT, PCI_MSI_FLAGS_MASKBIT).
const (
	MSIControlReg = 2 // offset from the capability
	MSIEnable     = 1 << 0
	MSI64         = 1 << 7
	MSIMaskable   = 1 << 8
	MSIMaxLog2    = 5 // at most 32 messages
)

// MSICapable and MSIGranted are the fields with the logarithm of how many
// messages the function has, and of how many software lets it use
// (PCI_MSI_FLAGS_QMASK, PCI_MSI_FLAGS_QSIZE).
var (
	MSICapable = reg.Field{Hi: 3, Lo: 1}
	MSIGranted = reg.Field{Hi: 6, Lo: 4}
)

// MSIControl is the layout of PCI_MSI_FLAGS, offset 2 of the MSI capability.
func MSIControl() reg.Layout {
	const messages = "as a power of two"
	return reg.Layout{
		reg.Flag("enable", 0),
		reg.Enum("capable", 3, 1, "1", "2", "4", "8", "16", "32").Noted(messages + ": what the function has"),
		reg.Enum("granted", 6, 4, "1", "2", "4", "8", "16", "32").Noted(messages + ": what software lets it use"),
		reg.Flag("64-bit", 7).Noted("the address has an upper half"),
		reg.Flag("maskable", 8).Noted("mask and pending registers are there"),
	}
}

// Bits of the message control word of MSI-X (PCI_MSIX_FLAGS_MASKALL,
// PCI_MSIX_FLAGS_ENABLE), and of the vector control of an entry
// (PCI_MSIX_ENTRY_CTRL_MASKBIT).
const (
	MSIXControlReg     = 2 // offsets from the capability
	MSIXTableReg       = 4
	MSIXPBAReg         = 8
	MSIXFunctionMask   = 1 << 14
	MSIXEnable         = 1 << 15
	MSIXMaxEntries     = 2048
	MSIXEntrySize      = 16
	VectorControlMask  = 1 << 0
	MSIXEntryAddrLow   = 0x0 // offsets in an entry of the table
	MSIXEntryAddrHigh  = 0x4
	MSIXEntryData      = 0x8
	MSIXEntryVectorCtl = 0xc
)

// MSIXControl is the layout of PCI_MSIX_FLAGS, offset 2 of the MSI-X
// capability.
func MSIXControl() reg.Layout {
	return reg.Layout{
		reg.Number("size-1", 10, 0).Noted("entries in the table, less one"),
		reg.Flag("function-mask", 14).Noted("set: every entry is masked"),
		reg.Flag("enable", 15),
	}
}

// MSIXPlace is the layout of PCI_MSIX_TABLE and PCI_MSIX_PBA: where the table,
// or the pending bit array, lies.
func MSIXPlace() reg.Layout {
	return reg.Layout{
		reg.Number("bir", 2, 0).Noted("the number of the BAR"),
		reg.Number("offset 31:3", 31, 3).Noted("from the beginning of that BAR, in units of 8 bytes"),
	}
}

// VectorControl is the layout of PCI_MSIX_ENTRY_VECTOR_CTRL, the last word of
// a table entry.
func VectorControl() reg.Layout {
	return reg.Layout{reg.Flag("masked", 0).Noted("set by reset")}
}

// An Entry is one row of an MSI-X table (PCI_MSIX_ENTRY_LOWER_ADDR and the
// names after it).
type Entry struct {
	Addr    uint64
	Data    uint32
	Control uint32
}

// Masked is bit 0 of the vector control.
func (e Entry) Masked() bool { return e.Control&VectorControlMask != 0 }
