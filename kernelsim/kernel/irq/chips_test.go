package irq

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
)

// messageChip is a device's message as PCI-MSI over the VECTOR domain has it:
// masked, the device holds the message back.
type messageChip struct {
	b *bench
}

func newMessageChip(b *bench) Chip { return &messageChip{b} }

func (*messageChip) Name() string { return "message" }

func (ch *messageChip) signal() {
	b := ch.b
	if b.line.masked || b.line.function {
		b.line.held = true
		return
	}
	b.raise(b.dest)
}

func (ch *messageChip) release() {
	if ch.b.line.held && !ch.b.line.masked && !ch.b.line.function {
		ch.b.line.held = false
		ch.b.raise(ch.b.dest)
	}
}

func (ch *messageChip) Mask(c *cpu.CPU, _ *Data) {
	ch.b.line.masked = true
	c.Spend(cost.MMIOWrite)
}

func (ch *messageChip) Unmask(c *cpu.CPU, _ *Data) {
	ch.b.line.masked = false
	ch.release()
	c.Spend(cost.MMIOWrite)
}

func (ch *messageChip) Ack(c *cpu.CPU, d *Data) {
	if c.ID == ch.b.dest {
		ch.b.busy = false
	}
	MovePending(c, d)
	ch.b.ctl[c.ID].isr = false
	c.Spend(cost.APICAccess)
}

// EOI is there for a message behind handle_fasteoi_irq.
func (ch *messageChip) EOI(c *cpu.CPU, d *Data) { ch.Ack(c, d) }

func (ch *messageChip) Retrigger(c *cpu.CPU, _ *Data) {
	ch.b.raise(ch.b.dest)
	c.Spend(cost.SendIPI)
}

func (ch *messageChip) SetAffinity(c *cpu.CPU, _ *Data, m Mask, _ bool) (bool, error) {
	return false, ch.b.route(c, m)
}

// route sends the interrupt elsewhere from now on: EBUSY while it has not been
// seen at the last place.
func (b *bench) route(c *cpu.CPU, m Mask) error {
	switch {
	case m.Has(b.dest):
		return nil
	case b.busy:
		return errno.EBUSY
	}
	b.gone[b.dest] = b.cfg.hasty
	b.dest, b.busy = m.First(), true
	c.Spend(cost.MMIOWrite)
	return nil
}

// pinChip is a level pin of an I/O APIC: it sends one message and waits for
// the end of interrupt.
type pinChip struct{ b *bench }

func newPinChip(b *bench) Chip { return &pinChip{b} }

func (*pinChip) Name() string { return "pin" }

func (ch *pinChip) signal() {
	b := ch.b
	if b.active() && !b.line.masked && !b.line.remote {
		b.line.remote = true
		b.raise(b.dest)
	}
}

// active says whether the device asserts its line.
func (b *bench) active() bool { return b.events != b.served }

func (ch *pinChip) Mask(c *cpu.CPU, _ *Data) {
	ch.b.line.masked = true
	c.Spend(cost.MMIOWrite)
}

func (ch *pinChip) Unmask(c *cpu.CPU, _ *Data) {
	ch.b.line.masked = false
	ch.signal()
	c.Spend(cost.MMIOWrite)
}

// EOI does what ioapic_ack_level does.
func (ch *pinChip) EOI(c *cpu.CPU, d *Data) {
	moving := d.Common.has(SetAffinityPending)
	if moving {
		ch.Mask(c, d)
	}
	ch.b.ctl[c.ID].isr = false
	ch.b.line.remote = false
	ch.signal()
	c.Spend(cost.APICAccess)
	if !moving {
		return
	}
	if !ch.b.line.remote {
		MoveMasked(c, d)
	}
	if !d.Common.has(Masked) {
		ch.Unmask(c, d)
	}
}

// Active models ioapic_irq_get_chip_state: the pin waits for its end of
// interrupt.
func (ch *pinChip) Active(*cpu.CPU, *Data) bool { return ch.b.line.remote }

func (ch *pinChip) SetAffinity(c *cpu.CPU, _ *Data, m Mask, _ bool) (bool, error) {
	ch.b.busy = false // the old vector is no matter here
	return false, ch.b.route(c, m)
}

// plainChip is a level without memory, as of an 8259A: the processor is asked
// as long as the line is active and not masked.
type plainChip struct{ b *bench }

func newPlainChip(b *bench) Chip {
	for n := range b.ctl {
		b.ctl[n].offers = func() bool { return b.active() && !b.line.masked && b.dest == n }
	}
	return &plainChip{b}
}

func (*plainChip) Name() string { return "plain" }

func (ch *plainChip) signal() { ch.b.cpus[ch.b.dest].Interrupt() }

func (ch *plainChip) Mask(c *cpu.CPU, _ *Data) {
	ch.b.line.masked = true
	c.Spend(cost.PortIO)
}

func (ch *plainChip) Unmask(c *cpu.CPU, _ *Data) {
	ch.b.line.masked = false
	ch.signal()
	c.Spend(cost.PortIO)
}

func (ch *plainChip) Ack(c *cpu.CPU, _ *Data) {
	ch.b.ctl[c.ID].isr = false
	ch.signal()
	c.Spend(cost.PortIO)
}

func (ch *plainChip) SetAffinity(c *cpu.CPU, _ *Data, m Mask, _ bool) (bool, error) {
	ch.b.busy = false
	err := ch.b.route(c, m)
	ch.signal()
	return false, err
}

// latchChip is a detector of edges: it remembers one until it is acknowledged.
// Another edge before that is the same one.
type latchChip struct{ b *bench }

func newLatchChip(b *bench) Chip {
	for n := range b.ctl {
		b.ctl[n].offers = func() bool { return b.line.held && !b.line.masked && b.dest == n }
	}
	return &latchChip{b}
}

func (*latchChip) Name() string { return "latch" }

func (ch *latchChip) signal() {
	ch.b.line.held = true
	ch.b.cpus[ch.b.dest].Interrupt()
}

func (ch *latchChip) Mask(c *cpu.CPU, _ *Data) {
	ch.b.line.masked = true
	c.Spend(cost.PortIO)
}

func (ch *latchChip) Unmask(c *cpu.CPU, _ *Data) {
	ch.b.line.masked = false
	ch.b.cpus[ch.b.dest].Interrupt()
	c.Spend(cost.PortIO)
}

func (ch *latchChip) Ack(c *cpu.CPU, d *Data) {
	MovePending(c, d)
	ch.b.line.held = false
	ch.b.ctl[c.ID].isr = false
	c.Spend(cost.PortIO)
}

func (ch *latchChip) Retrigger(c *cpu.CPU, _ *Data) {
	ch.signal()
	c.Spend(cost.PortIO)
}

func (ch *latchChip) SetAffinity(c *cpu.CPU, _ *Data, m Mask, _ bool) (bool, error) {
	ch.b.busy = false
	err := ch.b.route(c, m)
	ch.b.cpus[ch.b.dest].Interrupt()
	return false, err
}
