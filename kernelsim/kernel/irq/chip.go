package irq

import "bothhalves/kernelsim/hw/cpu"

// A Chip is a controller as the layer sees it (struct irq_chip,
// include/linux/irq.h). What a chip can do beyond masking it says by the
// interfaces below, which are looked at once, by SetChip.
type Chip interface {
	Name() string
	Mask(c *cpu.CPU, d *Data)
	Unmask(c *cpu.CPU, d *Data)
}

// An Acker has irq_ack: the first thing that an edge's flow does.
type Acker interface{ Ack(c *cpu.CPU, d *Data) }

// An EOIer has irq_eoi: the last thing that a fasteoi flow does.
type EOIer interface{ EOI(c *cpu.CPU, d *Data) }

// An AffinitySetter has irq_set_affinity. It answers EBUSY while a former move
// is not over. done says that the levels above have nothing left to do
// (IRQ_SET_MASK_OK_DONE).
type AffinitySetter interface {
	SetAffinity(c *cpu.CPU, d *Data, m Mask, force bool) (done bool, err error)
}

// A Starter has irq_startup, in place of unmasking.
type Starter interface{ Startup(c *cpu.CPU, d *Data) }

// A Composer has irq_compose_msi_msg: it says what a device must write.
type Composer interface {
	Compose(c *cpu.CPU, d *Data) Message
}

// A Writer has irq_write_msi_msg: it makes the device write that.
type Writer interface {
	WriteMessage(c *cpu.CPU, d *Data, m Message)
}

// A Retriggerer has irq_retrigger: the interrupt is made to come once more.
type Retriggerer interface{ Retrigger(c *cpu.CPU, d *Data) }

// A ChipFlag is one of IRQCHIP_*.
type ChipFlag uint32

// The flags.
const (
	EOIIfHandled       ChipFlag = 0x002
	SkipSetWake        ChipFlag = 0x010
	OneShotSafe        ChipFlag = 0x020
	EOIThreaded        ChipFlag = 0x040
	AffinityPreStartup ChipFlag = 0x400
)

// A Flagged chip has flags.
type Flagged interface{ Flags() ChipFlag }

// A Message models struct msi_msg (include/linux/msi.h): what a device writes,
// and where.
type Message struct {
	Address uint64
	Data    uint32
}

// A chip is a Chip and what it can do.
type chip struct {
	Chip
	ack      Acker
	eoi      EOIer
	setter   AffinitySetter
	starter  Starter
	composer Composer
	writer   Writer
	trigger  Retriggerer
	flags    ChipFlag
}

// SetChip models the chip's part of irq_domain_set_hwirq_and_chip.
func (d *Data) SetChip(ch Chip) {
	d.chip = chip{Chip: ch}
	d.chip.ack, _ = ch.(Acker)
	d.chip.eoi, _ = ch.(EOIer)
	d.chip.setter, _ = ch.(AffinitySetter)
	d.chip.starter, _ = ch.(Starter)
	d.chip.composer, _ = ch.(Composer)
	d.chip.writer, _ = ch.(Writer)
	d.chip.trigger, _ = ch.(Retriggerer)
	if f, ok := ch.(Flagged); ok {
		d.chip.flags = f.Flags()
	}
}

// ChipName is the name that /proc/interrupts shows.
func (d *Data) ChipName() string { return d.chip.Name() }

// NoChip is the chip of an interrupt that has none (no_irq_chip).
type NoChip struct{}

// Name is the name that /proc/interrupts shows.
func (NoChip) Name() string { return "none" }

// Mask does nothing.
func (NoChip) Mask(*cpu.CPU, *Data) {}

// Unmask does nothing.
func (NoChip) Unmask(*cpu.CPU, *Data) {}

// AckParent models irq_chip_ack_parent.
func AckParent(c *cpu.CPU, d *Data) { d.Parent.chip.ack.Ack(c, d.Parent) }

// SetAffinityParent models irq_chip_set_affinity_parent.
func SetAffinityParent(c *cpu.CPU, d *Data, m Mask, force bool) (done bool, err error) {
	return d.Parent.chip.setter.SetAffinity(c, d.Parent, m, force)
}

// RetriggerHierarchy models irq_chip_retrigger_hierarchy: the next level that
// can do it does it.
func RetriggerHierarchy(c *cpu.CPU, d *Data) {
	for d = d.Parent; d != nil; d = d.Parent {
		if d.chip.trigger != nil {
			d.chip.trigger.Retrigger(c, d)
			return
		}
	}
}

// Compose models irq_chip_compose_msi_msg: the level that knows what the
// device must write says so.
func Compose(c *cpu.CPU, d *Data) Message {
	for ; d != nil; d = d.Parent {
		if d.chip.composer != nil {
			return d.chip.composer.Compose(c, d)
		}
	}
	return Message{}
}

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
	d.unmask(c)
}

// disable models __irq_disable. Without mask the chip is left alone: should
// the interrupt come, its flow will mask it.
func (d *Desc) disable(c *cpu.CPU, mask bool) {
	d.Set(Disabled)
	if mask {
		d.mask(c)
	}
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
