package irq

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/internal/explore"
)

// A check that cannot fail proves nothing: each of these mistakes must be found.
func TestMistakesAreFound(t *testing.T) {
	moved := [2][]op{nil, {moveTo(1)}}
	edge := setting{chip: newMessageChip, arrivals: 2, anytime: true, programs: moved}
	for _, tt := range []struct {
		name string
		s    setting
		with func(s *setting)
		want string
	}{
		{"the edge that comes meanwhile is not noted", edge, func(s *setting) { s.flow = edgeForgets }, "lost"},
		{"the edge is acknowledged after the handlers", edge, func(s *setting) { s.chip, s.flow = newLatchChip, edgeAcksLate }, "lost"},
		{"nobody sees that the handlers run", edge, func(s *setting) { s.flow = edgeAlone }, "two handlers"},
		{"the edge's mask stays", edge, func(s *setting) { s.flow = edgeStaysMasked }, "left over"},
		{"the descriptor stays locked", edge, func(s *setting) { s.flow = edgeKeepsLock }, "waits for ever"},
		{"the level is unmasked before it is served", edge, func(s *setting) { s.chip, s.flow = newPlainChip, levelUnmasksEarly }, "lost"},
		{"the level stays masked", edge, func(s *setting) { s.chip, s.flow = newPlainChip, levelStaysMasked }, "lost"},
		{"the end of interrupt is dropped where nobody wants it", edge, func(s *setting) {
			s.chip, s.flow, s.programs = newPinChip, fastEOIDrops, [2][]op{nil, {disableNoSync, enable}}
		}, "lost"},
		{"the old vector is given back at once", edge, func(s *setting) { s.flow, s.hasty = HandleEdge, true }, "lost"},
		{"the pending move is forgotten", edge, func(s *setting) { s.flow, s.chip, s.anytime = HandleEdge, newStayingChip, false }, "has not happened"},
		{"enable_irq does not resend", edge, func(s *setting) { s.flow, s.programs = HandleEdge, [2][]op{nil, {disable, enableOnly}} }, "lost"},
		{"disable_irq does not wait", edge, func(s *setting) { s.flow, s.programs = HandleEdge, [2][]op{nil, {disableHastily, enable}} }, "though disable_irq has returned"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.with(&tt.s)
			r := explored(tt.s, explore.Options{})
			if r.Failure == nil || !strings.Contains(r.Failure.Error(), tt.want) {
				t.Fatalf("want %q, got %v: %v", tt.want, r.Failure, r)
			}
			if len(r.Failure.Path) < 5 {
				t.Errorf("the path to it is %q", r.Failure.Path)
			}
		})
	}
}

// edgeForgets is handle_edge_irq without PENDING.
func edgeForgets(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	if !d.mayRun(c) || !d.wanted() {
		d.maskAck(c)
		d.lock.Unlock(c)
		return
	}
	d.chip.ack.Ack(c, &d.Data)
	d.handleEvent(c)
	d.unmask(c)
	d.lock.Unlock(c)
}

// edgeAcksLate acknowledges what has come meanwhile too.
func edgeAcksLate(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	if !d.mayRun(c) {
		d.istate |= Pending
		d.maskAck(c)
		d.lock.Unlock(c)
		return
	}
	d.handleEvent(c)
	for d.istate&Pending != 0 {
		d.unmask(c)
		d.handleEvent(c)
	}
	d.chip.ack.Ack(c, &d.Data)
	d.lock.Unlock(c)
}

// edgeAlone believes that it is.
func edgeAlone(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	d.chip.ack.Ack(c, &d.Data)
	d.handleEvent(c)
	d.lock.Unlock(c)
}

// edgeStaysMasked runs the handlers again but forgets to unmask.
func edgeStaysMasked(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	if !d.mayRun(c) {
		d.istate |= Pending
		d.maskAck(c)
		d.lock.Unlock(c)
		return
	}
	d.chip.ack.Ack(c, &d.Data)
	d.handleEvent(c)
	for d.istate&Pending != 0 {
		d.handleEvent(c)
	}
	d.lock.Unlock(c)
}

// edgeKeepsLock leaves with the lock where another processor has the handlers.
func edgeKeepsLock(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	d.chip.ack.Ack(c, &d.Data)
	if d.has(InProgress) {
		d.istate |= Pending
		return
	}
	d.handleEvent(c)
	d.lock.Unlock(c)
}

// levelUnmasksEarly lets the line come again before the device is served.
func levelUnmasksEarly(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	d.maskAck(c)
	if d.mayRun(c) {
		d.unmask(c)
		d.handleEvent(c)
	}
	d.lock.Unlock(c)
}

// levelStaysMasked masks and does not unmask.
func levelStaysMasked(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	d.maskAck(c)
	if d.mayRun(c) {
		d.handleEvent(c)
	}
	d.lock.Unlock(c)
}

// fastEOIDrops owes the controller an end of interrupt.
func fastEOIDrops(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	if d.wanted() {
		d.handleEvent(c)
		d.chip.eoi.EOI(c, &d.Data)
	} else {
		d.istate |= Pending
		d.mask(c)
	}
	d.lock.Unlock(c)
}

// stayingChip does not look for a move that is pending.
type stayingChip struct{ *messageChip }

func newStayingChip(b *bench) Chip { return stayingChip{&messageChip{b}} }

func (ch stayingChip) Ack(c *cpu.CPU, _ *Data) { ch.b.ctl[c.ID].isr = false }

// enableOnly is enable_irq without check_irq_resend.
func enableOnly(b *bench, c *cpu.CPU) {
	flags := b.d.lock.LockIRQSave(c)
	b.d.startup(c, false)
	b.d.istate &^= Pending
	b.d.lock.UnlockIRQRestore(c, flags)
}

// disableHastily believes that disable_irq_nosync waits.
func disableHastily(b *bench, c *cpu.CPU) {
	disableNoSync(b, c)
	b.rest(c)
}
