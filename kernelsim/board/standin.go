package board

import (
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A stand-in has a real device's configuration space and signals as it is
// told to; behind its address registers is memory that means nothing. The
// shapes are those of the recorded machines.

// standIn makes the stand-in of a kind, nil for a kind that is none.
func (b *Board) standIn(d Device) *pcie.Func {
	s, ok := b.standInShape(d)
	if !ok {
		return nil
	}
	if d.Name != "" {
		s.Name = d.Name
	}
	if d.Pin != 0 {
		s.Pin = d.Pin
	}
	return s.build(b.Bus, d.BDF, b.cfg.Parts.pci()...)
}

// standInShape is the shape of a kind.
func (b *Board) standInShape(d Device) (shape, bool) {
	root := b.cfg.Machine == Q35
	switch d.Kind {
	case "virtio-net":
		return virtioNet(d.Vectors), true
	case "e1000e":
		return e1000e(d.Vectors, root), true
	case "vmxnet3":
		return vmxnet3(d.Vectors), true
	case "msix":
		return plainMSIX(d.Vectors), true
	}
	return shape{}, false
}

// or is v, or another value if v is 0.
func or(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// virtioNet is a transitional virtio network device (Virtio 1.1, 4.1.4
// "Virtio Structure PCI Capabilities"). With the 4 vectors of a single queue
// pair it has fewer legacy registers than with several pairs.
func virtioNet(vectors int) shape {
	vectors = or(vectors, 4)
	ports := uint64(0x20)
	if vectors > 4 {
		ports = 0x40
	}
	return shape{
		Header: pcie.Header{Name: "virtio-net-pci", Vendor: vendorRedHat, Device: 0x1000,
			SubVendor: vendorRedHat, SubDevice: 0x0001, Class: 0x020000, Pin: 1},
		bars:  []bar{{0, pcie.IO, ports}, {1, pcie.Memory32, 0x1000}, {4, pcie.Prefetch64, 0x4000}},
		caps:  virtioCaps(),
		msix:  &msixShape{0x98, vectors, pcie.Place{BAR: 1}, pcie.Place{BAR: 1, Off: 0x800}},
		cause: &cause{bar: 4, off: 0x1000, value: 1},
	}
}

// virtioCaps are the vendor capabilities by which a driver finds the device's
// structures, and MSI-X.
func virtioCaps() []capability {
	window := func(off uint16, kind, at byte) capability {
		return capability{off: off, id: pcireg.CapVendor,
			body: []byte{0x10, kind, 4, 0, 0, 0, 0, at, 0, 0, 0, 0x10, 0, 0}}
	}
	notify := window(0x70, 2, 0x30)
	notify.body[0] = 0x14
	notify.body = append(notify.body, 4, 0, 0, 0) // the notify multiplier
	config := capability{off: 0x84, id: pcireg.CapVendor, body: make([]byte, 18), mask: make([]byte, 18)}
	config.body[0], config.body[1] = 0x14, 5
	for _, i := range []int{2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17} {
		config.mask[i] = 0xff
	}
	return []capability{{off: 0x98, id: pcireg.CapMSIX}, config, notify,
		window(0x60, 4, 0x20), window(0x50, 3, 0x10), window(0x40, 1, 0)}
}

// vmxnet3 is VMware's network device.
func vmxnet3(vectors int) shape {
	return shape{
		Header: pcie.Header{Name: "vmxnet3", Vendor: 0x15ad, Device: 0x07b0,
			SubVendor: 0x15ad, SubDevice: 0x07b0, Class: 0x020000, Revision: 1, Pin: 1},
		bars:  []bar{{0, pcie.Memory32, 0x1000}, {1, pcie.Memory32, 0x1000}, {2, pcie.Memory32, 0x2000}},
		caps:  []capability{{off: 0x9c, id: pcireg.CapMSIX}, {off: 0x84, id: pcireg.CapMSI}},
		msix:  &msixShape{0x9c, or(vectors, 25), pcie.Place{BAR: 2}, pcie.Place{BAR: 2, Off: 0x1000}},
		cause: &cause{bar: 1, off: 0x38, value: 1},
	}
}

// plainMSIX is a function that does nothing but signal.
func plainMSIX(vectors int) shape {
	return shape{
		Header: pcie.Header{Name: "msix", Vendor: 0x1b36, Device: 0x0005,
			SubVendor: vendorRedHat, SubDevice: subQEMU, Class: 0xff0000},
		bars: []bar{{0, pcie.Memory32, bareBAR}},
		caps: []capability{{off: 0x40, id: pcireg.CapMSIX}},
		msix: &msixShape{0x40, or(vectors, 4), pcie.Place{}, pcie.Place{Off: uint32(barePBA - bareTable)}},
	}
}
