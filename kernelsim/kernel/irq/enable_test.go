package irq_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/preempt"
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

// TestInProgress: who finds the handlers running leaves, and tells the chip
// what its flow tells it. An edge is remembered and handled then, and counted
// once; a level is forgotten, because it comes again.
func TestInProgress(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flow  irq.FlowHandler
		chip  irq.ChipFlag
		want  string
		total uint64
	}{
		{"edge", irq.HandleEdge, 0, "ack h mask ack unmask h", 1},
		{"fasteoi", irq.HandleFastEOI, 0, "h eoi eoi", 1},
		{"fasteoi, EOI if handled", irq.HandleFastEOI, irq.EOIIfHandled, "h eoi", 1},
		{"level", irq.HandleLevel, 0, "mask ack h ack unmask", 1},
		{"simple", irq.HandleSimple, 0, "h", 1},
	} {
		inTask(t, "", func(task *sched.Task) {
			l := newLine(task.CPU(), tt.flow, tt.chip)
			again := true
			_ = irq.Request(task.CPU(), l.IRQ, func(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
				l.note("h")
				if again {
					again = false
					irq.Handle(c, l.Desc)
				}
				return irq.Handled
			}, 0, "x", l)
			l.take()
			l.comes(task.CPU())
			if got := l.take(); got != tt.want || l.Total() != tt.total || l.Count(0) != tt.total {
				t.Errorf("%s: %q, counted %d, want %q", tt.name, got, l.Total(), tt.want)
			}
			l.comes(task.CPU())
			if l.Total() != tt.total+1 {
				t.Errorf("%s: it is in progress for ever", tt.name)
			}
		})
	}
}

// TestDisabledByHandler: a handler that disables its own interrupt is not
// called for what came meanwhile.
func TestDisabledByHandler(t *testing.T) {
	for name, tt := range map[string]struct {
		flow irq.FlowHandler
		want string
	}{
		"edge": {irq.HandleEdge, "ack h mask ack"}, "level": {irq.HandleLevel, "mask ack h ack"}, "fasteoi": {irq.HandleFastEOI, "h mask eoi eoi"},
	} {
		inTask(t, "", func(task *sched.Task) {
			l := newLine(task.CPU(), tt.flow, 0)
			_ = irq.Request(task.CPU(), l.IRQ, func(c *cpu.CPU, n irq.Number, _ any) irq.Return {
				l.note("h")
				_ = irq.DisableNoSync(c, n)
				if name != "fasteoi" {
					irq.Handle(c, l.Desc)
				}
				return irq.Handled
			}, 0, "x", l)
			l.take()
			l.comes(task.CPU())
			if name == "fasteoi" {
				l.note("then")
				l.comes(task.CPU())
				tt.want = "h eoi then mask eoi"
			}
			if got := l.take(); got != tt.want {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
			}
		})
	}
}

// TestNobody: an interrupt without a handler is masked and remembered, or
// refused where it has no flow at all.
func TestNobody(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		for _, tt := range []struct {
			flow irq.FlowHandler
			want string
		}{{irq.HandleEdge, "ack"}, {irq.HandleFastEOI, "eoi"}, {irq.HandleLevel, "ack"}, {irq.HandleSimple, ""}, {irq.HandlePerCPU, "ack eoi"}} {
			l := newLine(task.CPU(), tt.flow, 0)
			l.comes(task.CPU()) // new ones count as masked
			if got := l.take(); got != tt.want || l.Total() != 0 {
				t.Errorf("%q, want %q; handled %d times", got, tt.want, l.Total())
			}
		}
		n, _ := irq.AllocDescs(task.CPU(), -1, 1, 0, nil)
		bad := &line{Desc: irq.ToDesc(task.CPU(), n)}
		bad.comes(task.CPU())
		if bad.Total() != 1 || n != 29 {
			t.Errorf("irq %d counted %d", n, bad.Total())
		}
	})
	if said(m, "unexpected IRQ trap at vector 1d") != 1 {
		t.Error("the log says nothing")
	}
}

