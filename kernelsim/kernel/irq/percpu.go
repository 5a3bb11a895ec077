package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/trace"
)

// A PerCPUDev is a driver's data for each processor (a dev_id of type void
// __percpu *). Requests are told apart by its address.
type PerCPUDev []any

// SetPerCPUDevID models irq_set_percpu_devid (kernel/irq/irqdesc.c): the
// interrupt is each processor's own, which enables it for itself, and its
// handler is given that processor's data. Context: when the chip is set up.
func SetPerCPUDevID(c *cpu.CPU, n Number) error {
	d := ToDesc(c, n)
	if d == nil || d.settings&PerCPUDevID != 0 {
		return fmt.Errorf("irq: no interrupt %d, or it is each processor's own already: %w", n, errno.EINVAL)
	}
	d.settings |= NoAutoEnabled | PerCPUSetting | NeverThreaded | PerCPUDevID
	d.Set(PerCPU)
	return nil
}

// perCPU models irq_get_desc_buslock with IRQ_GET_DESC_CHECK_PERCPU.
func perCPU(c *cpu.CPU, n Number) (*Desc, error) {
	d := ToDesc(c, n)
	if d == nil || d.settings&PerCPUDevID == 0 {
		return nil, fmt.Errorf("irq: no interrupt %d that has a device for each processor: %w", n, errno.EINVAL)
	}
	return d, nil
}

// RequestPerCPU models __request_percpu_irq (kernel/irq/manage.c). flags is 0
// or Timer. Context: process context; it may sleep.
func RequestPerCPU(c *cpu.CPU, n Number, h Handler, flags Flags, name string, dev PerCPUDev) error {
	d, err := perCPU(c, n)
	switch {
	case err != nil:
		return err
	case len(dev) != len(c.Peers) || h == nil:
		return fmt.Errorf("irq: %s asks for interrupt %d without a handler, or without data for each processor: %w", name, n, errno.EINVAL)
	case d.settings&NoRequest != 0 || flags != 0 && flags != Timer:
		return fmt.Errorf("irq: %s asks for interrupt %d, which nobody may request, or with flags %#x that it cannot have: %w", name, n, uint32(flags), errno.EINVAL)
	}
	return d.setup(c, &Action{Handler: h, perCPU: dev, Name: name, Flags: flags | PerCPUFlag | NoSuspend, nameID: c.Ring.Names().ID(name)})
}

// EnablePerCPU models enable_percpu_irq: for the processor that calls, with a
// trigger or 0 for what it is. Context: the caller stays on its processor.
func EnablePerCPU(c *cpu.CPU, n Number, trigger Flags) error {
	d, err := perCPU(c, n)
	if err != nil {
		return err
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	want := State(trigger) & TriggerMask
	if want == 0 {
		want = d.State & TriggerMask
	}
	if err := d.setTrigger(c, want); err != nil {
		complain(c, "failed to set type for IRQ%d", n)
		return err
	}
	if d.chip.enabler != nil {
		d.chip.enabler.Enable(c, &d.Data)
	} else {
		d.chip.Unmask(c, &d.Data)
	}
	d.perCPU.Add(c.ID)
	return nil
}

// DisablePerCPU models disable_percpu_irq: for the processor that calls.
func DisablePerCPU(c *cpu.CPU, n Number) error {
	d, err := perCPU(c, n)
	if err != nil {
		return err
	}
	flags := d.lock.LockIRQSave(c)
	d.disablePerCPU(c)
	d.lock.UnlockIRQRestore(c, flags)
	return nil
}

// disablePerCPU models irq_percpu_disable.
func (d *Desc) disablePerCPU(c *cpu.CPU) {
	if d.chip.disabler != nil {
		d.chip.disabler.Disable(c, &d.Data)
	} else {
		d.chip.Mask(c, &d.Data)
	}
	d.perCPU.Remove(c.ID)
}

// FreePerCPU models free_percpu_irq. EINVAL, with Linux's warnings, for one
// that is free already or enabled on some processor still.
func FreePerCPU(c *cpu.CPU, n Number, dev PerCPUDev) (name string, err error) {
	d, err := perCPU(c, n)
	if err != nil {
		return "", err
	}
	if preempt.InInterrupt(c) {
		complain(c, "Trying to free IRQ %d from IRQ context!", n)
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	switch a := d.action; {
	case a == nil || len(dev) == 0 || &a.perCPU[0] != &dev[0]:
		complain(c, "Trying to free already-free IRQ %d", n)
	case !d.perCPU.Empty():
		complain(c, "percpu IRQ %d still enabled on CPU%d!", n, d.perCPU.First())
	default:
		d.action = nil
		return a.Name, nil
	}
	return "", fmt.Errorf("irq: interrupt %d is free already, another's, or enabled on a processor: %w", n, errno.EINVAL)
}

// HandlePerCPUDevID models handle_percpu_devid_irq (kernel/irq/chip.c):
// HandlePerCPU whose one handler is given its processor's data.
func HandlePerCPUDevID(c *cpu.CPU, d *Desc) {
	d.counts[c.ID]++
	if d.chip.ack != nil {
		d.chip.ack.Ack(c, &d.Data)
	}
	if a := d.action; a != nil {
		sched.Record(c, trace.IRQHandlerEntry, uint32(d.IRQ), a.nameID, 0, 0)
		res := a.Handler(c, d.IRQ, a.perCPU[c.ID])
		sched.Record(c, trace.IRQHandlerExit, uint32(d.IRQ), uint32(min(res, 1)), 0, 0)
	} else {
		d.spuriousPerCPU(c)
	}
	if d.chip.eoi != nil {
		d.chip.eoi.EOI(c, &d.Data)
	}
}

// spuriousPerCPU is what becomes of one that nobody has requested.
func (d *Desc) spuriousPerCPU(c *cpu.CPU) {
	how := ""
	if d.perCPU.Has(c.ID) {
		d.disablePerCPU(c)
		how = " and unmasked"
	}
	if s := shared.Of(c); s.told&spuriousPerCPU == 0 {
		s.told |= spuriousPerCPU
		printk.Printk(c, printk.Err, "Spurious%s percpu IRQ%d on CPU%d", how, d.IRQ, c.ID)
	}
}
