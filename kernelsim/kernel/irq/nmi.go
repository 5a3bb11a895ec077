package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
)

// RequestNMI models request_nmi (kernel/irq/manage.c): from now on the handler
// is called when the interrupt comes, as an NMI. That must be one of each
// processor's own (PerCPUFlag), not shared, and switched on later
// (NoAutoEnable). EINVAL for all else, and for a chip that cannot do it; no
// chip of a PC can. Context: process context; it may sleep.
func RequestNMI(c *cpu.CPU, n Number, h Handler, flags Flags, name string, dev any) error {
	if n == NotConnected {
		return fmt.Errorf("irq: %s asks for an NMI whose pin is not connected: %w", name, errno.ENOTCONN)
	}
	d := ToDesc(c, n)
	switch {
	case flags&(Shared|CondSuspend|IRQPoll) != 0 || flags&PerCPUFlag == 0 || h == nil:
		return fmt.Errorf("irq: %s asks for interrupt %d as an NMI with flags %#x, or without a handler: it is each processor's own, and neither shared nor polled: %w", name, n, uint32(flags), errno.EINVAL)
	case d == nil || d.settings&NoAutoEnabled == 0 && flags&NoAutoEnable == 0 || d.settings&(NoRequest|PerCPUDevID) != 0:
		return fmt.Errorf("irq: %s asks for interrupt %d as an NMI, which nobody may request so, or not with IRQF_NO_AUTOEN: %w", name, n, errno.EINVAL)
	case !d.supportsNMI():
		return fmt.Errorf("irq: %s asks for interrupt %d as an NMI, which %s cannot make of it: %w", name, n, d.ChipName(), errno.EINVAL)
	}
	return d.setupNMI(c, &Action{Handler: h, Dev: dev, Name: name, Flags: flags | NoThread | NoBalance, nameID: c.Ring.Names().ID(name)})
}

// supportsNMI models irq_supports_nmi: the chip that the device is wired to
// must do it itself.
func (d *Desc) supportsNMI() bool {
	return d.Parent == nil && d.chip.flags&SupportsNMI != 0
}

// setupNMI is the second half of request_nmi.
func (d *Desc) setupNMI(c *cpu.CPU, a *Action) error {
	if err := d.setup(c, a); err != nil {
		return err
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	d.istate |= NMI
	if d.chip.nmi == nil || d.chip.nmi.NMISetup(c, &d.Data) != nil {
		d.cleanupNMI(c)
		return fmt.Errorf("irq: %s did not make an NMI of interrupt %d: %w", d.ChipName(), d.IRQ, errno.EINVAL)
	}
	return nil
}

// cleanupNMI models __cleanup_nmi.
func (d *Desc) cleanupNMI(c *cpu.CPU) (name string) {
	d.istate &^= NMI
	name, d.action = d.action.Name, nil
	d.settings &^= DisableUnlazy
	d.shutdown(c)
	Deactivate(c, &d.Data)
	return name
}

// FreeNMI models free_nmi: the name of who had it; EINVAL for an interrupt that
// is no NMI. One that is enabled still is disabled first, with a warning.
func FreeNMI(c *cpu.CPU, n Number) (name string, err error) {
	d, err := global(c, n)
	if err != nil || d.istate&NMI == 0 {
		return "", fmt.Errorf("irq: interrupt %d is no NMI: %w", n, errno.EINVAL)
	}
	if d.depth == 0 {
		complain(c, "NMI %d is freed while it is enabled", n)
		_ = DisableNoSync(c, n) // there is such an interrupt
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	if d.chip.nmi != nil {
		d.chip.nmi.NMITeardown(c, &d.Data)
	}
	return d.cleanupNMI(c), nil
}