// TestPerCPUFlow: each processor counts for itself, and nobody is locked out.
func TestPerCPUFlow(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandlePerCPU, 0)
		depth := 0
		_ = irq.Request(task.CPU(), l.IRQ, func(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
			if depth++; depth < 3 {
				irq.Handle(c, l.Desc)
			}
			return irq.Handled
		}, irq.PerCPUFlag, "x", l)
		l.take()
		l.comes(task.CPU())
		if got := l.take(); got != "ack ack ack eoi eoi eoi" || l.Count(0) != 3 || l.Total() != 0 {
			t.Errorf("%q, %d, %d in all", got, l.Count(0), l.Total())
		}
		if l.State&irq.PerCPU == 0 || l.CanSetAffinity() {
			t.Error("it can be moved")
		}
	})
}

// nmiChip is no chip of a PC.
type nmiChip struct {
	*line
	err error
}

func (ch *nmiChip) Flags() irq.ChipFlag                { return irq.SupportsNMI }
func (ch *nmiChip) NMISetup(*cpu.CPU, *irq.Data) error { ch.note("setup"); return ch.err }
func (ch *nmiChip) NMITeardown(*cpu.CPU, *irq.Data)    { ch.note("teardown") }

// TestNMI: who may not ask, and what becomes of one that is granted.
func TestNMI(t *testing.T) {
	const good = irq.PerCPUFlag | irq.NoAutoEnable
	h := func(*cpu.CPU, irq.Number, any) irq.Return { return irq.Handled }
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandlePerCPU, 0)
		ch := &nmiChip{line: l}
		for what, tt := range map[string]struct {
			n     irq.Number
			h     irq.Handler
			flags irq.Flags
			set   irq.Setting
			able  bool
			want  string
		}{
			"not connected":   {irq.NotConnected, h, good, 0, true, "ENOTCONN"},
			"shared":          {l.IRQ, h, good | irq.Shared, 0, true, "EINVAL"},
			"cond suspend":    {l.IRQ, h, good | irq.CondSuspend, 0, true, "EINVAL"},
			"polled":          {l.IRQ, h, good | irq.IRQPoll, 0, true, "EINVAL"},
			"not per CPU":     {l.IRQ, h, irq.NoAutoEnable, 0, true, "EINVAL"},
			"enabled at once": {l.IRQ, h, irq.PerCPUFlag, 0, true, "EINVAL"},
			"no handler":      {l.IRQ, nil, good, 0, true, "EINVAL"},
			"nobody's":        {l.IRQ, h, good, irq.NoRequest, true, "EINVAL"},
			"no such":         {9999, h, good, 0, true, "EINVAL"},
			"not able":        {l.IRQ, h, good, 0, false, "EINVAL"},
			"IO-APIC":         {9, h, good, 0, false, "EINVAL"},
		} {
			if l.SetChip(l); tt.able {
				l.SetChip(ch)
			}
			irq.SetSetting(l.Desc, tt.set)
			refused(t, what, irq.RequestNMI(c, tt.n, tt.h, tt.flags, "x", nil), tt.want)
			irq.ClearSetting(l.Desc, tt.set)
		}
		l.SetChip(ch)
		ch.err = errno.EIO
		refused(t, "the chip refuses", irq.RequestNMI(c, l.IRQ, h, good, "x", nil), "EINVAL")
		_, err := irq.FreeNMI(c, l.IRQ)
		refused(t, "no NMI", err, "EINVAL")
		if l.Requested() {
			t.Error("it is requested still")
		}
		ch.err = nil
		if err := irq.RequestNMI(c, l.IRQ, h, good, "x", nil); err != nil || l.take() != "setup setup" {
			t.Error(err)
		}
		refused(t, "another", irq.Request(c, l.IRQ, h, irq.Shared, "y", 1), "EINVAL")
		refused(t, "wake", irq.SetWake(c, l.IRQ, true), "EINVAL")
		_ = irq.Enable(c, l.IRQ)
		if name, err := irq.FreeNMI(c, l.IRQ); err != nil || name != "x" || l.take() != "unmask teardown mask" {
			t.Errorf("%s, %v", name, err)
		}
		if err := irq.Request(c, l.IRQ, h, 0, "y", nil); err != nil {
			t.Errorf("as no NMI: %v", err)
		}
	})
	if said(m, "genirq: Invalid attempt to share NMI for y (irq 24) on irqchip noted.") != 1 || said(m, "NMI 24 is freed while it is enabled") != 1 {
		t.Error("the log says nothing")
	}
}

