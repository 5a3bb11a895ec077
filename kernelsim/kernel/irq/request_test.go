package irq_test

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
)

// state is all that a refused request must leave as it was.
func (l *line) state() string {
	return fmt.Sprint(l.State, l.Affinity, l.Effective, l.Names(), l.Requested(), l.Registered(), l.log)
}

// TestRequestRefused goes through all that request_threaded_irq refuses
// (kernel/irq/manage.c): the errno, and what the log says.
func TestRequestRefused(t *testing.T) {
	h := func(*cpu.CPU, irq.Number, any) irq.Return { return irq.None }
	fn := func(*sched.Task, irq.Number, any) irq.Return { return irq.None }
	const shared = irq.Shared
	for i, tt := range []struct {
		before irq.Flags // of a first user, if they are not 0
		set    irq.Setting
		h      irq.Handler
		fn     irq.ThreadFn
		flags  irq.Flags
		dev    any
		want   string
		text   string
	}{
		{0, 0, h, nil, shared, nil, "EINVAL", ""},
		{0, 0, h, nil, shared | irq.NoAutoEnable, 1, "EINVAL", ""},
		{0, 0, h, nil, irq.CondSuspend, 1, "EINVAL", ""},
		{0, 0, h, nil, shared | irq.CondSuspend | irq.NoSuspend, 1, "EINVAL", ""},
		{0, 0, nil, nil, 0, 1, "EINVAL", ""},
		{0, irq.NoRequest, h, nil, 0, 1, "EINVAL", ""},
		{0, irq.PerCPUDevID, h, nil, 0, 1, "EINVAL", ""},
		{0, irq.NestedThread, h, nil, 0, 1, "EINVAL", ""},
		{0, 0, nil, fn, 0, 1, "EINVAL", "genirq: Threaded irq requested with handler=NULL and !ONESHOT for second (irq 24)"},
		{shared, 0, nil, fn, shared, 1, "EINVAL", "genirq: Threaded irq requested with handler=NULL and !ONESHOT for second (irq 24)"},
		{shared, 0, h, nil, 0, 1, "EBUSY", "genirq: Flags mismatch irq 24. 00000000 (second) vs. 00000080 (first)"},
		{irq.NoBalance, 0, h, nil, shared, 1, "EBUSY", "genirq: Flags mismatch irq 24. 00000080 (second) vs. 00000800 (first)"},
		{shared, 0, h, nil, shared | irq.OneShotFlag, 1, "EBUSY", "genirq: Flags mismatch irq 24. 00002080 (second) vs. 00000080 (first)"},
		{shared | irq.OneShotFlag, 0, h, fn, shared, 1, "EBUSY", "genirq: Flags mismatch irq 24. 00000080 (second) vs. 00002080 (first)"},
		{shared, 0, h, nil, shared | irq.PerCPUFlag, 1, "EBUSY", "genirq: Flags mismatch irq 24. 00000480 (second) vs. 00000080 (first)"},
		{shared, 0, h, fn, irq.ProbeShared, 1, "EBUSY", ""},
	} {
		m := inTask(t, "", func(task *sched.Task) {
			l := newLine(task.CPU(), irq.HandleFastEOI, 0)
			if tt.before != 0 {
				if err := irq.RequestThreaded(task.CPU(), l.IRQ, h, fn, tt.before, "first", l); err != nil {
					t.Error(err)
				}
			}
			irq.SetSetting(l.Desc, tt.set)
			before, threads := l.state(), len(sched.Tasks(task.CPU()))
			refused(t, fmt.Sprint("case ", i), irq.RequestThreaded(task.CPU(), l.IRQ, tt.h, tt.fn, tt.flags, "second", tt.dev), tt.want)
			if after := l.state(); after != before || len(sched.Tasks(task.CPU())) != threads {
				t.Errorf("case %d: %s, was %s; %d threads, were %d", i, after, before, len(sched.Tasks(task.CPU())), threads)
			}
		})
		mismatches := said(m, "genirq:")
		if tt.text != "" && (said(m, tt.text) != 1 || mismatches != 1) || tt.text == "" && mismatches != 0 {
			t.Errorf("case %d: the log has %d lines, none %q", i, mismatches, tt.text)
		}
	}
	inTask(t, "", func(task *sched.Task) {
		for n, want := range map[irq.Number]string{irq.NotConnected: "ENOTCONN", -1: "EINVAL", 23: "EINVAL", 9999: "EINVAL"} {
			refused(t, fmt.Sprint(n), irq.Request(task.CPU(), n, h, 0, "x", nil), want)
		}
		n, _ := irq.AllocDescs(task.CPU(), -1, 1, 0, nil)
		refused(t, "no chip", irq.Request(task.CPU(), n, h, 0, "x", nil), "ENOSYS")
	})
}

