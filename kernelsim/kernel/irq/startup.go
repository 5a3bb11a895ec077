package irq

import "bothhalves/kernelsim/hw/cpu"

// mask models mask_irq, unmask unmask_irq: the chip is told only what it does
// not know yet.
func (d *Desc) mask(c *cpu.CPU) {
	if !d.has(Masked) {
		d.chip.Mask(c, &d.Data)
		d.Set(Masked)
	}
}

func (d *Desc) unmask(c *cpu.CPU) {
	if d.has(Masked) {
		d.chip.Unmask(c, &d.Data)
		d.Clear(Masked)
	}
}

// maskAck models mask_ack_irq.
func (d *Desc) maskAck(c *cpu.CPU) {
	if d.chip.maskAck != nil {
		d.chip.maskAck.MaskAck(c, &d.Data)
		d.Set(Masked)
		return
	}
	d.mask(c)
	if d.chip.ack != nil {
		d.chip.ack.Ack(c, &d.Data)
	}
}

// enable models irq_enable.
func (d *Desc) enable(c *cpu.CPU) {
	if !d.has(Disabled) {
		d.unmask(c)
		return
	}
	d.Clear(Disabled)
	if d.chip.enabler != nil {
		d.chip.enabler.Enable(c, &d.Data)
		d.Clear(Masked)
		return
	}
	d.unmask(c)
}

// disable models __irq_disable. Unless it wants to know, the chip is told only
// where mask says so: should the interrupt come, its flow will mask it.
func (d *Desc) disable(c *cpu.CPU, mask bool) {
	already := d.has(Disabled)
	d.Set(Disabled)
	switch {
	case !already && d.chip.disabler != nil:
		d.chip.disabler.Disable(c, &d.Data)
		d.Set(Masked)
	case mask:
		d.mask(c)
	}
}

// unmaskThreaded models unmask_threaded_irq: the last thread frees the line.
func (d *Desc) unmaskThreaded(c *cpu.CPU) {
	if d.chip.flags&EOIThreaded != 0 {
		d.chip.eoi.EOI(c, &d.Data)
	}
	d.unmask(c)
}

// startup models irq_startup. It does not fail: a managed interrupt whose
// processors are all away waits for one (IRQD_MANAGED_SHUTDOWN).
func (d *Desc) startup(c *cpu.CPU, resend bool) {
	d.depth = 0
	switch {
	case d.has(Started):
		d.enable(c)
	case !d.Managed():
		d.startNormal(c)
	case !d.startManaged(c):
		d.Set(ManagedShutdown)
		return
	}
	if resend {
		d.resend(c)
	}
}

// startNormal is IRQ_STARTUP_NORMAL: affinity before or after, as the chip
// wants it.
func (d *Desc) startNormal(c *cpu.CPU) {
	before := d.chip.flags&AffinityPreStartup != 0
	if before {
		d.setupAffinity(c)
	}
	d.start(c)
	if !before {
		d.setupAffinity(c)
	}
}

// startManaged models __irq_startup_managed and what follows it.
func (d *Desc) startManaged(c *cpu.CPU) bool {
	d.Clear(ManagedShutdown)
	if !online(c, d.Affinity) || Activate(c, &d.Data, false) != nil {
		return false
	}
	_ = d.doSetAffinity(c, d.Affinity, false) // it goes where it has just been activated
	d.start(c)
	return true
}

// start models __irq_startup.
func (d *Desc) start(c *cpu.CPU) {
	if d.chip.starter != nil {
		d.chip.starter.Startup(c, &d.Data)
		d.Clear(Disabled | Masked)
	} else {
		d.enable(c)
	}
	d.Set(Started)
}

// shutdown models irq_shutdown.
func (d *Desc) shutdown(c *cpu.CPU) {
	if d.has(Started) {
		d.depth = 1
		d.disable(c, true)
		d.Clear(Started)
	}
}

// resend models check_irq_resend: an edge that came while nobody could take it
// comes again. A level comes by itself.
func (d *Desc) resend(c *cpu.CPU) {
	if d.level {
		d.istate &^= Pending
		return
	}
	if d.istate&Replay != 0 || d.istate&Pending == 0 {
		return
	}
	d.istate &^= Pending
	if d.chip.trigger != nil {
		d.chip.trigger.Retrigger(c, &d.Data)
		d.istate |= Replay
	}
}
