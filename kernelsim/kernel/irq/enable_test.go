package irq_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// TestDisable: calls nest, the chip is told when the interrupt comes, and what
// came meanwhile comes once more at the last enable; a level needs no help.
func TestDisable(t *testing.T) {
	for _, tt := range []struct {
		name           string
		flow           irq.FlowHandler
		level          bool
		comes, enabled string
	}{
		{"edge", irq.HandleEdge, false, "mask ack ack", "unmask again"},
		{"fasteoi", irq.HandleFastEOI, true, "mask eoi eoi", "unmask"},
		{"level", irq.HandleLevel, true, "mask ack ack", "unmask"},
		{"simple", irq.HandleSimple, false, "", "again"},
	} {
		inTask(t, "", func(task *sched.Task) {
			c := task.CPU()
			l := newLine(c, tt.flow, 0)
			l.SetChip(again{l})
			irq.SetHandler(c, l.IRQ, tt.flow, "noted", tt.level)
			_ = irq.Request(c, l.IRQ, l.handler("h", irq.Handled), 0, "x", l)
			l.take()
			for range 3 {
				_ = irq.Disable(c, l.IRQ)
			}
			if l.State&irq.Disabled == 0 || l.take() != "" {
				t.Errorf("%s: the chip was told at once", tt.name)
			}
			l.comes(c)
			l.comes(c)
			if got := l.take(); got != tt.comes || l.Total() != 0 {
				t.Errorf("%s: %q, handled %d times", tt.name, got, l.Total())
			}
			for range 2 {
				_ = irq.Enable(c, l.IRQ)
			}
			if l.State&irq.Disabled == 0 || l.take() != "" {
				t.Errorf("%s: two enables undo three disables", tt.name)
			}
			_ = irq.Enable(c, l.IRQ)
			if got := l.take(); got != tt.enabled || l.State&(irq.Disabled|irq.Masked) != 0 {
				t.Errorf("%s: enabled: %q, state %#x", tt.name, got, uint32(l.State))
			}
			_ = irq.DisableNoSync(c, l.IRQ)
			_ = irq.Enable(c, l.IRQ)
			if got := l.take(); got != "" {
				t.Errorf("%s: nothing came, and yet %q", tt.name, got)
			}
		})
	}
}

// again is a chip that can make an interrupt come once more.
type again struct{ *line }

func (ch again) Retrigger(*cpu.CPU, *irq.Data) { ch.note("again") }

// eager is a chip that wants to hear of a disable at once, and has its own
// ways to enable and to mask and acknowledge.
type eager struct{ *line }

func (ch eager) Disable(*cpu.CPU, *irq.Data) { ch.note("disable") }
func (ch eager) Enable(*cpu.CPU, *irq.Data)  { ch.note("enable") }
func (ch eager) MaskAck(*cpu.CPU, *irq.Data) { ch.note("mask+ack") }

func TestEagerChip(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandleLevel, 0)
		l.SetChip(eager{l})
		_ = irq.Request(c, l.IRQ, l.handler("h", irq.Handled), 0, "x", l)
		l.comes(c)
		_ = irq.DisableNoSync(c, l.IRQ)
		if got := l.take(); got != "enable mask+ack h unmask disable" || l.State&irq.Masked == 0 {
			t.Errorf("%q, state %#x", got, uint32(l.State))
		}
		_ = irq.Enable(c, l.IRQ)
		_, _ = irq.Free(c, l.IRQ, l)
		if got := l.take(); got != "enable disable" {
			t.Errorf("then %q", got)
		}
	})
}

// TestUnlazy: an interrupt can be one whose chip is told at once
// (IRQ_DISABLE_UNLAZY), until its last user has gone.
func TestUnlazy(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandleEdge, 0)
		irq.SetSetting(l.Desc, irq.DisableUnlazy)
		for _, want := range []string{"mask unmask", ""} {
			_ = irq.Request(c, l.IRQ, l.handler("h", irq.Handled), 0, "x", l)
			l.take()
			_ = irq.DisableNoSync(c, l.IRQ)
			_ = irq.Enable(c, l.IRQ)
			if got := l.take(); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			_, _ = irq.Free(c, l.IRQ, l)
		}
	})
}

