package irq

import (
	"errors"
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/affinity"
)

// A Mask is a set of processors.
type Mask = cpumask.Mask

// online reports whether a set has a processor that is online.
func online(c *cpu.CPU, m Mask) bool { return m.Intersects(affinity.Online(c)) }

// canSetAffinity models __irq_can_set_affinity.
func (d *Desc) canSetAffinity() bool {
	return d.chip.setter != nil && !d.has(PerCPU|NoBalancing)
}

// CanSetAffinity models irq_can_set_affinity_usr: users may move it.
func (d *Desc) CanSetAffinity() bool { return d.canSetAffinity() && !d.Managed() }

// setupAffinity models irq_setup_affinity: at its start the interrupt goes to
// what was said of it or to the default, so far as that is online, and on its
// node if it can.
func (d *Desc) setupAffinity(c *cpu.CPU) {
	if !d.canSetAffinity() {
		return
	}
	set := affinity.Default(c)
	if d.has(AffinityManaged | AffinitySet) {
		if online(c, d.Affinity) {
			set = d.Affinity
		} else {
			d.Clear(AffinitySet)
		}
	}
	m := set.And(affinity.Online(c))
	if m.Empty() {
		m = affinity.Online(c)
	}
	if node := affinity.NodeMask(c, d.Node); m.Intersects(node) {
		m = m.And(node)
	}
	_ = d.doSetAffinity(c, m, false) // it stays where it was activated
}

// doSetAffinity models irq_do_set_affinity: the chip moves the interrupt to
// those of the mask that are online, a managed one not to isolated ones if
// there are others. force gives the chip the mask as it is.
func (d *Desc) doSetAffinity(c *cpu.CPU, m Mask, force bool) error {
	if d.chip.setter == nil {
		return fmt.Errorf("irq: interrupt %d cannot be moved: %w", d.IRQ, errno.EINVAL)
	}
	to := d.preferred(c, m).And(affinity.Online(c))
	switch {
	case force:
		to = m
	case to.Empty():
		return fmt.Errorf("irq: no processor of %s is online: %w", m, errno.EINVAL)
	}
	if _, err := d.chip.setter.SetAffinity(c, &d.Data, to, force); err != nil {
		return err
	}
	d.Affinity = m
	d.setThreadAffinity()
	return nil
}

// preferred leaves the processors out that are isolated from managed
// interrupts (isolcpus=managed_irq), unless no other one is online.
func (d *Desc) preferred(c *cpu.CPU, m Mask) Mask {
	keep, isolated := affinity.Housekeeping(c)
	if kept := m.And(keep); isolated && d.Managed() && online(c, kept) {
		return kept
	}
	return m
}

// SetAffinity models irq_set_affinity (kernel/irq/manage.c): the interrupt may
// go to these processors. One that is not in use takes a note; one that can be
// moved at any time is moved; all others move when they come next. EINVAL for
// an interrupt that cannot be moved.
func SetAffinity(c *cpu.CPU, n Number, m Mask) error { return setAffinity(c, n, m, false) }

// ForceAffinity models irq_force_affinity: the mask is not compared with what
// is online, because its processor is about to come.
func ForceAffinity(c *cpu.CPU, n Number, m Mask) error { return setAffinity(c, n, m, true) }

// setAffinity models __irq_set_affinity.
func setAffinity(c *cpu.CPU, n Number, m Mask, force bool) error {
	d := ToDesc(c, n)
	if d == nil || d.chip.setter == nil {
		return fmt.Errorf("irq: no interrupt %d that can be moved: %w", n, errno.EINVAL)
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	return d.setAffinity(c, m, force)
}

// setAffinity models irq_set_affinity_locked.
func (d *Desc) setAffinity(c *cpu.CPU, m Mask, force bool) (err error) {
	if !d.has(Activated) && d.has(AffinityOnActivate) {
		d.Affinity, d.Effective = m, m
		d.Set(AffinitySet)
		return nil
	}
	if d.has(MovePCNTXT) && !d.has(SetAffinityPending) {
		err = d.trySetAffinity(c, m, force)
	} else {
		d.await(m)
	}
	d.notifyAffinity(c)
	d.Set(AffinitySet)
	return err
}

// trySetAffinity models irq_try_set_affinity: while a former move is not
// cleaned up the new one waits.
func (d *Desc) trySetAffinity(c *cpu.CPU, m Mask, force bool) error {
	err := d.doSetAffinity(c, m, force)
	if errors.Is(err, errno.EBUSY) && !force {
		d.await(m)
		return nil
	}
	return err
}

// await models irq_set_affinity_pending: the next interrupt moves.
func (d *Desc) await(m Mask) {
	d.Set(SetAffinityPending)
	d.pending = m
}

// ShownAffinity is what /proc/irq/N/smp_affinity shows: a move that waits
// counts already (show_irq_affinity).
func (d *Desc) ShownAffinity() Mask {
	if d.has(SetAffinityPending) {
		return d.pending
	}
	return d.Affinity
}

// MovePending models irq_move_irq (kernel/irq/migration.c): the interrupt is
// here, so the next one can go elsewhere. Context: the chip's ack, under the
// descriptor's lock.
func MovePending(c *cpu.CPU, d *Data) {
	if d.Common.has(SetAffinityPending) {
		d.Desc().move(c)
	}
}

// move models __irq_move_irq.
func (d *Desc) move(c *cpu.CPU) {
	if d.has(Disabled) {
		return
	}
	masked := d.has(Masked)
	if !masked {
		d.chip.Mask(c, &d.Data)
	}
	d.moveMasked(c)
	if !masked {
		d.chip.Unmask(c, &d.Data)
	}
}

// moveMasked models irq_move_masked_irq. While the vector of a former move is
// not given back, the move waits for the next interrupt.
func (d *Desc) moveMasked(c *cpu.CPU) {
	d.Clear(SetAffinityPending)
	if d.pending.Empty() || d.chip.setter == nil {
		return
	}
	if online(c, d.pending) {
		if err := d.doSetAffinity(c, d.pending, false); errors.Is(err, errno.EBUSY) {
			d.Set(SetAffinityPending)
			return
		}
	}
	d.pending = Mask{}
}

// MoveMasked models irq_move_masked_irq for a chip that has masked its line.
func MoveMasked(c *cpu.CPU, d *Data) {
	if d.Common.has(SetAffinityPending) {
		d.Desc().moveMasked(c)
	}
}
