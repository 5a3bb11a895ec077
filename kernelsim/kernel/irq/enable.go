package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
)

// global models irq_get_desc_buslock with IRQ_GET_DESC_CHECK_GLOBAL: an
// interrupt that all processors have together.
func global(c *cpu.CPU, n Number) (*Desc, error) {
	d := ToDesc(c, n)
	switch {
	case d == nil:
		return nil, fmt.Errorf("irq: no interrupt %d: %w", n, errno.EINVAL)
	case d.settings&PerCPUDevID != 0:
		return nil, fmt.Errorf("irq: interrupt %d has a device for each processor: %w", n, errno.EINVAL)
	}
	return d, nil
}

// DisableNoSync models disable_irq_nosync (kernel/irq/manage.c): from now on
// the handlers are not called, but one may be running still. Most chips are not
// told; should the interrupt come, its flow will mask it. Calls nest. Context:
// any.
func DisableNoSync(c *cpu.CPU, n Number) error {
	d, err := global(c, n)
	if err != nil {
		return err
	}
	flags := d.lock.LockIRQSave(c)
	d.depth++
	if d.depth == 1 {
		d.disable(c, d.settings&DisableUnlazy != 0)
	}
	d.lock.UnlockIRQRestore(c, flags)
	return nil
}

// Disable models disable_irq: DisableNoSync, then it waits until no handler
// and no thread of the interrupt runs. Called by one of them it would wait for
// ever. Context: process context; it may sleep.
func Disable(c *cpu.CPU, n Number) error {
	err := DisableNoSync(c, n)
	if err == nil {
		SynchronizeIRQ(c, n)
	}
	return err
}

// DisableHardIRQ models disable_hardirq: Disable that does not wait for
// threads. False: one of them has something to do still, or there is no such
// interrupt. Context: any but the interrupt's own handler.
func DisableHardIRQ(c *cpu.CPU, n Number) bool {
	return DisableNoSync(c, n) == nil && SynchronizeHardIRQ(c, n)
}

// Enable models enable_irq: it undoes one Disable; with the last one undone,
// an edge that came meanwhile is made to come again. EINVAL, with Linux's
// warning, for an interrupt that is not disabled. Context: any.
func Enable(c *cpu.CPU, n Number) error {
	d, err := global(c, n)
	if err != nil {
		return err
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	return d.undisable(c)
}

// undisable models __enable_irq. What is enabled for the first time is
// started.
func (d *Desc) undisable(c *cpu.CPU) error {
	switch d.depth {
	case 0:
		complain(c, "Unbalanced enable for IRQ %d", d.IRQ)
		return fmt.Errorf("irq: interrupt %d is not disabled: %w", d.IRQ, errno.EINVAL)
	case 1:
		d.startup(c, true)
	default:
		d.depth--
	}
	return nil
}

// SetWake models irq_set_irq_wake: the interrupt wakes the system from its
// sleep, or no longer. Calls nest, apart from those of Disable. EINVAL for an
// NMI, ENXIO if the chip cannot. Context: any.
func SetWake(c *cpu.CPU, n Number, wake bool) error {
	d, err := global(c, n)
	if err != nil {
		return err
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	switch {
	case d.istate&NMI != 0:
		return fmt.Errorf("irq: interrupt %d comes as an NMI, which wakes nobody: %w", n, errno.EINVAL)
	case wake:
		return d.wakeUp(c)
	case d.wakes == 0:
		complain(c, "Unbalanced IRQ %d wake disable", n)
		return nil
	}
	return d.letSleep(c)
}

// wakeUp counts one more who wants the system woken; the first one tells the
// chip.
func (d *Desc) wakeUp(c *cpu.CPU) error {
	if d.wakes == 0 {
		if err := d.tellWake(c, true); err != nil {
			return err
		}
		d.Set(WakeupState)
	}
	d.wakes++
	return nil
}

// letSleep counts one less; the last one tells the chip.
func (d *Desc) letSleep(c *cpu.CPU) error {
	if d.wakes == 1 {
		if err := d.tellWake(c, false); err != nil {
			return err
		}
		d.Clear(WakeupState)
	}
	d.wakes--
	return nil
}

// tellWake models set_irq_wake_real.
func (d *Desc) tellWake(c *cpu.CPU, wake bool) error {
	switch {
	case d.chip.flags&SkipSetWake != 0:
		return nil
	case d.chip.waker == nil:
		return fmt.Errorf("irq: %s cannot let interrupt %d wake the system: %w", d.ChipName(), d.IRQ, errno.ENXIO)
	}
	return d.chip.waker.SetWake(c, &d.Data, wake)
}
