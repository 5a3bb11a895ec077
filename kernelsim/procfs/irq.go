package procfs

import (
	"fmt"
	"strconv"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
)

// irqs lists /proc/irq (kernel/irq/proc.c).
func (fs *FS) irqs() []node {
	list := []node{setting("default_smp_affinity",
		func() string { return fs.hex(affinity.Default(fs.boot())) },
		fs.setDefaultAffinity)}
	for _, d := range fs.m.Interrupts() {
		if d.Registered() {
			list = append(list, dir(strconv.Itoa(int(d.IRQ)), func() []node { return fs.irqFiles(d) }))
		}
	}
	return list
}

// irqFiles lists /proc/irq/N (register_irq_proc), with a directory for each
// handler.
func (fs *FS) irqFiles(d *irq.Desc) []node {
	mask := func(name string, m func() cpumask.Mask) node {
		return show(name, func() string { return fs.hex(m()) })
	}
	effective := func() cpumask.Mask { return d.Effective }
	list := []node{
		setting("smp_affinity", func() string { return fs.hex(d.ShownAffinity()) }, fs.setAffinity(d, parseHex)),
		setting("smp_affinity_list", func() string { return d.ShownAffinity().String() + "\n" }, fs.setAffinity(d, parseList)),
		mask("affinity_hint", d.Hint),
		show("node", func() string { return fmt.Sprintf("%d\n", d.Node) }),
		mask("effective_affinity", effective),
		show("effective_affinity_list", func() string { return effective().String() + "\n" }),
		show("spurious", func() string { return fs.spurious(d) }),
	}
	for _, name := range d.Names() {
		list = append(list, dir(name, func() []node { return nil }))
	}
	return list
}

func (fs *FS) hex(m cpumask.Mask) string { return m.Hex(len(fs.m.CPUs())) + "\n" }

// A parser reads a mask of processors, of which n are possible.
type parser func(text string, n int) (cpumask.Mask, error)

// setAffinity models write_irq_affinity: what the kernel has spread itself
// stays, and one processor at least must be online.
func (fs *FS) setAffinity(d *irq.Desc, parse parser) func(string, bool) error {
	return func(text string, _ bool) error {
		if !d.CanSetAffinity() {
			return errno.EIO
		}
		m, err := fs.onlineMask(text, parse)
		if err != nil {
			return err
		}
		var failed error
		if err := fs.m.Do("sh", func(c *cpu.CPU) { failed = irq.SetAffinity(c, d.IRQ, m) }); err != nil {
			return err
		}
		return failed
	}
}

// setDefaultAffinity models default_affinity_write.
func (fs *FS) setDefaultAffinity(text string, _ bool) error {
	m, err := fs.onlineMask(text, parseHex)
	if err == nil {
		affinity.SetDefault(fs.boot(), m)
	}
	return err
}

func (fs *FS) onlineMask(text string, parse parser) (cpumask.Mask, error) {
	m, err := parse(text, len(fs.m.CPUs()))
	if err == nil && !m.Intersects(affinity.Online(fs.boot())) {
		err = errno.EINVAL
	}
	return m, err
}
