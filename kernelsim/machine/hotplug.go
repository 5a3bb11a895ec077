package machine

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
)

// SetOnline takes processor n down or brings it up, as a process that writes
// to /sys/devices/system/cpu/cpuN/online does, and waits until that is done.
// EINVAL for a processor that there is not, or that is so already; EBUSY for
// one that must stay, ENOSPC if the others have no room for its vectors.
func (m *Machine) SetOnline(n int, on bool) error {
	if n < 0 || n >= len(m.cpus) {
		return fmt.Errorf("no CPU %d: this machine has 0 to %d: %w", n, len(m.cpus)-1, errno.EINVAL)
	}
	var failed error
	err := m.Do("sh", func(c *cpu.CPU) {
		if on {
			failed = hotplug.Up(sched.Current(c), n)
		} else {
			failed = hotplug.Down(sched.Current(c), n)
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

// bootAgain models native_cpu_up for a processor that has been up before: the
// same start as at boot, but its threads are there already.
func (m *Machine) bootAgain(t *sched.Task, n int) error {
	c, p := t.CPU(), m.cpus[n]
	if !apic.CanBoot(c, n) {
		return apic.CPUUp(c, n) // it tells why
	}
	m.secondary[n] = sched.RestartIdle(p, m.startSecondary)
	printk.Printk(c, printk.Info, "smpboot: Booting Node %d Processor %d APIC %#x", m.Node(n), n, n)
	return apic.CPUUp(c, n)
}
