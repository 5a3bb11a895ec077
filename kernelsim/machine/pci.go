package machine

import (
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/irqremap"
	"bothhalves/kernelsim/kernel/pci"
)

// What firmware's tables tell the kernel of the boards (QEMU's ACPI tables):
// the windows of the host bridge, the interrupt links, and which link each
// pin leads to.

// mmconfig is where configuration space lies in memory on a q35.
const mmconfig bus.Addr = 0xb000_0000

// pciConfig is what the kernel reads in the tables.
func (m *Machine) pciConfig() pci.Config {
	io := []pci.Window{{Start: 0, End: 0xcf7, IO: true}, {Start: 0xd00, End: 0xffff, IO: true}}
	vga := pci.Window{Start: 0xa_0000, End: 0xb_ffff}
	if m.cfg.Board == board.Q35 {
		first := 8
		if slices.Contains(strings.Fields(m.cfg.Append), "noapic") {
			first = 0
		}
		return pci.Config{MMConfig: mmconfig, Windows: append(io, vga,
			pci.Window{Start: 0x4000_0000, End: uint64(mmconfig) - 1},
			pci.Window{Start: uint64(mmconfig) + 1<<28, End: 0xfebf_ffff},
			pci.Window{Start: 0x1_0000_0000, End: 0x8_ffff_ffff}),
			Links: linksQ35(), Route: routeQ35(first), Router: pcie.MakeBDF(0, 31, 0)}
	}
	return pci.Config{Windows: append(io, vga,
		pci.Window{Start: 0x4000_0000, End: 0xfebf_ffff},
		pci.Window{Start: 0x1_0000_0000, End: 0x1_7fff_ffff}),
		Links: linksPC(), Route: routePC, Router: pcie.MakeBDF(0, 1, 0)}
}

// link is the link of a letter.
func link(prefix string, n, irq int, register uint16) pci.Link {
	return pci.Link{Name: fmt.Sprintf("%s%c", prefix, 'A'+n), IRQ: irq, Register: register}
}

// linksPC are LNKA to LNKD, whose routes the PIIX3 holds, and the one of the
// power management function, which is hardwired.
func linksPC() (list []pci.Link) {
	for n := range 4 {
		list = append(list, link("LNK", n, [4]int{10, 10, 11, 11}[n], uint16(0x60+n)))
	}
	return append(list, pci.Link{Name: "LNKS", IRQ: 9})
}

// linksQ35 are LNKA to LNKH, for those who use the 8259A pair, and GSIA to
// GSIH, which lead to pins of the IOAPIC.
func linksQ35() (list []pci.Link) {
	for n := range 8 {
		list = append(list, link("LNK", n, [4]int{10, 10, 11, 11}[n&3], uint16(0x60+n&3+n&4*2)))
	}
	for n := range 8 {
		list = append(list, link("GSI", n, 16+n, 0))
	}
	return list
}

// routePC is the routing table of the pc: pins go round, but for device 1,
// which has the power management function.
func routePC(b pcie.BDF, pin int) (link int, ok bool) {
	if b.Device() == 1 && pin == 1 {
		return 4, true
	}
	return (b.Device() + pin - 2) & 3, true
}

// routeQ35 is the routing table of the q35 from a link on: the links to the
// IOAPIC's pins, or, without it, those to the 8259A pair (_PIC, PRTA and PRTP).
func routeQ35(first int) func(b pcie.BDF, pin int) (link int, ok bool) {
	return func(b pcie.BDF, pin int) (link int, ok bool) {
		if b.Device() < 25 {
			return first + 4 + (b.Device()+pin-1)&3, true
		}
		return first + (pin-1)&3, true
	}
}

// initPCI models the initcalls that find the devices of bus 0, in their order,
// and the drivers that claim them.
func (m *Machine) initPCI(c *cpu.CPU) {
	affinity.SetSpread(c, m.parts.MSIX.Spread)
	cfg := m.pciConfig()
	cfg.NoMSI = slices.Contains(strings.Fields(m.cfg.Append), "pci=nomsi")
	cfg.Remap, cfg.Domain = m.remap.Domain(), m.parts.IRQ.Domain
	if !pci.ArchInit(c, cfg) {
		return
	}
	pci.Scan(c)
	pci.RoutingInit(c)
	pci.AssignResources(c)
	pci.FinalFixups(c)
	m.bindStandIns(c)
}

// PCIDevs lists what the kernel has found on bus 0; none on a bare machine.
func (m *Machine) PCIDevs() []*pci.Dev {
	if m.Bare() || !m.booted && m.report == nil {
		return nil
	}
	return pci.Devs(m.cpus[0])
}

// setRemapper puts the kernel's side of the board's remapping unit, if there
// is one, into what the kernel knows of its APICs.
func (m *Machine) setRemapper(cfg *apic.Config) {
	if m.board.IOMMU != nil {
		m.remap = irqremap.New(irqremap.Config{Base: iommureg.Base, X2APIC: m.cfg.X2APIC, Alloc: m.dmaMemory})
		cfg.Remap = m.remap
	}
}

// ioapicSource is the requester ID of the I/O APIC's messages, as the DMAR
// table tells it.
const ioapicSource = 0xff00

// dmaMemory takes memory that devices reach by its physical address.
func (m *Machine) dmaMemory(name string, size uint64) (bus.Addr, error) {
	a, err := m.memory.Alloc(size, size, 0)
	if err != nil {
		return 0, err
	}
	at := bus.Addr(uint64(a) - directMap)
	ram := bus.NewRAM(at, size)
	if _, err := ram.Add(at, size); err != nil {
		return 0, err
	}
	return at, m.bus.Map(name, at, size, ram, 0)
}

// directMap is PAGE_OFFSET.
const directMap = 0xffff_8880_0000_0000
