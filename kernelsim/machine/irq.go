package machine

import (
	"errors"
	"slices"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/drivers/standin"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/vector"
)

// initInterrupts models early_irq_init and what native_init_IRQ does for
// interrupts that are no exceptions: descriptors, vectors, and the 8259A pair
// as everybody's chip.
func (m *Machine) initInterrupts(c *cpu.CPU) {
	affinity.SetTopology(c, affinity.Numa(m.possible, m.cfg.Nodes).Threaded(m.cfg.Threads))
	m.isolate(c)
	affinity.SetOnline(c, c.ID, true)
	irq.Plug(c, m.parts.IRQ.layer())
	irq.EarlyInit(c, vector.Pins)
	if m.params.threadIRQs {
		irq.ForceThreads(c)
	}
	vector.InitISA(c)
	if len(m.params.traceEvents) > 0 {
		vector.Trace(c)
	}
	vector.Init(c)
	if !apic.HasIOAPIC(c) {
		told(c, standin.RequestCascade(c))
	}
}

// takeOver models setup_IO_APIC_irqs behind the timer's request: the I/O APIC
// has the lines now, if there is one. Only then is the boot processor counted
// among those of its node (numa_add_cpu, in identify_boot_cpu).
func (m *Machine) takeOver(c *cpu.CPU) {
	if apic.HasIOAPIC(c) {
		told(c, m.remap.EnableFaults(c))
		told(c, vector.SetupIOAPIC(c, m.remap.Domain(), ioapicSource))
	} else {
		vector.KeepISA(c)
	}
	affinity.AddToNode(c, c.ID)
}

// onlineInterrupts models the part of start_secondary that makes a processor
// one that interrupts can go to (lapic_online, set_cpu_online).
func (m *Machine) onlineInterrupts(c *cpu.CPU) {
	affinity.AddToNode(c, c.ID)
	affinity.SetOnline(c, c.ID, true)
	vector.Online(c)
}

// told puts an error that boot goes on with into the log.
func told(c *cpu.CPU, err error) {
	if err != nil {
		printk.Printk(c, printk.Err, "%v", err)
	}
}

// bindStandIns gives every device that was plugged in its driver, unless the
// command line keeps that driver's module from being loaded. A device whose
// driver fails stays without one; the log tells.
func (m *Machine) bindStandIns(c *cpu.CPU) {
	seen := map[string]int{}
	for _, f := range m.board.Functions() {
		kind := f.Device.Kind
		if kind == "edu" || kind == "pattern" || kind == "metronome" || slices.Contains(m.params.blacklist, moduleOf(kind)) { // these have no driver in Linux
			continue
		}
		index := counted(kind)
		if d := pci.Find(c, f.Func.BDF()); d != nil {
			told(c, m.bind(c, d, f.Device, seen[index]))
		}
		seen[index]++
	}
}

// bind gives a function the driver of its kind, as the index-th of those with
// which it is counted.
func (m *Machine) bind(c *cpu.CPU, d *pci.Dev, dev board.Device, index int) error {
	drv, err := m.driver(dev.Kind, index, dev)
	if err == nil {
		err = pci.Bind(c, drv, d)
	}
	return err
}

// Bind loads the driver of a device that was plugged in, as the index-th of
// those with which it is counted: what modprobe does behind a blacklist.
func (m *Machine) Bind(f *board.Function, index int) (err error) {
	failed := m.Do("modprobe", func(c *cpu.CPU) { err = m.bind(c, pci.Find(c, f.BDF()), f.Device, index) })
	return errors.Join(failed, err)
}

// moduleOf is the module that has the driver of a kind of device.
func moduleOf(kind string) string {
	if kind == "virtio-net" {
		return "virtio_net"
	}
	return kind
}

// counted is with which others a kind's devices are counted: the interfaces of
// all network cards are eth0, eth1 and so on.
func counted(kind string) string {
	switch kind {
	case "virtio-net", "e1000e", "vmxnet3", "ena":
		return "eth"
	}
	return kind
}

// TraceEvents are the events that the command line has switched on.
func (m *Machine) TraceEvents() []string { return m.params.traceEvents }

// Interrupts lists the kernel's interrupts by number; none on a bare machine.
func (m *Machine) Interrupts() []*irq.Desc {
	if m.Bare() || len(m.cpus) == 0 || m.cpus[0].GS.Slots == nil {
		return nil
	}
	return irq.Descs(m.cpus[0])
}

// FailRequest makes the n-th request_irq from now on fail once; 0 takes it
// back.
func (m *Machine) FailRequest(n int, err *errno.Errno) { irq.FailRequest(m.cpus[0], n, err) }

// FailingRequest tells what FailRequest has left to do.
func (m *Machine) FailingRequest() (n int, err *errno.Errno) { return irq.Failing(m.cpus[0]) }
