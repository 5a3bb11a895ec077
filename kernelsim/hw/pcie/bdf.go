// Package pcie models a PCI function as software meets it: configuration
// space, base address registers that lead its registers to addresses, the
// interrupt pin, and the two ways to send an interrupt as a write to memory,
// MSI and MSI-X. The host bridge of bus 0 leads configuration accesses here.
//
// What is not modelled: links, transaction layer packets, bridges, and the
// error reporting of PCI Express.
package pcie

import (
	"fmt"
	"strconv"
	"strings"
)

// A BDF is the address of a function, and the requester ID of its writes
// (Linux: PCI_DEVID, include/linux/pci.h): bus 15:8, device 7:3, function 2:0.
type BDF uint16

// MakeBDF packs a bus, a device and a function number; what does not fit is
// cut off (PCI_DEVID and PCI_DEVFN).
func MakeBDF(bus, dev, fn int) BDF {
	return BDF(bus&0xff<<8 | dev&0x1f<<3 | fn&7)
}

// Bus is the bus number.
func (b BDF) Bus() int { return int(b >> 8) }

// Device is the device number on the bus (PCI_SLOT).
func (b BDF) Device() int { return int(b >> 3 & 0x1f) }

// Function is the function number in the device (PCI_FUNC).
func (b BDF) Function() int { return int(b & 7) }

// String is "00:05.0", as lspci writes it.
func (b BDF) String() string {
	return fmt.Sprintf("%02x:%02x.%x", b.Bus(), b.Device(), b.Function())
}

// ParseBDF reads what String writes; a leading domain "0000:" is accepted.
func ParseBDF(s string) (BDF, error) {
	short := strings.TrimPrefix(s, "0000:")
	bus, rest, colon := strings.Cut(short, ":")
	dev, fn, dot := strings.Cut(rest, ".")
	b, err1 := strconv.ParseUint(bus, 16, 8)
	d, err2 := strconv.ParseUint(dev, 16, 5)
	f, err3 := strconv.ParseUint(fn, 16, 3)
	if !colon || !dot || err1 != nil || err2 != nil || err3 != nil {
		return 0, fmt.Errorf("pcie: %q is no function of a PCI bus: write bus:device.function in hexadecimal, such as 00:05.0", s)
	}
	return MakeBDF(int(b), int(d), int(f)), nil
}
