package vector

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
)

// Pins is how many pins the board's I/O APIC has; a message's interrupt gets a
// number behind them.
const Pins = 24

// pinData is what the IO-APIC level knows of an interrupt (struct
// mp_chip_data).
type pinData struct {
	route ioapicreg.Route            // trigger, polarity, mask
	entry ioapicreg.RedirectionEntry // as it stands in the I/O APIC
}

// mask sets or clears the mask bit in what is known of the pin.
func (p *pinData) mask(on bool) {
	const bit = 1 << 16
	p.route.Masked = on
	p.entry &^= bit
	if on {
		p.entry |= bit
	}
}

// SetupIOAPIC models setup_IO_APIC_irqs (arch/x86/kernel/apic/io_apic.c): the
// interrupts of the 8259A pair become pins of the I/O APIC, each an edge, but
// for those that ACPI's overrides make levels. remap is the level through
// which their messages go, from a source that it knows; nil: straight to the
// local APICs. Context: the boot processor, once.
func SetupIOAPIC(c *cpu.CPU, remap *irq.Domain, source uint16) error {
	s := shared.Of(c)
	s.ioapic = irq.Domain{Name: "IO-APIC-0", Parent: &s.domain, Ops: pinOps{source: source}, Size: Pins}
	irq.AddDomain(c, &s.ioapic)
	if remap != nil {
		s.ioapic.Parent, s.ioapic.Ops = remap, pinOps{pinChip{remapped: true}, source}
	}
	for pin := 1; pin < 16; pin++ {
		n := irq.Number(pin)
		if pin == timerPin {
			n = 0
		}
		info := &AllocInfo{Legacy: true, HWIRQ: uint64(pin), Level: levelISA(n)}
		if err := irq.TakeOver(c, &s.ioapic, n, info); err != nil {
			return err
		}
	}
	timer := &irq.ToDesc(c, 0).Data // check_timer
	irq.Deactivate(c, timer)
	return irq.Activate(c, timer, false)
}

// What ACPI's overrides say (MADT): the timer is on pin 2; the system control
// interrupt, and those to which PCI's lines are led, are levels, active high.
const (
	timerPin = 2
	sciIRQ   = 9
)

func levelISA(n irq.Number) bool { return n == 5 || n == sciIRQ || n == 10 || n == 11 }

// RegisterGSI models acpi_register_gsi (arch/x86/kernel/acpi/boot.c): the
// interrupt of a pin, for a device on a node. Pins of PCI are levels. EINVAL
// for a pin that the I/O APIC does not have.
func RegisterGSI(c *cpu.CPU, gsi, node int, level, low bool) (irq.Number, error) {
	s := shared.Of(c)
	if gsi < 0 || gsi >= Pins {
		return 0, fmt.Errorf("vector: no pin %d: the I/O APIC has 0 to %d: %w", gsi, Pins-1, errno.EINVAL)
	}
	if !apic.HasIOAPIC(c) {
		if level { // acpi_register_gsi_pic
			apic.SetELCRLevel(c, gsi)
		}
		return irq.Number(gsi), nil
	}
	n, known := irq.FindMapping(c, &s.ioapic, uint64(gsi))
	if !known {
		return newPin(c, gsi, node, level, low)
	}
	d := irq.ToDesc(c, n)
	pin := d.ChipData.(*pinData)
	if !d.Requested() && (pin.route.Level != level || pin.route.Low != low) { // mp_check_pin_attr
		pin.route.Level, pin.route.Low, pin.route.Masked = level, low, level
		registerHandler(c, n, level)
	}
	return n, nil
}

// newPin models alloc_irq_from_domain for a pin beyond the legacy ones: its
// interrupt has the pin's number.
func newPin(c *cpu.CPU, gsi, node int, level, low bool) (irq.Number, error) {
	n, err := irq.AllocDescs(c, irq.Number(gsi), 1, node, nil)
	if err != nil {
		return 0, err
	}
	err = irq.TakeOver(c, &shared.Of(c).ioapic, n, &AllocInfo{HWIRQ: uint64(gsi), Level: level, LowTrue: low})
	if err != nil {
		irq.FreeDescs(c, n, 1)
	}
	return n, err
}

// pinOps models mp_ioapic_irqdomain_ops.
type pinOps struct {
	chip   pinChip
	source uint16
}

// Alloc models mp_irqdomain_alloc.
func (o pinOps) Alloc(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int, arg any) error {
	info := arg.(*AllocInfo)
	info.Pin, info.Source = true, o.source
	if n != 1 {
		return fmt.Errorf("vector: a pin has one interrupt, not %d: %w", n, errno.EINVAL)
	}
	if err := irq.AllocParent(c, dom, virq, n, arg); err != nil {
		return err
	}
	r := ioapicreg.Route{Level: info.Level, Low: info.LowTrue, Masked: info.Level}
	irq.SetInfo(c, dom, virq, info.HWIRQ, o.chip, &pinData{route: r})
	registerHandler(c, virq, info.Level)
	return nil
}

// registerHandler models mp_register_handler.
func registerHandler(c *cpu.CPU, virq irq.Number, level bool) {
	if level {
		irq.SetHandler(c, virq, irq.HandleFastEOI, "fasteoi", true)
	} else {
		irq.SetHandler(c, virq, irq.HandleEdge, "edge", false)
	}
}

