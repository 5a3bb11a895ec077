package board

import (
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// hostQ35 is the 82Q35's memory controller (Intel 3 Series Express Chipset).
func hostQ35() shape {
	return shape{
		Header: pcie.Header{Name: "mch", Vendor: vendorIntel, Device: 0x29c0,
			SubVendor: vendorRedHat, SubDevice: subQEMU, Class: 0x060000},
		regs: []register{
			{0x50, []byte{0x10}, []byte{0}},
			{pciexbar, make([]byte, 8), []byte{0x07, 0, 0, 0xf0, 0x0f, 0, 0, 0}},
			{pamQ35, make([]byte, 7), []byte{0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33}},
			{smramQ35, []byte{0x02, 0x38}, []byte{0x78, 0xc7}},
		},
	}
}

// ich9LPC is the ICH9's bridge to what was ISA (Intel ICH9 Family, chapter
// "LPC Interface Bridge Registers"). Its PIRQ lines lead nowhere at first.
func ich9LPC() shape {
	routes := []byte{0x80, 0x80, 0x80, 0x80}
	writable := []byte{0x8f, 0x8f, 0x8f, 0x8f}
	return shape{
		Header: pcie.Header{Name: "ICH9-LPC", Vendor: vendorIntel, Device: 0x2918,
			SubVendor: vendorRedHat, SubDevice: subQEMU, Class: 0x060100, Revision: 2, MultiFunction: true},
		regs: []register{
			{0x40, []byte{1, 0, 0, 0, 0}, []byte{0x80, 0xff, 0, 0, 0x87}},
			{0x60, routes, writable},
			{0x68, routes, writable},
			{0x82, []byte{0x03}, []byte{0}}, // both serial ports answer
			{0xa0, []byte{0}, []byte{0x10}},
			{0xf0, make([]byte, 4), []byte{0x01, 0xc0, 0xff, 0xff}},
		},
	}
}

// ich9SATA is the ICH9's AHCI controller.
func ich9SATA() shape {
	return shape{
		Header: pcie.Header{Name: "ich9-ahci", Vendor: vendorIntel, Device: 0x2922,
			SubVendor: vendorRedHat, SubDevice: subQEMU, Class: 0x010601, Revision: 2, Pin: 1, MultiFunction: true},
		bars: []bar{{4, pcie.IO, 0x20}, {5, pcie.Memory32, 0x1000}},
		regs: []register{{0x90, []byte{0x40}, []byte{0}}},
		caps: []capability{
			{off: 0x80, id: pcireg.CapMSI},
			{off: 0xa8, id: pcireg.CapSATA, body: []byte{0x10, 0, 0x48, 0, 0, 0}},
		},
	}
}

// ich9SMBus is the ICH9's SMBus controller.
func ich9SMBus() shape {
	return shape{
		Header: pcie.Header{Name: "ICH9-SMB", Vendor: vendorIntel, Device: 0x2930,
			SubVendor: vendorRedHat, SubDevice: subQEMU, Class: 0x0c0500, Revision: 2, Pin: 1, MultiFunction: true},
		bars: []bar{{4, pcie.IO, 0x40}},
		regs: []register{{0x40, []byte{0}, []byte{0x1f}}},
	}
}
