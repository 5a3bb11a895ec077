package pci

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/vector"
)

// routeOff is the bit of a PIRQ register that leads its line nowhere.
const routeOff = 0x80

// addLink models acpi_pci_link_add (drivers/acpi/pci_link.c): the link's
// interrupt is taken down, then the link is disabled until a function uses it.
func addLink(c *cpu.CPU, i int) {
	s := shared.Of(c)
	l := s.cfg.Links[i]
	printk.Printk(c, printk.Info, "ACPI: PCI: Interrupt link %s configured for IRQ %d", l.Name, l.IRQ)
	if l.Register != 0 {
		v := Read(c, s.cfg.Router, l.Register, 1)
		Write(c, s.cfg.Router, l.Register, 1, v|routeOff)
	}
}

// useLink models acpi_pci_link_allocate_irq: the first function that uses the
// link switches it on.
func useLink(c *cpu.CPU, i int) (irq int) {
	s := shared.Of(c)
	l := s.cfg.Links[i]
	if !s.enabled[i] {
		s.enabled[i] = true
		if l.Register != 0 {
			Write(c, s.cfg.Router, l.Register, 1, uint32(l.IRQ))
		}
		printk.Printk(c, printk.Info, `ACPI: \_SB_.%s: Enabled at IRQ %d`, l.Name, l.IRQ)
	}
	return l.IRQ
}

// enableIRQ models acpi_pci_irq_enable (drivers/acpi/pci_irq.c): the pin's
// interrupt is looked up in the routing table, and becomes dev->irq. The links
// of these boards say that their lines are levels, active high.
func (d *Dev) enableIRQ(c *cpu.CPU) {
	route := shared.Of(c).cfg.Route
	if d.Pin == 0 || route == nil {
		return
	}
	if link, ok := route(d.BDF, int(d.Pin)); ok {
		if n, err := vector.RegisterGSI(c, useLink(c, link), d.Node, true, false); err == nil {
			d.IRQ = int(n)
		}
	}
}

// RoutingInit models pci_acpi_init and the end of pci_subsys_init
// (arch/x86/pci/acpi.c, common.c).
func RoutingInit(c *cpu.CPU) {
	printk.Printk(c, printk.Info, "PCI: Using ACPI for IRQ routing")
	printk.Printk(c, printk.Debug, "PCI: pci_cache_line_size set to 64 bytes")
}

// AssignResources models pci_assign_unassigned_resources where firmware has
// assigned all: it prints what the bus passes on.
func AssignResources(c *cpu.CPU) {
	for i, w := range shared.Of(c).cfg.Windows {
		printk.Printk(c, printk.Debug, "pci_bus 0000:00: resource %d %v", 4+i, w)
	}
}
