package pci

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
)

// The chipset functions that have quirks (include/linux/pci_ids.h).
const (
	intel      = 0x8086
	host82441  = 0x1237
	isa82371SB = 0x7000
	pm82371AB  = 0x7113
	lpcICH9    = 0x2918
)

// headerFixups models pci_fixup_header for this machine's functions
// (drivers/pci/quirks.c): ranges of ports that no address register tells of.
func (d *Dev) headerFixups(c *cpu.CPU) {
	if d.Vendor != intel {
		return
	}
	switch d.Device {
	case pm82371AB:
		d.quirkIO(c, 0x40, 64, "PIIX4 ACPI")
		d.quirkIO(c, 0x90, 16, "PIIX4 SMB")
	case lpcICH9:
		if d.Read8(c, 0x44)&0x80 != 0 {
			d.quirkIO(c, 0x40, 128, "ICH6 ACPI/GPIO/TCO")
		}
		if d.Read8(c, 0x4c)&0x10 != 0 {
			d.quirkIO(c, 0x48, 64, "ICH6 GPIO")
		}
	}
}

// quirkIO models quirk_io_region.
func (d *Dev) quirkIO(c *cpu.CPU, register uint16, size uint64, name string) {
	base := uint64(d.Read16(c, register)) &^ (size - 1)
	if base != 0 {
		r := Resource{base, base + size - 1, ResourceIO}
		d.Claimed = append(d.Claimed, r)
		d.info(c, "quirk: %v claimed by %s", r, name)
	}
}

// FinalFixups models pci_apply_final_quirks: what is left to set in chipsets
// when every function is known.
func FinalFixups(c *cpu.CPU) {
	for _, d := range shared.Of(c).devs {
		if d.Vendor == intel && d.Device == isa82371SB {
			passiveRelease(c, d)
		}
	}
	printk.Printk(c, printk.Info, "PCI: CLS 0 bytes, default 64")
}

// passiveRelease models quirk_passive_release and quirk_natoma: beside a
// 440FX, the PIIX3 has to let go of the bus between transfers.
func passiveRelease(c *cpu.CPU, d *Dev) {
	for _, host := range shared.Of(c).devs {
		if host.Vendor != intel || host.Device != host82441 {
			continue
		}
		const delayedTransaction, release = 0x82, 1 << 1
		v := d.Read8(c, delayedTransaction)
		if v&release == 0 {
			d.info(c, "PIIX3: Enabling Passive Release")
			Write(c, d.BDF, delayedTransaction, 1, uint32(v|release))
		}
		host.info(c, "Limiting direct PCI/PCI transfers")
	}
}
