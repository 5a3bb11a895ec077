package pci

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/vector"
)

// ArchInit models pci_arch_init (arch/x86/pci/init.c): how configuration space
// is reached. It reports whether there is one.
func ArchInit(c *cpu.CPU, cfg Config) bool {
	*shared.Of(c) = state{cfg: cfg, enabled: make([]bool, len(cfg.Links)),
		msi: irq.Domain{Name: "PCI-MSI-3", Parent: vector.Domain(c), Ops: msiOps{}, Flags: irq.MSIDomain}}
	if cfg.Remap != nil { // intel_irq_remap_add_device
		shared.Of(c).msi = irq.Domain{Name: "INTEL-IR-MSI-0-3", Parent: cfg.Remap, Ops: msiOps{msiChip{remapped: true}}, Flags: irq.MSIDomain}
	}
	irq.AddDomain(c, &shared.Of(c).msi)
	shared.Of(c).replaceDomain(cfg.Domain)
	if cfg.MMConfig != 0 {
		at, last := uint64(cfg.MMConfig), uint64(cfg.MMConfig)+1<<28-1
		printk.Printk(c, printk.Info, "PCI: MMCONFIG for domain 0000 [bus 00-ff] at [mem 0x%08x-0x%08x] (base %#x)", at, last, at)
		printk.Printk(c, printk.Info, "PCI: MMCONFIG at [mem 0x%08x-0x%08x] reserved in E820", at, last)
	}
	if !checkType1(c) {
		return false
	}
	printk.Printk(c, printk.Info, "PCI: Using configuration type 1 for base access")
	return true
}

// Scan models acpi_pci_root_add and the scan of its bus (drivers/acpi/
// pci_root.c, drivers/pci/probe.c), then the interrupt links behind it.
func Scan(c *cpu.CPU) {
	s := shared.Of(c)
	printk.Printk(c, printk.Info, `PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug`)
	printk.Printk(c, printk.Info, "PCI: Using E820 reservations for host bridge windows")
	printk.Printk(c, printk.Info, "ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-ff])")
	if s.cfg.MMConfig == 0 {
		printk.Printk(c, printk.Info, "acpi PNP0A03:00: fail to add MMCONFIG information, can't access extended PCI configuration space under this bridge.")
	}
	printk.Printk(c, printk.Info, "PCI host bridge to bus 0000:00")
	for _, w := range s.cfg.Windows {
		printk.Printk(c, printk.Info, "pci_bus 0000:00: root bus resource %v", w)
	}
	printk.Printk(c, printk.Info, "pci_bus 0000:00: root bus resource [bus 00-ff]")
	for dev := range 32 {
		scanSlot(c, dev)
	}
	for i := range s.cfg.Links {
		addLink(c, i)
	}
}

// String is a window as %pR prints it.
func (w Window) String() string {
	if w.IO {
		return fmt.Sprintf("[io  0x%04x-0x%04x window]", w.Start, w.End)
	}
	return fmt.Sprintf("[mem 0x%08x-0x%08x window]", w.Start, w.End)
}

// scanSlot models pci_scan_slot: function 0 says whether there are others.
func scanSlot(c *cpu.CPU, dev int) {
	first := scanSingle(c, pcie.MakeBDF(0, dev, 0))
	if first == nil || !first.MultiFunction {
		return
	}
	for fn := 1; fn < 8; fn++ {
		scanSingle(c, pcie.MakeBDF(0, dev, fn))
	}
}

// scanSingle models pci_scan_single_device; nil if nobody answers.
func scanSingle(c *cpu.CPU, b pcie.BDF) *Dev {
	id := Read(c, b, pcireg.VendorID, 4)
	if id == ^uint32(0) || id == 0 || id == 0xffff || id == 0xffff_0000 {
		return nil
	}
	d := &Dev{BDF: b, Vendor: uint16(id), Device: uint16(id >> 16), Node: affinity.NoNode}
	if !d.setup(c) {
		return nil
	}
	s := shared.Of(c)
	s.devs = append(s.devs, d)
	d.headerFixups(c)
	d.initCapabilities(c)
	return d
}