// TestOneShotSafe: a chip whose messages come once drops the flag, and lets a
// thread stand alone; sharers with and without the flag agree there.
func TestOneShotSafe(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandleEdge, irq.OneShotSafe)
		for i, flags := range []irq.Flags{irq.Shared, irq.Shared | irq.OneShotFlag} {
			if err := irq.RequestThreaded(task.CPU(), l.IRQ, nil, l.thread("t", irq.Handled), flags, "x", i); err != nil {
				t.Error(err)
			}
		}
	})
}

// typedChip can choose between edge and level.
type typedChip struct {
	*line
	err error
}

func (ch typedChip) SetType(_ *cpu.CPU, _ *irq.Data, trigger irq.State) error {
	ch.note("type %d", trigger)
	return ch.err
}

// TestTrigger: the first user's trigger is set, if the chip can; the others
// must agree with what is, and say nothing or the same. Where the chip cannot,
// what the second one says is the line's.
func TestTrigger(t *testing.T) {
	h := func(*cpu.CPU, irq.Number, any) irq.Return { return irq.None }
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		ask := func(l *line, dev int, trigger irq.Flags) error {
			return irq.Request(c, l.IRQ, h, irq.Shared|trigger, "x", dev)
		}
		l := newLine(c, irq.HandleFastEOI, irq.SetTypeMasked)
		l.SetChip(typedChip{l, nil})
		for dev, tt := range []struct {
			trigger irq.Flags
			want    string
		}{
			{irq.TriggerLow, ""}, {0, ""}, {irq.TriggerLow, ""}, {irq.TriggerHigh, "EBUSY"}, {irq.TriggerRising, "EBUSY"},
		} {
			err := ask(l, dev, tt.trigger)
			if tt.want != "" {
				refused(t, fmt.Sprint(tt.trigger), err, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		}
		if got := l.take(); got != "type 8 unmask" || l.State&(irq.TriggerMask|irq.Level) != irq.Level|irq.State(irq.TriggerLow) {
			t.Errorf("%q, state %#x", got, uint32(l.State))
		}
		l = newLine(c, irq.HandleFastEOI, 0)
		l.SetChip(typedChip{l, errno.EIO})
		refused(t, "the chip refuses", ask(l, 0, irq.TriggerRising), "EIO")
		if l.Requested() || l.State&irq.TriggerMask != 0 {
			t.Errorf("state %#x", uint32(l.State))
		}
		l = newLine(c, irq.HandleFastEOI, 0)
		for dev, trigger := range []irq.Flags{irq.TriggerHigh, irq.TriggerLow, irq.TriggerLow, 0} {
			if err := ask(l, dev, trigger); err != nil {
				t.Errorf("%d: %v", dev, err)
			}
		}
		refused(t, "after the second one", ask(l, 9, irq.TriggerHigh), "EBUSY")
	})
	if said(m, "genirq: Setting trigger mode 1 for irq 25 failed") != 1 {
		t.Error("nothing is said of the refused trigger")
	}
}

