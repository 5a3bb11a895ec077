package standin

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/sched"
)

// watchCPUs models the end of virtnet_probe (drivers/net/virtio_net.c): pairs
// of queues are in use as far as there are processors, they are dealt to them,
// and dealt anew whenever one comes or goes.
func (d *Driver) watchCPUs(c *cpu.CPU, dev *pci.Dev, pairs int) {
	used := min(pairs, affinity.Online(c).Count()) // curr_queue_pairs
	spreadPairs(c, dev, used)
	spread := func(t *sched.Task, _ int) { spreadPairs(t.CPU(), dev, used) }
	d.notifier = &hotplug.Driver{Name: "virtio/net", Online: spread, Dead: spread,
		DownPrep: func(t *sched.Task, _ int) { forgetPairs(t.CPU(), dev, pairs) }}
	hotplug.AddDriver(c, d.notifier)
}

// ignoreCPUs models virtnet_cpu_notif_remove.
func (d *Driver) ignoreCPUs(c *cpu.CPU) {
	if d.notifier != nil {
		hotplug.RemoveDriver(c, d.notifier)
		d.notifier = nil
	}
}

// spreadPairs models virtnet_set_affinity: the online processors are dealt to
// the pairs in runs, or, where they are fewer, the pairs to the processors in
// turn.
func spreadPairs(c *cpu.CPU, dev *pci.Dev, pairs int) {
	cpus := affinity.Online(c)
	n := cpus.First()
	for q := range pairs {
		size := max(cpus.Count()/pairs, 1)
		if cpus.Count() >= pairs && q < cpus.Count()%pairs {
			size++
		}
		var m irq.Mask
		for range size {
			m.Add(n)
			if n = cpus.Next(n + 1); n < 0 {
				n = cpus.First()
			}
		}
		advisePair(c, dev, q, m)
	}
}

// forgetPairs models virtnet_clean_affinity: the advice is taken back, the
// interrupts stay where they are.
func forgetPairs(c *cpu.CPU, dev *pci.Dev, pairs int) {
	for q := range pairs {
		advisePair(c, dev, q, irq.Mask{})
	}
}

// advisePair models virtqueue_set_affinity for both queues of a pair.
func advisePair(c *cpu.CPU, dev *pci.Dev, q int, m irq.Mask) {
	for _, i := range []int{1 + 2*q, 2 + 2*q} {
		if virq, err := pci.IRQVector(dev, i); err == nil {
			_ = irq.SetHint(c, virq, m) // advice
		}
	}
}
