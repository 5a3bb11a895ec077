package procfs

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/kernel/irq"
)

// spurious models irq_spurious_proc_show (kernel/irq/proc.c).
func (fs *FS) spurious(d *irq.Desc) string {
	a, last := d.Spurious()
	return fmt.Sprintf("count %d\nunhandled %d\nlast_unhandled %d ms\n", a.Count, a.Unhandled, msecs(last, fs.m.Config().HZ))
}

// msecs models jiffies_to_msecs: 32 bits of it.
func msecs(jiffies uint64, hz int) uint32 {
	n := uint64(hz)
	return uint32((jiffies*1000 + n - 1) / n)
}

// sysIRQs lists /sys/kernel/irq (irq_sysfs_init, kernel/irq/irqdesc.c): every
// descriptor has a directory, whether anybody uses it or not.
func (fs *FS) sysIRQs() (list []node) {
	for _, d := range fs.m.Interrupts() {
		list = append(list, sealed(strconv.Itoa(int(d.IRQ)), func() []node { return fs.sysIRQ(d) }))
	}
	return list
}

// sysIRQ lists /sys/kernel/irq/N. What an interrupt does not have is an empty
// file.
func (fs *FS) sysIRQ(d *irq.Desc) []node {
	line := func(name, text string) node {
		if text != "" {
			text += "\n"
		}
		return attr(name, func() string { return text })
	}
	hwirq := ""
	if d.Domain != nil {
		hwirq = strconv.FormatUint(d.HWIRQ, 10)
	}
	return []node{
		line("actions", strings.Join(d.Names(), ",")),
		line("chip_name", d.ChipName()),
		line("hwirq", hwirq),
		line("name", d.Name),
		line("per_cpu_count", fs.perCPUCounts(d)),
		line("type", d.TypeName()),
		line("wakeup", d.WakeupName()),
	}
}

// perCPUCounts lists the counts of all possible CPUs.
func (fs *FS) perCPUCounts(d *irq.Desc) string {
	var list []string
	for _, p := range fs.m.CPUs() {
		list = append(list, strconv.FormatUint(d.Count(p.ID), 10))
	}
	return strings.Join(list, ",")
}