// TestNoAutoEnable: the interrupt stays off until the first enable_irq, which
// starts it.
func TestNoAutoEnable(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		for _, how := range []irq.Setting{0, irq.NoAutoEnabled} {
			l := newLine(c, irq.HandleEdge, 0)
			flags := irq.NoAutoEnable
			if how != 0 {
				flags = 0
			}
			irq.SetSetting(l.Desc, how)
			if err := irq.Request(c, l.IRQ, l.handler("h", irq.Handled), flags, "x", nil); err != nil {
				t.Error(err)
			}
			if got := l.take(); got != "" || l.State&(irq.Disabled|irq.Masked|irq.Started) != irq.Disabled|irq.Masked {
				t.Errorf("%q, state %#x", got, uint32(l.State))
			}
			if err := irq.Enable(c, l.IRQ); err != nil || l.take() != "unmask" || l.State&(irq.Disabled|irq.Masked|irq.Started) != irq.Started {
				t.Errorf("%v, state %#x", err, uint32(l.State))
			}
		}
		l := newLine(c, irq.HandleEdge, 0)
		irq.SetSetting(l.Desc, irq.NoAutoEnabled)
		for dev := range 2 {
			_ = irq.Request(c, l.IRQ, l.handler("h", irq.Handled), irq.Shared, "x", dev)
		}
	})
	if n := said(m, "is shared and not enabled"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// TestFree: who has not got it is told so, and changes nothing; the last one
// stops the interrupt.
func TestFree(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandleFastEOI, 0)
		for dev := range 2 {
			_ = irq.Request(c, l.IRQ, l.handler("h", irq.Handled), irq.Shared, fmt.Sprint("user", dev), dev)
		}
		l.take()
		before := l.state()
		for _, dev := range []any{2, nil, "0"} {
			_, err := irq.Free(c, l.IRQ, dev)
			refused(t, fmt.Sprint(dev), err, "EINVAL")
		}
		_, err := irq.Free(c, 9999, nil)
		refused(t, "no such interrupt", err, "EINVAL")
		if l.state() != before {
			t.Errorf("%s, was %s", l.state(), before)
		}
		irq.SetHintOnly(l.Desc, irq.Mask{1})
		for dev := range 2 {
			if got := l.take(); got != "" {
				t.Errorf("%q before the last one", got)
			}
			if name, err := irq.Free(c, l.IRQ, dev); err != nil || name != fmt.Sprint("user", dev) {
				t.Errorf("%s, %v", name, err)
			}
		}
		if got := l.take(); got != "mask" || l.State&(irq.Started|irq.Disabled|irq.Activated) != irq.Disabled || !l.Hint().Empty() {
			t.Errorf("%q, state %#x, hint %v", got, uint32(l.State), l.Hint())
		}
		_, err = irq.Free(c, l.IRQ, 1)
		refused(t, "twice", err, "EINVAL")
		if err := irq.Request(c, l.IRQ, l.handler("h", irq.Handled), 0, "again", nil); err != nil || l.take() != "unmask" {
			t.Errorf("again: %v", err)
		}
	})
	if n := said(m, "Trying to free already-free IRQ 24"); n != 4 {
		t.Errorf("said %d times", n)
	}
	if n := said(m, "free_irq"); n != 1 { // of the hint
		t.Errorf("%d warnings", n)
	}
}

// TestFreeInInterrupt: it sleeps, so a handler may not; both say so.
func TestFreeInInterrupt(t *testing.T) {
	var report *oops.Report
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandleEdge, 0)
		_ = irq.Request(c, l.IRQ, l.handler("h", irq.Handled), 0, "x", l)
		preempt.Add(c, preempt.HardIRQOffset)
		defer preempt.Sub(c, preempt.HardIRQOffset)
		defer func() { report, _ = recover().(*oops.Report) }()
		_, _ = irq.Free(c, l.IRQ, l)
	})
	if said(m, "Trying to free IRQ 24 from IRQ context!") != 1 || report == nil || report.Rule != "sleep in atomic" {
		t.Errorf("%+v", report)
	}
}
