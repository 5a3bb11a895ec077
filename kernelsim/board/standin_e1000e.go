package board

import (
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// e1000e is Intel's 82574L. On a root complex of PCI Express it is an
// integrated endpoint and has extended configuration space.
func e1000e(vectors int, root bool) shape {
	s := shape{
		Header: pcie.Header{Name: "e1000e", Vendor: vendorIntel, Device: 0x10d3,
			SubVendor: vendorIntel, SubDevice: 0, Class: 0x020000, Pin: 1, Extended: root},
		bars: []bar{{0, pcie.Memory32, 0x2_0000}, {1, pcie.Memory32, 0x2_0000}, {2, pcie.IO, 0x20}, {3, pcie.Memory32, 0x4000}},
		caps: []capability{
			{off: 0xc8, id: pcireg.CapPM, body: []byte{0x22, 0, 0, 0, 0, 0}, mask: []byte{0, 0, 0x03, 0x1f, 0, 0}},
			{off: 0xd0, id: pcireg.CapMSI},
			express(0xe0, root),
			{off: 0xa0, id: pcireg.CapMSIX},
		},
		msix:  &msixShape{0xa0, or(vectors, 5), pcie.Place{BAR: 3}, pcie.Place{BAR: 3, Off: 0x2000}},
		cause: &cause{bar: 0, off: 0xc0, value: 1<<31 | 1<<7},
	}
	if root {
		s.regs = append(s.regs, errorReporting(), serialNumber())
	}
	return s
}

// express is a PCI Express capability of version 1 (PCI Express Base
// Specification, 7.5.3): its type is an endpoint, on a root complex an
// integrated one; the link is one lane at 2.5 GT/s.
func express(off uint16, root bool) capability {
	body := []byte{0x01, 0, 0x00, 0x80, 0, 0, 0, 0, 0, 0, 0x11, 0x04, 0, 0, 0, 0, 0x11, 0}
	if root {
		body[0] |= 9 << 4
	}
	mask := make([]byte, len(body))
	mask[6], mask[7] = 0xff, 0x7f // device control
	mask[14] = 0xc3               // link control
	return capability{off: off, id: pcireg.CapExpress, body: body, mask: mask}
}

// errorReporting is the extended capability at 0x100 (PCI Express Base
// Specification, 7.8.4 "Advanced Error Reporting"), as the 82574L has it.
func errorReporting() register {
	v := make([]byte, 0x48)
	copy(v, []byte{0x01, 0x00, 0x02, 0x14})
	copy(v[0x0c:], []byte{0x30, 0x20, 0x46, 0x00})
	copy(v[0x15:], []byte{0xe0})
	copy(v[0x18:], []byte{0xa0})
	return register{0x100, v, make([]byte, len(v))}
}

// serialNumber is the extended capability at 0x140: the address of the card
// with ff-ff in its middle.
func serialNumber() register {
	return register{0x140, []byte{0x03, 0x00, 0x01, 0x00, 0x02, 0x00, 0x00, 0xff, 0xff, 0x00, 0x54, 0x52}, make([]byte, 12)}
}
