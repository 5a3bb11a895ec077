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

// An Enabler has irq_enable, in place of unmasking.
type Enabler interface{ Enable(c *cpu.CPU, d *Data) }

// A Disabler has irq_disable: it is told at once, not when the interrupt comes
// next.
type Disabler interface{ Disable(c *cpu.CPU, d *Data) }

// A MaskAcker has irq_mask_ack, in place of masking and acknowledging.
type MaskAcker interface{ MaskAck(c *cpu.CPU, d *Data) }

// A TypeSetter has irq_set_type: the line's edge or level can be chosen.
type TypeSetter interface {
	SetType(c *cpu.CPU, d *Data, trigger State) error
}

// An ActiveTeller has irq_get_irqchip_state for IRQCHIP_STATE_ACTIVE: it knows
// whether the interrupt is under way and not ended.
type ActiveTeller interface {
	Active(c *cpu.CPU, d *Data) bool
}

// A Waker has irq_set_wake: the interrupt wakes the system, or no longer.
type Waker interface {
	SetWake(c *cpu.CPU, d *Data, on bool) error
}

// An NMIer has irq_nmi_setup and irq_nmi_teardown: its interrupts can come as
// NMIs, if its flags say so too.
type NMIer interface {
	NMISetup(c *cpu.CPU, d *Data) error
	NMITeardown(c *cpu.CPU, d *Data)
}

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
	SetTypeMasked      ChipFlag = 0x001
	EOIIfHandled       ChipFlag = 0x002
	SkipSetWake        ChipFlag = 0x010
	OneShotSafe        ChipFlag = 0x020
	EOIThreaded        ChipFlag = 0x040
	SupportsNMI        ChipFlag = 0x100
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
	enabler  Enabler
	disabler Disabler
	maskAck  MaskAcker
	typer    TypeSetter
	active   ActiveTeller
	waker    Waker
	nmi      NMIer
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
	d.chip.enabler, _ = ch.(Enabler)
	d.chip.disabler, _ = ch.(Disabler)
	d.chip.maskAck, _ = ch.(MaskAcker)
	d.chip.typer, _ = ch.(TypeSetter)
	d.chip.active, _ = ch.(ActiveTeller)
	d.chip.waker, _ = ch.(Waker)
	d.chip.nmi, _ = ch.(NMIer)
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

// Flags are the chip's flags.
func (NoChip) Flags() ChipFlag { return SkipSetWake }

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
