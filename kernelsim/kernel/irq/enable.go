package irq

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/printk"
)

// DisableNoSync models disable_irq_nosync (kernel/irq/manage.c): from now on
// the handlers are not called, but one may be running still. The chip is not
// told; should the interrupt come, its flow will mask it. Calls nest.
func DisableNoSync(c *cpu.CPU, n Number) error {
	d := ToDesc(c, n)
	if d == nil {
		return fmt.Errorf("irq: no interrupt %d: %w", n, errno.EINVAL)
	}
	flags := d.lock.LockIRQSave(c)
	d.depth++
	if d.depth == 1 {
		d.disable(c, false)
	}
	d.lock.UnlockIRQRestore(c, flags)
	return nil
}

// Disable models disable_irq: DisableNoSync, then it waits until no handler of
// the interrupt runs. Called by such a handler it would wait for ever.
func Disable(c *cpu.CPU, n Number) error {
	if err := DisableNoSync(c, n); err != nil {
		return err
	}
	ToDesc(c, n).synchronize(c)
	return nil
}

// Enable models enable_irq: it undoes one Disable; with the last one undone,
// an edge that came meanwhile is made to come again.
func Enable(c *cpu.CPU, n Number) error {
	d := ToDesc(c, n)
	if d == nil {
		return fmt.Errorf("irq: no interrupt %d: %w", n, errno.EINVAL)
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	switch d.depth {
	case 0:
		printk.Printk(c, printk.Warning, "Unbalanced enable for IRQ %d", n)
		return fmt.Errorf("irq: interrupt %d is not disabled: %w", n, errno.EINVAL)
	case 1:
		d.startup(c, true)
	default:
		d.depth--
	}
	return nil
}

// synchronize models __synchronize_hardirq: it spins until no processor is in
// the handlers.
func (d *Desc) synchronize(c *cpu.CPU) {
	for d.has(InProgress) {
		c.Spend(cost.CPURelax)
	}
}