// TestPerCPUDevID: each processor enables it for itself, and its handler gets
// that processor's data.
func TestPerCPUDevID(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandlePerCPUDevID, 0)
		h := func(_ *cpu.CPU, _ irq.Number, dev any) irq.Return { l.note("%v", dev); return irq.Handled }
		dev := irq.PerCPUDev{"data of 0", "data of 1"}
		refused(t, "a plain one", irq.RequestPerCPU(c, l.IRQ, h, 0, "x", dev), "EINVAL")
		if err := irq.SetPerCPUDevID(c, l.IRQ); err != nil {
			t.Error(err)
		}
		refused(t, "twice", irq.SetPerCPUDevID(c, l.IRQ), "EINVAL")
		refused(t, "request_irq", irq.Request(c, l.IRQ, h, 0, "x", l), "EINVAL")
		refused(t, "disable_irq", irq.DisableNoSync(c, l.IRQ), "EINVAL")
		refused(t, "flags", irq.RequestPerCPU(c, l.IRQ, h, irq.Shared, "x", dev), "EINVAL")
		refused(t, "no data", irq.RequestPerCPU(c, l.IRQ, h, 0, "x", nil), "EINVAL")
		l.comes(c) // nobody's
		if err := irq.RequestPerCPU(c, l.IRQ, h, irq.Timer, "x", dev); err != nil || l.take() != "ack eoi" {
			t.Error(err)
		}
		_ = irq.EnablePerCPU(c, l.IRQ, 0)
		l.comes(c)
		if got := l.take(); got != "unmask ack data of 0 eoi" || l.Count(0) != 2 {
			t.Errorf("%q", got)
		}
		_, err := irq.FreePerCPU(c, l.IRQ, dev)
		refused(t, "enabled still", err, "EINVAL")
		_, err = irq.FreePerCPU(c, l.IRQ, irq.PerCPUDev{1, 2})
		refused(t, "another's", err, "EINVAL")
		_ = irq.DisablePerCPU(c, l.IRQ)
		if name, err := irq.FreePerCPU(c, l.IRQ, dev); err != nil || name != "x" || l.take() != "mask" {
			t.Errorf("%s, %v", name, err)
		}
		_ = irq.EnablePerCPU(c, l.IRQ, 0)
		l.comes(c)
		if got := l.take(); got != "unmask ack mask eoi" {
			t.Errorf("nobody's and enabled: %q", got)
		}
		preempt.Add(c, preempt.HardIRQOffset)
		_, err = irq.FreePerCPU(c, l.IRQ, dev)
		preempt.Sub(c, preempt.HardIRQOffset)
		refused(t, "free", err, "EINVAL")
	})
	for text, n := range map[string]int{"Spurious percpu IRQ24 on CPU0": 1, "Spurious and unmasked": 0, "percpu IRQ 24 still enabled on CPU0!": 1,
		"Trying to free already-free IRQ 24": 2, "Trying to free IRQ 24 from IRQ context!": 1} {
		if got := said(m, text); got != n {
			t.Errorf("%q is said %d times, want %d", text, got, n)
		}
	}
}
