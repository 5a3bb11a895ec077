package procfs

import (
	"errors"
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
)

// debugIRQ lists /sys/kernel/debug/irq (irq_debugfs_init, kernel/irq/
// debugfs.c). The recorded kernel was built without it.
func (fs *FS) debugIRQ() []node {
	return []node{sealed("domains", fs.debugDomains), sealed("irqs", fs.debugIRQs)}
}

// debugDomains lists the domains, one of them twice: by its name, and as the
// default one.
func (fs *FS) debugDomains() (list []node) {
	file := func(name string, d *irq.Domain) node {
		n := show(name, func() string { return d.DebugShow(fs.boot()) })
		n.refuse = errno.EINVAL // opened, but there is no write function
		return n
	}
	for i, d := range fs.m.Domains() {
		if i == 0 {
			list = append(list, file("default", d))
		}
		list = append(list, file(d.Name, d))
	}
	return list
}

// debugIRQs lists a file for each descriptor.
func (fs *FS) debugIRQs() (list []node) {
	for _, d := range fs.m.Interrupts() {
		list = append(list, setting(strconv.Itoa(int(d.IRQ)),
			func() string { return d.DebugShow(fs.boot()) }, fs.inject(d)))
	}
	return list
}

// inject models irq_debug_write: "trigger", or the beginning of it, lets the
// interrupt come. Anything else is taken and means nothing.
func (fs *FS) inject(d *irq.Desc) func(string, bool) error {
	return func(text string, _ bool) error {
		const most = 7
		if !strings.HasPrefix("trigger", text[:min(len(text), most)]) {
			return nil
		}
		var failed error
		if err := fs.m.Do("sh", func(c *cpu.CPU) { failed = irq.Inject(c, d.IRQ) }); err != nil {
			return err
		}
		if e := (*errno.Errno)(nil); errors.As(failed, &e) {
			return e
		}
		return failed
	}
}