// setup models pci_setup_device. Bridges and headers of other types are none
// of this machine's: it reports false.
func (d *Dev) setup(c *cpu.CPU) bool {
	header := d.Read8(c, pcireg.HeaderType)
	d.MultiFunction = header&pcireg.MultiFunction != 0
	class := d.Read32(c, pcireg.RevisionID)
	d.Revision, d.Class = uint8(class), class>>8
	d.ExpressCap = d.FindCapability(c, pcireg.CapExpress)
	d.ConfigSize = d.configSize(c)
	d.info(c, "[%04x:%04x] type %02x class 0x%06x", d.Vendor, d.Device, header&0x7f, d.Class)
	if header&0x7f != 0 {
		printk.Printk(c, printk.Err, "pci %s: unknown header type %02x, ignoring device", d.name(), header&0x7f)
		return false
	}
	d.readIRQ(c)
	d.readBases(c)
	d.SubVendor, d.SubDevice = d.Read16(c, pcireg.SubVendorID), d.Read16(c, pcireg.SubDeviceID)
	d.legacyIDE(c)
	return true
}

// readIRQ models pci_read_irq: the Interrupt Line counts where there is a pin.
func (d *Dev) readIRQ(c *cpu.CPU) {
	d.Pin = d.Read8(c, pcireg.InterruptPin)
	if d.Pin != 0 {
		d.IRQ = int(d.Read8(c, pcireg.InterruptLine))
	}
}

// configSize models pci_cfg_space_size: functions of PCI Express and host
// bridges have 4 KiB, if something answers behind the first 256 bytes.
func (d *Dev) configSize(c *cpu.CPU) int {
	host := d.Class>>8 == 0x0600
	if (d.ExpressCap != 0 || host) && d.Read32(c, pcireg.ConfigSize) != ^uint32(0) {
		return pcireg.ExtendedSize
	}
	return pcireg.ConfigSize
}

// legacyIDE gives an IDE controller in compatibility mode the addresses that
// such controllers have had since the AT.
func (d *Dev) legacyIDE(c *cpu.CPU) {
	if d.Class>>8 != 0x0101 {
		return
	}
	for _, q := range []struct {
		mode       uint32 // bit of the programming interface: native mode
		n          int
		start, end uint64
	}{{1, 0, 0x1f0, 0x1f7}, {1, 1, 0x3f6, 0x3f6}, {4, 2, 0x170, 0x177}, {4, 3, 0x376, 0x376}} {
		if d.Class&q.mode == 0 {
			d.Resources[q.n] = Resource{q.start, q.end, ResourceIO | PCIFixed}
			d.info(c, "BAR %d %v: legacy IDE quirk", q.n, d.Resources[q.n])
		}
	}
}

// initCapabilities models pci_init_capabilities as far as interrupts go: MSI
// and MSI-X are off until a driver wants them (pci_msi_init, pci_msix_init).
func (d *Dev) initCapabilities(c *cpu.CPU) {
	d.MSICap = d.FindCapability(c, pcireg.CapMSI)
	if d.MSICap != 0 {
		control := d.Read16(c, d.MSICap+pcireg.MSIControlReg)
		if control&pcireg.MSIEnable != 0 {
			d.Write16(c, d.MSICap+pcireg.MSIControlReg, control&^pcireg.MSIEnable)
		}
	}
	d.MSIXCap = d.FindCapability(c, pcireg.CapMSIX)
	if d.MSIXCap != 0 {
		control := d.Read16(c, d.MSIXCap+pcireg.MSIXControlReg)
		if control&pcireg.MSIXEnable != 0 {
			d.Write16(c, d.MSIXCap+pcireg.MSIXControlReg, control&^pcireg.MSIXEnable)
		}
	}
	d.PMCap = d.FindCapability(c, pcireg.CapPM)
}

// FindCapability models pci_find_capability (drivers/pci/pci.c): it follows
// the list, at most as many steps as there is room for (PCI_FIND_CAP_TTL), so
// that a ring does not hold it. 0: there is none.
func (d *Dev) FindCapability(c *cpu.CPU, id uint8) uint16 {
	if d.Read16(c, pcireg.StatusReg)&pcireg.StatusCapList == 0 {
		return 0
	}
	pos := d.Read8(c, pcireg.CapabilityList)
	for range 48 {
		if pos < pcireg.HeaderEnd {
			return 0
		}
		pos &^= 3
		entry := d.Read16(c, uint16(pos))
		switch uint8(entry) {
		case 0xff:
			return 0
		case id:
			return uint16(pos)
		}
		pos = uint8(entry >> 8)
	}
	return 0
}

// name is the function's name with its domain.
func (d *Dev) name() string { return "0000:" + d.BDF.String() }

// info models pci_info.
func (d *Dev) info(c *cpu.CPU, format string, args ...any) {
	printk.Printk(c, printk.Info, "pci "+d.name()+": "+format, args...)
}
