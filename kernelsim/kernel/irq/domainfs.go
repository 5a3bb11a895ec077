package irq

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
)

// A DomainFlag is one of IRQ_DOMAIN_* (include/linux/irqdomain.h).
type DomainFlag uint32

// The flags of the domains of a PC. All of them are levels of a hierarchy and
// were given a name.
const (
	Hierarchy DomainFlag = 1 << 0
	NameGiven DomainFlag = 1 << 1
	MSIDomain DomainFlag = 1 << 4
)

// domains models irq_domain_list. The first one is irq_default_domain.
var domains = percpu.Shared[[]*Domain]("irq_domain_list")

// AddDomain models __irq_domain_publish (kernel/irq/irqdomain.c): from now on
// the domain is listed. One of the same name was a former one. Context: boot.
func AddDomain(c *cpu.CPU, d *Domain) {
	list := domains.Of(c)
	for i, old := range *list {
		if old.Name == d.Name {
			(*list)[i] = d
			return
		}
	}
	*list = append(*list, d)
}

// Domains lists the domains, the oldest and default one first.
func Domains(c *cpu.CPU) []*Domain { return *domains.Of(c) }

// DebugShow models irq_domain_debug_show: the domain and those below it.
func (d *Domain) DebugShow(c *cpu.CPU) string {
	var b strings.Builder
	d.debugShow(c, &b, 0)
	return b.String()
}

// debugShow models irq_domain_debug_show_one.
func (d *Domain) debugShow(c *cpu.CPU, b *strings.Builder, ind int) {
	fmt.Fprintf(b, "%*sname:   %s\n%*ssize:   %d\n%*smapped: %d\n%*sflags:  0x%08x\n", ind, "", d.Name,
		ind+1, "", d.Size, ind+1, "", d.mapped(c), ind+1, "", uint32(d.Flags|Hierarchy|NameGiven))
	if s, ok := d.Ops.(DebugShower); ok {
		b.WriteString(s.DebugShow(c, nil, ind+1))
	}
	if d.Parent != nil {
		fmt.Fprintf(b, "%*sparent: %s\n", ind+1, "", d.Parent.Name)
		d.Parent.debugShow(c, b, ind+4)
	}
}

// mapped is mapcount: how many interrupts have a level in the domain.
func (d *Domain) mapped(c *cpu.CPU) (n int) {
	for _, desc := range Descs(c) {
		if DataOf(c, d, desc.IRQ) != nil {
			n++
		}
	}
	return n
}
