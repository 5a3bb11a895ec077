package shell

import (
	"fmt"

	"bothhalves/kernelsim/kernel/pci"
)

// The names that the PCI ID Repository has for what can be on these boards.

// className names a class.
func className(class uint32, numbers bool) string {
	name := map[uint32]string{
		0x00ff: "Unclassified device", 0x0101: "IDE interface", 0x0106: "SATA controller",
		0x0108: "Non-Volatile memory controller", 0x0200: "Ethernet controller", 0x0600: "Host bridge",
		0x0601: "ISA bridge", 0x0680: "Bridge", 0x0880: "System peripheral", 0x0c05: "SMBus", 0xff00: "Unassigned class",
	}[class]
	switch {
	case name == "":
		return fmt.Sprintf("Class [%04x]", class)
	case numbers, class == 0x00ff, class == 0xff00:
		return fmt.Sprintf("%s [%04x]", name, class)
	}
	return name
}

// progIfName names a programming interface, "" if it has no name.
func progIfName(class, prog uint32) string {
	switch class<<8 | prog {
	case 0x010180:
		return "ISA Compatibility mode-only controller, supports bus mastering"
	case 0x010601:
		return "AHCI 1.0"
	case 0x010802:
		return "NVM Express"
	}
	return ""
}

// vendorName names a vendor, "" if it is not known here.
func vendorName(vendor uint32) string {
	switch vendor {
	case 0x8086:
		return "Intel Corporation"
	case 0x1af4, 0x1b36:
		return "Red Hat, Inc."
	case 0x15ad:
		return "VMware"
	case 0x1d0f:
		return "Amazon.com, Inc."
	}
	return ""
}

// An identity is a vendor and a device.
func identity(vendor, device uint32) uint32 { return vendor<<16 | device }

// deviceOnly names a device without its vendor, "" if it is not known here.
func deviceOnly(vendor, device uint32) string {
	return map[uint32]string{
		0x80861237: "440FX - 82441FX PMC [Natoma]",
		0x80867000: "82371SB PIIX3 ISA [Natoma/Triton II]",
		0x80867010: "82371SB PIIX3 IDE [Natoma/Triton II]",
		0x80867113: "82371AB/EB/MB PIIX4 ACPI",
		0x808629c0: "82G33/G31/P35/P31 Express DRAM Controller",
		0x80862918: "82801IB (ICH9) LPC Interface Controller",
		0x80862922: "82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA Controller [AHCI mode]",
		0x80862930: "82801I (ICH9 Family) SMBus Controller",
		0x808610d3: "82574L Gigabit Network Connection",
		0x8086100e: "82540EM Gigabit Ethernet Controller",
		0x1af41000: "Virtio network device",
		0x1af41041: "Virtio 1.0 network device",
		0x1b360005: "QEMU PCI Test Device",
		0x1b360010: "QEMU NVM Express Controller",
		0x15ad07b0: "VMXNET3 Ethernet Controller",
		0x1d0fec20: "Elastic Network Adapter (ENA)",
	}[identity(vendor, device)]
}

// deviceName names a device with its vendor.
func deviceName(vendor, device uint32, numbers bool) string {
	v, d := vendorName(vendor), deviceOnly(vendor, device)
	name := v + " " + d
	switch {
	case v == "":
		name = fmt.Sprintf("Device %04x:%04x", vendor, device)
		return name
	case d == "":
		name = fmt.Sprintf("%s Device %04x", v, device)
	}
	if numbers {
		if d == "" {
			name = v + " Device"
		}
		name += brackets(vendor, device)
	}
	return name
}

// brackets are the numbers of -nn.
func brackets(vendor, device uint32) string { return fmt.Sprintf(" [%04x:%04x]", vendor, device) }

// subsystemName names a subsystem: by the device's own entry in the list, or
// by the vendor's name alone.
func subsystemName(vendor, device, subVendor, subDevice uint32) string {
	v := vendorName(subVendor)
	if v == "" {
		return fmt.Sprintf("Device %04x:%04x", subVendor, subDevice)
	}
	switch sub := identity(subVendor, subDevice); {
	case identity(vendor, device) == sub && deviceOnly(vendor, device) != "":
		return v + " " + deviceOnly(vendor, device)
	case sub != 0x1af41100:
	case vendor == 0x8086 && (device == 0x1237 || device>>12 == 7):
		return v + " Qemu virtual machine"
	case vendor == 0x8086, identity(vendor, device) == 0x1b360005:
		return v + " QEMU Virtual Machine"
	}
	return fmt.Sprintf("%s Device %04x", v, subDevice)
}

// kernelModules are the modules whose tables name a device.
func kernelModules(vendor, device uint32) string {
	switch identity(vendor, device) {
	case 0x80867010:
		return "ata_piix, ata_generic"
	case 0x80867113:
		return "i2c_piix4"
	case 0x80862922:
		return "ahci"
	case 0x808610d3:
		return "e1000e"
	case 0x8086100e:
		return "e1000"
	case 0x1af41000, 0x1af41041:
		return "virtio_pci"
	case 0x1b360010:
		return "nvme"
	case 0x15ad07b0:
		return "vmxnet3"
	}
	return ""
}

// sizeText is a size in its largest whole unit. A range of one address has
// none: sysfs tells first and last, and they are the same.
func sizeText(r pci.Resource) string {
	if r.End <= r.Start {
		return ""
	}
	n, units := r.Size(), []string{"", "K", "M", "G", "T"}
	for len(units) > 1 && n%1024 == 0 {
		n, units = n/1024, units[1:]
	}
	return fmt.Sprintf(" [size=%d%s]", n, units[0])
}
