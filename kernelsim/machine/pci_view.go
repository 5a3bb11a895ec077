package machine

import (
	"strconv"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/pci"
)

// A PCIFunction is a function as tools of user space find it: configuration
// space as far as the kernel reaches it, and what sysfs tells.
type PCIFunction struct {
	BDF       pcie.BDF
	Config    []byte
	Resources [6]pci.Resource
	IRQ       int
	Driver    string
	Slot      string // physical slot, "" if it has none
	MSIX      bool
	Vectors   int
}

// Functions lists the functions of bus 0 in the order of their addresses. On a
// bare machine, which has no kernel, the registers alone tell.
func (m *Machine) Functions() (list []PCIFunction) {
	if m.board == nil {
		return nil
	}
	devs := m.PCIDevs()
	for _, f := range m.board.PCI.Funcs() {
		v := PCIFunction{BDF: f.BDF(), Config: f.Config()}
		if len(devs) == 0 {
			v.Resources = decoded(f)
		}
		for _, d := range devs {
			if d.BDF == v.BDF {
				m.addSysfs(&v, d)
			}
		}
		if len(devs) == 0 || v.found(devs) {
			list = append(list, v)
		}
	}
	return list
}

// found reports whether the kernel knows the function.
func (v PCIFunction) found(devs []*pci.Dev) bool {
	for _, d := range devs {
		if d.BDF == v.BDF {
			return true
		}
	}
	return false
}

// addSysfs adds what the kernel knows. On the pc each device beside the
// chipset's sits in a slot of its own number (ACPI: _SUN).
func (m *Machine) addSysfs(v *PCIFunction, d *pci.Dev) {
	v.Config = v.Config[:min(d.ConfigSize, len(v.Config))]
	v.Resources, v.IRQ, v.Driver = d.Resources, d.IRQ, d.Driver
	v.MSIX, v.Vectors = d.MSIXEnabled, d.Vectors()
	if m.cfg.Board == board.PC && d.BDF.Device() >= 2 {
		v.Slot = strconv.Itoa(d.BDF.Device())
	}
}

// decoded reads the address registers of a function that no kernel has sized.
func decoded(f *pcie.Func) (list [6]pci.Resource) {
	for n := range list {
		at, size, _ := f.BAR(n)
		if size == 0 {
			continue
		}
		low := f.ConfigRead(uint16(0x10+4*n), 4)
		r := pci.Resource{Start: uint64(at), End: uint64(at) + size - 1, Flags: pci.ResourceMem}
		switch {
		case low&1 != 0:
			r.Flags = pci.ResourceIO
		case low&8 != 0:
			r.Flags |= pci.ResourcePrefetch
		}
		if low&1 == 0 && low&6 == 4 {
			r.Flags |= pci.ResourceMem64
		}
		list[n] = r
	}
	return list
}
