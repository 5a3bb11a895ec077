package procfs

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/pci"
)

// bus lists /sys/bus.
func (fs *FS) bus() []node {
	return []node{sealed("pci", func() []node { return []node{sealed("devices", fs.pciDevices)} })}
}

// pciDevices lists /sys/bus/pci/devices: a directory for each function.
func (fs *FS) pciDevices() (list []node) {
	for _, d := range fs.m.PCIDevs() {
		list = append(list, sealed("0000:"+d.BDF.String(), func() []node { return fs.pciDevice(d) }))
	}
	return list
}

// pciDevice lists a function's attributes (drivers/pci/pci-sysfs.c).
func (fs *FS) pciDevice(d *pci.Dev) []node {
	hex := func(name string, digits int, v uint32) node {
		return attr(name, func() string { return fmt.Sprintf("0x%0*x\n", digits, v) })
	}
	number := func(name string, v int) node {
		return attr(name, func() string { return fmt.Sprintln(v) })
	}
	list := []node{
		hex("class", 6, d.Class),
		attr("config", func() string { return fs.pciConfig(d) }),
		hex("device", 4, uint32(d.Device)),
		fs.pciEnable(d),
		number("irq", d.IRQ),
		attr("local_cpulist", func() string { return cpuList(fs.allCPUs()) + "\n" }),
		attr("local_cpus", func() string { return cpuMask(fs.allCPUs(), len(fs.m.CPUs())) + "\n" }),
		number("numa_node", -1),
		attr("resource", func() string { return pciResources(d) }),
		hex("revision", 2, uint32(d.Revision)),
		hex("subsystem_device", 4, uint32(d.SubDevice)),
		hex("subsystem_vendor", 4, uint32(d.SubVendor)),
		hex("vendor", 4, uint32(d.Vendor)),
	}
	if d.Vectors() > 0 {
		list = append(list, sealed("msi_irqs", func() []node { return msiIRQs(d) }))
	}
	return list
}

// pciEnable models enable_show and enable_store: how many have enabled the
// function; a written number does, 0 disables. A function that has a driver is
// the driver's.
func (fs *FS) pciEnable(d *pci.Dev) node {
	return setting("enable", func() string { return fmt.Sprintln(d.Enabled) }, func(text string, _ bool) error {
		n, err := number(text)
		switch {
		case err != nil:
			return errno.EINVAL
		case pci.DriverOf(d) != nil:
			return errno.EBUSY
		case n == 0 && d.Enabled == 0:
			return errno.EIO
		}
		return fs.m.Do("sh", func(c *cpu.CPU) {
			if n == 0 {
				pci.DisableDevice(c, d)
			} else {
				pci.EnableDevice(c, d)
			}
		})
	})
}

// pciConfig models pci_read_config: the bytes themselves.
func (fs *FS) pciConfig(d *pci.Dev) string {
	for _, f := range fs.m.Functions() {
		if f.BDF == d.BDF {
			return string(f.Config)
		}
	}
	return ""
}

// allCPUs are the numbers of all CPUs.
func (fs *FS) allCPUs() (ids []int) {
	for _, p := range fs.m.CPUs() {
		ids = append(ids, p.ID)
	}
	return ids
}

// pciResources models resource_show: a line for each resource that a function
// can have, whether it has it or not.
func pciResources(d *pci.Dev) string {
	const most = 13 // six address registers, the expansion ROM, six of virtual functions
	var b strings.Builder
	for n := range most {
		var r pci.Resource
		if n < len(d.Resources) {
			r = d.Resources[n]
		}
		fmt.Fprintf(&b, "0x%016x 0x%016x 0x%016x\n", r.Start, r.End, r.Flags)
	}
	return b.String()
}