// Free models mp_irqdomain_free.
func (o pinOps) Free(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int) {
	irq.SetInfo(c, dom, virq, 0, irq.NoChip{}, nil)
	irq.FreeParent(c, dom, virq, n)
}

// Activate models mp_irqdomain_activate: the entry is written.
func (o pinOps) Activate(c *cpu.CPU, _ *irq.Domain, data *irq.Data, _ bool) error {
	o.chip.configure(c, data)
	return nil
}

// Deactivate models mp_irqdomain_deactivate.
func (o pinOps) Deactivate(c *cpu.CPU, _ *irq.Domain, data *irq.Data) {
	apic.MaskPin(c, int(data.HWIRQ))
}

// configure models ioapic_configure_entry.
func (ch pinChip) configure(c *cpu.CPU, data *irq.Data) {
	d, p := dataOf(data), data.ChipData.(*pinData)
	if ch.remapped {
		m := irq.Compose(c, data)
		p.entry = apic.PinEntryOf(m.Address, m.Data, p.route)
	} else {
		p.entry = apic.PinEntry(c, d.cfgVector, d.cfgCPU, p.route)
	}
	apic.WritePin(c, int(data.HWIRQ), p.entry)
}

// pinChip models ioapic_chip, and ioapic_ir_chip behind interrupt remapping.
type pinChip struct{ remapped bool }

// Name is the chip's name.
func (ch pinChip) Name() string {
	if ch.remapped {
		return "IR-IO-APIC"
	}
	return "IO-APIC"
}

// Flags are the chip's flags.
func (pinChip) Flags() irq.ChipFlag { return irq.SkipSetWake | irq.AffinityPreStartup }

// Mask models mask_ioapic_irq: written, and read back so that it has arrived.
func (pinChip) Mask(c *cpu.CPU, data *irq.Data) {
	p := data.ChipData.(*pinData)
	p.mask(true)
	apic.WritePinLow(c, int(data.HWIRQ), p.entry)
	apic.SyncIOAPIC(c)
}

// Unmask models unmask_ioapic_irq.
func (pinChip) Unmask(c *cpu.CPU, data *irq.Data) {
	p := data.ChipData.(*pinData)
	p.mask(false)
	apic.WritePinLow(c, int(data.HWIRQ), p.entry)
}

// Startup models startup_ioapic_irq.
func (ch pinChip) Startup(c *cpu.CPU, data *irq.Data) { ch.Unmask(c, data) }

// Ack models irq_chip_ack_parent.
func (pinChip) Ack(c *cpu.CPU, data *irq.Data) { irq.AckParent(c, data) }

// EOI models ioapic_ack_level, and ioapic_ir_ack_level. A level that the local APIC took for an edge
// would leave the pin waiting for ever: the pin is told itself then.
func (ch pinChip) EOI(c *cpu.CPU, data *irq.Data) {
	if ch.remapped {
		ch.endRemapped(c, data)
		return
	}
	d := dataOf(data.Parent)
	d.completeMove(c)
	v := d.cfgVector
	level := apic.WasLevel(c, v)
	moving := data.Common.State&irq.SetAffinityPending != 0
	if moving {
		ch.Mask(c, data)
	}
	apic.EOI(c)
	if !level {
		shared.Of(c).mis++
		apic.EOIPin(c, v)
	}
	if moving {
		ch.finishMove(c, data)
	}
}

// endRemapped models ioapic_ir_ack_level: the processor had the vector of the
// table's entry, so that its broadcast says nothing to the pin. The pin is told
// itself, by its number, which stands in the entry in the vector's place.
func (pinChip) endRemapped(c *cpu.CPU, data *irq.Data) {
	irq.AckParent(c, data)
	apic.EOIPin(c, cpu.Vector(data.ChipData.(*pinData).entry.Route().Vector))
}

// finishMove models ioapic_finish_move: while the pin waits for its end of
// interrupt its entry must not change.
func (ch pinChip) finishMove(c *cpu.CPU, data *irq.Data) {
	if !apic.ReadPin(c, int(data.HWIRQ)).RemoteIRR() {
		irq.MoveMasked(c, data)
	}
	if data.Common.State&irq.Masked == 0 {
		ch.Unmask(c, data)
	}
}

// SetAffinity models ioapic_set_affinity.
func (ch pinChip) SetAffinity(c *cpu.CPU, data *irq.Data, m cpumask.Mask, force bool) (done bool, err error) {
	if done, err = irq.SetAffinityParent(c, data, m, force); err == nil && !done {
		ch.configure(c, data)
	}
	return done, err
}

// Active models ioapic_irq_get_chip_state: a level has gone to a processor and
// is not ended. Of an edge the I/O APIC knows nothing once it has sent it.
func (pinChip) Active(c *cpu.CPU, data *irq.Data) bool {
	e := apic.ReadPin(c, int(data.HWIRQ))
	return e.Level() && e.RemoteIRR()
}

// Retrigger models irq_chip_retrigger_hierarchy.
func (pinChip) Retrigger(c *cpu.CPU, data *irq.Data) { irq.RetriggerHierarchy(c, data) }

// Mismatches is irq_mis_count, the row MIS of /proc/interrupts.
func Mismatches(c *cpu.CPU) uint64 { return shared.Of(c).mis }