// TestUnbalanced: one enable too many is refused, said, and changes nothing.
func TestUnbalanced(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandleEdge, 0)
		_ = irq.Request(c, l.IRQ, l.handler("h", irq.Handled), 0, "x", l)
		before := l.state()
		refused(t, "enable", irq.Enable(c, l.IRQ), "EINVAL")
		refused(t, "enable of none", irq.Enable(c, 9999), "EINVAL")
		refused(t, "disable of none", irq.Disable(c, 9999), "EINVAL")
		if irq.DisableHardIRQ(c, 9999) || !irq.SynchronizeHardIRQ(c, 9999) || l.state() != before {
			t.Errorf("%s, was %s", l.state(), before)
		}
		irq.SynchronizeIRQ(c, 9999)
	})
	if n := said(m, "Unbalanced enable for IRQ 24"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// wakeChip can let its interrupt wake the system, or not.
type wakeChip struct {
	*line
	err error
}

func (ch *wakeChip) Flags() irq.ChipFlag { return 0 }
func (ch *wakeChip) SetWake(_ *cpu.CPU, _ *irq.Data, on bool) error {
	ch.note("wake %t", on)
	return ch.err
}

// TestSetWake: the chip hears of the first and of the last; what it refuses is
// as if nobody had asked.
func TestSetWake(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandleEdge, 0)
		ch := &wakeChip{line: l}
		l.SetChip(ch)
		set := func(on bool, want string, state irq.State) {
			if err := irq.SetWake(c, l.IRQ, on); err != nil || l.take() != want || l.State&irq.WakeupState != state {
				t.Errorf("%t: %v, state %#x, want %q", on, err, uint32(l.State), want)
			}
		}
		set(false, "", 0) // unbalanced
		set(true, "wake true", irq.WakeupState)
		set(true, "", irq.WakeupState)
		set(false, "", irq.WakeupState)
		ch.err = errno.EIO
		refused(t, "off", irq.SetWake(c, l.IRQ, false), "EIO")
		ch.err = nil
		l.take()
		set(false, "wake false", 0)
		ch.err = errno.EIO
		refused(t, "on", irq.SetWake(c, l.IRQ, true), "EIO")
		ch.err = nil
		l.take()
		set(true, "wake true", irq.WakeupState)
		l.SetChip(noFlags{l})
		refused(t, "a chip without", irq.SetWake(c, l.IRQ, false), "ENXIO")
		l.SetChip(l) // SkipSetWake
		set(false, "", 0)
		refused(t, "none", irq.SetWake(c, 9999, true), "EINVAL")
	})
	if n := said(m, "Unbalanced IRQ 24 wake disable"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// noFlags is a chip that says nothing of itself.
type noFlags struct{ *line }

func (noFlags) Flags() irq.ChipFlag { return 0 }

// activeChip knows whether its interrupt is under way.
type activeChip struct {
	*line
	until sim.Time
	asked int
}

func (ch *activeChip) Active(c *cpu.CPU, _ *irq.Data) bool {
	ch.asked++
	return c.Now() < ch.until
}

// TestSynchronizeAsksChip: synchronize_irq waits for what the chip has sent and
// nobody has ended, synchronize_hardirq does not ask.
func TestSynchronizeAsksChip(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandleFastEOI, 0)
		ch := &activeChip{line: l, until: c.Now() + sim.Millisecond}
		l.SetChip(ch)
		if irq.SynchronizeHardIRQ(c, l.IRQ); ch.asked != 0 {
			t.Error("synchronize_hardirq asks the chip")
		}
		if irq.SynchronizeIRQ(c, l.IRQ); ch.asked < 2 || c.Now() < ch.until {
			t.Errorf("asked %d times, at %d of %d", ch.asked, c.Now(), ch.until)
		}
	})
}

// TestSynchronizeWaits: while a handler runs on another processor who
// disables the interrupt waits.
func TestSynchronizeWaits(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandleEdge, 0)
		running := false
		_ = irq.Request(c, l.IRQ, func(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
			running = true
			for end := c.Now() + sim.Millisecond; c.Now() < end; {
				c.Spend(0)
			}
			running = false
			return irq.Handled
		}, 0, "x", l)
		other := func(th *sched.Task) { l.comes(th.CPU()) }
		for _, wait := range []func(){
			func() { _ = irq.Disable(c, l.IRQ); _ = irq.Enable(c, l.IRQ) },
			func() { irq.SynchronizeIRQ(c, l.IRQ) },
			func() { irq.SynchronizeHardIRQ(c, l.IRQ) },
			func() { _, _ = irq.Free(c, l.IRQ, l) },
		} {
			sched.KThreadOn(c, 1, "other", other)
			for !running {
				c.Spend(0)
			}
			if wait(); running {
				t.Error("the handler runs still")
			}
		}
	})
}
