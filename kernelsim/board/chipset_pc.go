package board

import "bothhalves/kernelsim/hw/pcie"

// The subsystem that the chipset functions of QEMU's boards carry.
const (
	vendorIntel  = 0x8086
	vendorRedHat = 0x1af4
	subQEMU      = 0x1100
)

// Bits of the status register beside the capability bit: how fast a function
// answers, and back-to-back cycles.
const (
	statusMedium = 1 << 9
	statusFast   = 1 << 7
)

// host440FX is the 82441FX host bridge (Intel 440FX PCIset, "PMC"). The
// memory size at 0x57 is that of the recorded machines: 8 MiB a step.
func host440FX() shape {
	return shape{
		Header: pcie.Header{Name: "i440FX", Vendor: vendorIntel, Device: 0x1237,
			SubVendor: vendorRedHat, SubDevice: subQEMU, Class: 0x060000, Revision: 2},
		regs: []register{
			{0x57, []byte{0x80}, []byte{0}},
			{pamPC, make([]byte, 7), []byte{0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33}},
			{smramPC, []byte{0x02}, []byte{0x78}},
		},
	}
}

// piix3ISA is the 82371SB ISA bridge. Its PIRQ lines lead nowhere at first.
func piix3ISA() shape {
	return shape{
		Header: pcie.Header{Name: "PIIX3", Vendor: vendorIntel, Device: 0x7000,
			SubVendor: vendorRedHat, SubDevice: subQEMU, Class: 0x060100, Status: statusMedium, MultiFunction: true},
		regs: []register{
			{0x4c, []byte{0x4d, 0, 0x03, 0}, []byte{0x7f, 0, 0xff, 0x01}},
			{0x60, []byte{0x80, 0x80, 0x80, 0x80}, []byte{0x8f, 0x8f, 0x8f, 0x8f}},
			{0x69, []byte{0x02}, []byte{0xfe}},
			{0x70, []byte{0x80}, []byte{0xcf}},
			{0x76, []byte{0x0c, 0x0c, 0x02}, []byte{0x8f, 0x8f, 0x07}},
			{0x80, []byte{0, 0, 0}, []byte{0, 0, 0x0f}}, // 0x82: delayed transactions, passive release
			{0xa0, []byte{0x08}, []byte{0x1f}},
			{0xa8, []byte{0x0f}, []byte{0}},
		},
	}
}

// piix3IDE is the 82371SB's IDE controller, in compatibility mode: only its
// bus master registers have an address of their own.
func piix3IDE() shape {
	return shape{
		Header: pcie.Header{Name: "piix3-ide", Vendor: vendorIntel, Device: 0x7010,
			SubVendor: vendorRedHat, SubDevice: subQEMU, Class: 0x010180, Status: statusMedium | statusFast},
		bars: []bar{{4, pcie.IO, 0x10}},
		regs: []register{{0x40, make([]byte, 4), []byte{0xff, 0xff, 0xff, 0xff}}},
	}
}

// piix4PM is the 82371AB's power management function, whose interrupt is
// hardwired to ISA 9.
func piix4PM() shape {
	return shape{
		Header: pcie.Header{Name: "PIIX4_PM", Vendor: vendorIntel, Device: 0x7113,
			SubVendor: vendorRedHat, SubDevice: subQEMU, Class: 0x068000, Revision: 3, Pin: 1, Status: statusMedium | statusFast},
		regs: []register{
			{0x40, []byte{1, 0, 0, 0}, []byte{0xc0, 0xff, 0, 0}},
			{0x58, make([]byte, 4), []byte{0xff, 0xff, 0xff, 0xff}},
			{0x5f, []byte{0x10}, []byte{0}},
			{0x63, []byte{0x60}, []byte{0}},
			{0x67, []byte{0x98}, []byte{0}}, // both serial ports answer
			{0x80, []byte{0}, []byte{0x01}},
			{0x90, []byte{1, 0, 0, 0}, []byte{0xf0, 0xff, 0, 0}},
			{0xd2, []byte{0}, []byte{0x0f}},
		},
	}
}
