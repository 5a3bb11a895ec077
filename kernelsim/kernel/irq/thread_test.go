package irq_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// TestThreadedOrder is what the chip hears and when, for each flow, with and
// without a line that stays masked for the thread.
func TestThreadedOrder(t *testing.T) {
	const once = irq.OneShotFlag
	for _, tt := range []struct {
		name  string
		flow  irq.FlowHandler
		chip  irq.ChipFlag
		flags irq.Flags
		ret   irq.Return // of the handler
		first string     // until the flow returns
		then  string     // until the thread sleeps again
	}{
		{"fasteoi", irq.HandleFastEOI, 0, 0, irq.WakeThread, "handler eoi", "thread"},
		{"fasteoi oneshot", irq.HandleFastEOI, 0, once, irq.WakeThread, "mask handler eoi", "thread unmask"},
		{"fasteoi oneshot, no thread", irq.HandleFastEOI, 0, once, irq.Handled, "mask handler eoi unmask", ""},
		{"fasteoi oneshot, not mine", irq.HandleFastEOI, 0, once, irq.None, "mask handler eoi unmask", ""},
		{"fasteoi, EOI with the thread", irq.HandleFastEOI, irq.EOIThreaded, once, irq.WakeThread, "mask handler", "thread eoi unmask"},
		{"fasteoi, EOI with no thread", irq.HandleFastEOI, irq.EOIThreaded, once, irq.Handled, "mask handler eoi unmask", ""},
		{"fasteoi, safe without", irq.HandleFastEOI, irq.OneShotSafe, once, irq.WakeThread, "handler eoi", "thread"},
		{"level", irq.HandleLevel, 0, 0, irq.WakeThread, "mask ack handler unmask", "thread"},
		{"level oneshot", irq.HandleLevel, 0, once, irq.WakeThread, "mask ack handler", "thread unmask"},
		{"level oneshot, no thread", irq.HandleLevel, 0, once, irq.Handled, "mask ack handler unmask", ""},
		{"edge", irq.HandleEdge, 0, 0, irq.WakeThread, "ack handler", "thread"},
		{"edge oneshot", irq.HandleEdge, 0, once, irq.WakeThread, "ack handler", "thread"},
		{"simple", irq.HandleSimple, 0, 0, irq.WakeThread, "handler", "thread"},
		{"per processor", irq.HandlePerCPU, 0, 0, irq.WakeThread, "ack handler eoi", "thread"},
	} {
		inTask(t, "", func(task *sched.Task) {
			l := newLine(task.CPU(), tt.flow, tt.chip)
			err := irq.RequestThreaded(task.CPU(), l.IRQ, l.handler("handler", tt.ret), l.thread("thread", irq.Handled), tt.flags, "one", l)
			if got := l.take(); err != nil || got != "unmask" {
				t.Errorf("%s: %v, %s", tt.name, err, got)
			}
			for range 2 { // the second time as the first
				l.comes(task.CPU())
				if got := l.take(); got != tt.first {
					t.Errorf("%s: %q, want %q", tt.name, got, tt.first)
				}
				settle(task)
				if got := l.take(); got != tt.then {
					t.Errorf("%s: then %q, want %q", tt.name, got, tt.then)
				}
			}
		})
	}
}

// TestDisabledMeanwhile: a thread that finds its interrupt disabled leaves the
// line masked; who enables it frees it.
func TestDisabledMeanwhile(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandleFastEOI, 0)
		_ = irq.RequestThreaded(task.CPU(), l.IRQ, nil, func(th *sched.Task, n irq.Number, _ any) irq.Return {
			_ = irq.DisableNoSync(th.CPU(), n)
			return irq.Handled
		}, irq.OneShotFlag, "one", l)
		l.take()
		l.comes(task.CPU())
		settle(task)
		if got := l.take(); got != "mask eoi" {
			t.Errorf("%q, want it masked", got)
		}
		_ = irq.Enable(task.CPU(), l.IRQ)
		if got := l.take(); got != "unmask" {
			t.Errorf("enabled: %q", got)
		}
	})
}

// TestSharedOneShot: the line stays masked until the last of the threads that
// were woken is through, and each has a bit of its own.
func TestSharedOneShot(t *testing.T) {
	const flags = irq.Shared | irq.OneShotFlag
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandleFastEOI, 0)
		slow := func(th *sched.Task, _ irq.Number, _ any) irq.Return {
			hrtimer.USleep(th, 10*sim.Millisecond)
			l.note("slow")
			return irq.Handled
		}
		_ = irq.RequestThreaded(task.CPU(), l.IRQ, l.handler("a", irq.WakeThread), slow, flags, "a", &slow)
		_ = irq.RequestThreaded(task.CPU(), l.IRQ, l.handler("b", irq.WakeThread), l.thread("quick", irq.Handled), flags, "b", l)
		_ = irq.RequestThreaded(task.CPU(), l.IRQ, l.handler("c", irq.None), l.thread("never", irq.Handled), flags, "c", &l.log)
		l.take()
		l.comes(task.CPU())
		settle(task)
		if got := l.take(); got != "mask a b c eoi quick" {
			t.Errorf("%q", got)
		}
		hrtimer.USleep(task, 50*sim.Millisecond)
		if got := l.take(); got != "slow unmask" {
			t.Errorf("then %q", got)
		}
	})
}

// TestSixtyFour: there are as many bits as a word has, and a bit that was given
// back is given out again.
func TestSixtyFour(t *testing.T) {
	const flags = irq.Shared | irq.OneShotFlag
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandleFastEOI, 0)
		devs := make([]int, 66)
		ask := func(i int) error {
			return irq.RequestThreaded(task.CPU(), l.IRQ, nil, l.thread("t", irq.Handled), flags, "many", &devs[i])
		}
		for i := range 64 {
			if err := ask(i); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		refused(t, "the 65th", ask(64), "EBUSY")
		if _, err := irq.Free(task.CPU(), l.IRQ, &devs[17]); err != nil {
			t.Error(err)
		}
		if err := ask(65); err != nil {
			t.Errorf("in place of one that went: %v", err)
		}
		refused(t, "another", ask(17), "EBUSY")
		l.take()
		l.comes(task.CPU())
		settle(task)
		if n := len(l.log); n != 2+64+1 || l.log[n-1] != "unmask" {
			t.Errorf("%d steps, %v", n, l.log[n-1])
		}
	})
}

// TestWakesCollapse: a thread that has not begun is not woken again; one that
// has begun goes once more.
func TestWakesCollapse(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandleEdge, 0)
		again := 2
		_ = irq.RequestThreaded(task.CPU(), l.IRQ, func(*cpu.CPU, irq.Number, any) irq.Return { return irq.WakeThread },
			func(th *sched.Task, _ irq.Number, _ any) irq.Return {
				l.note("begin")
				if again--; again > 0 {
					l.comes(th.CPU())
					l.comes(th.CPU())
				}
				l.note("end")
				return irq.Handled
			}, 0, "one", l)
		l.take()
		for range 3 {
			l.comes(task.CPU())
		}
		settle(task)
		if got := l.take(); got != "ack ack ack begin ack ack end begin end" {
			t.Errorf("%q", got)
		}
		if irq.SynchronizeIRQ(task.CPU(), l.IRQ); !irq.SynchronizeHardIRQ(task.CPU(), l.IRQ) {
			t.Error("a thread is active still")
		}
	})
}

// context is what a handler finds.
type context struct {
	prio, rtprio        int
	hard, bottom, ifOff bool
	comm                string
}

func here(c *cpu.CPU) context {
	t := sched.Current(c)
	return context{t.Prio(), t.RTPrio, preempt.InHardIRQ(c), preempt.InSoftIRQ(c), !c.IF(), t.Comm}
}

// TestThreadContext: a driver's own thread may do anything; a handler that
// threadirqs put into one finds interrupts and bottom halves off. Both are
// SCHED_FIFO 50 under the first 15 bytes of their names.
func TestThreadContext(t *testing.T) {
	for _, tt := range []struct {
		params string
		flags  irq.Flags
		thread bool // the request has a function for a thread
		want   []context
	}{
		{"", 0, true, []context{{0, 0, true, false, true, "test"}, {49, 50, false, false, false, "irq/24-a-long-n"}}},
		{"threadirqs", 0, false, []context{{49, 50, false, true, true, "irq/24-a-long-n"}}},
		{"threadirqs", 0, true, []context{{49, 50, false, true, true, "irq/24-a-long-n"}, {49, 50, false, false, false, "irq/24-s-a-long"}}},
		{"threadirqs", irq.NoThread, true, []context{{0, 0, true, false, true, "test"}, {49, 50, false, false, false, "irq/24-a-long-n"}}},
		{"threadirqs", irq.OneShotFlag, true, []context{{0, 0, true, false, true, "test"}, {49, 50, false, false, false, "irq/24-a-long-n"}}},
		{"threadirqs", irq.PerCPUFlag, false, []context{{0, 0, true, false, true, "test"}}},
	} {
		var got []context
		inTask(t, tt.params, func(task *sched.Task) {
			l := newLine(task.CPU(), irq.HandleFastEOI, 0)
			h := func(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
				got = append(got, here(c))
				if tt.thread {
					return irq.WakeThread
				}
				return irq.Handled
			}
			var fn irq.ThreadFn
			if tt.thread {
				fn = func(th *sched.Task, _ irq.Number, _ any) irq.Return {
					got = append(got, here(th.CPU()))
					return irq.Handled
				}
			}
			if err := irq.RequestThreaded(task.CPU(), l.IRQ, h, fn, tt.flags, "a-long-name", l); err != nil {
				t.Error(err)
			}
			l.comes(task.CPU())
			settle(task)
			if c := task.CPU(); !c.IF() || preempt.Count(c) != 0 {
				t.Errorf("%+v: left %x", tt, preempt.Count(c))
			}
			if l.State&irq.Masked != 0 {
				t.Errorf("%+v: the line stays masked", tt)
			}
			if name, err := irq.Free(task.CPU(), l.IRQ, l); err != nil || name != "a-long-name" {
				t.Errorf("%s, %v", name, err)
			}
			for _, th := range sched.Tasks(task.CPU()) {
				if th.Comm == "irq/24-a-long-n" || th.Comm == "irq/24-s-a-long" {
					t.Errorf("%+v: %s is there still", tt, th.Comm)
				}
			}
		})
		for i := range got {
			if got[i].comm == "test" {
				got[i].prio = 0
			}
		}
		if len(got) != len(tt.want) {
			t.Errorf("%+v: %+v", tt, got)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%+v: %+v, want %+v", tt, got[i], tt.want[i])
			}
		}
	}
}

// TestThreadFollows: the thread runs where its interrupt goes, and moves when
// it next has something to do.
func TestThreadFollows(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandleEdge, 0)
		l.Effective = cpumask.Of(1)
		on := -1
		_ = irq.RequestThreaded(task.CPU(), l.IRQ, l.handler("h", irq.WakeThread), func(th *sched.Task, _ irq.Number, _ any) irq.Return {
			on = th.CPU().ID
			return irq.Handled
		}, 0, "one", l)
		settle(task)
		th := running(task.CPU(), "irq/24-one")
		if th == nil || th.Allowed(0) || !th.Allowed(1) {
			t.Fatalf("%v", th)
		}
		l.comes(task.CPU())
		settle(task)
		if on != 1 {
			t.Errorf("it ran on CPU %d", on)
		}
		l.Effective = cpumask.Of(0) // without a word to the thread
		l.comes(task.CPU())
		settle(task)
		if on != 1 {
			t.Errorf("it looked where nobody had told it to: CPU %d", on)
		}
	})
}

// TestNoThread: a handler that asks for a thread which does not exist is told
// so once; its interrupt counts as handled.
func TestNoThread(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandleEdge, 0)
		_ = irq.Request(task.CPU(), l.IRQ, l.handler("h", irq.WakeThread), 0, "fool", l)
		for range 3 {
			l.comes(task.CPU())
		}
		if irq.SynchronizeIRQ(task.CPU(), l.IRQ); l.Total() != 3 {
			t.Errorf("%d", l.Total())
		}
	})
	if n := said(m, "IRQ 24 device fool returned IRQ_WAKE_THREAD but no thread function available."); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// TestWakeActionThread: a driver wakes its own thread without an interrupt, and
// nobody else's.
func TestWakeActionThread(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandleFastEOI, 0)
		const flags = irq.Shared | irq.OneShotFlag
		_ = irq.RequestThreaded(task.CPU(), l.IRQ, nil, l.thread("a", irq.Handled), flags, "a", 1)
		_ = irq.RequestThreaded(task.CPU(), l.IRQ, nil, l.thread("b", irq.Handled), flags, "b", 2)
		l.take()
		for _, dev := range []any{2, 3, nil} {
			irq.WakeActionThread(task.CPU(), l.IRQ, dev)
		}
		irq.WakeActionThread(task.CPU(), 9999, 1)
		irq.SynchronizeIRQ(task.CPU(), l.IRQ)
		if got := l.take(); got != "b" {
			t.Errorf("%q", got)
		}
	})
}

// TestFreeWaits: free_irq returns when the thread has finished what it has
// begun, and disable_irq too, disable_hardirq does not wait.
func TestFreeWaits(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandleEdge, 0)
		_ = irq.RequestThreaded(task.CPU(), l.IRQ, l.handler("h", irq.WakeThread), func(th *sched.Task, _ irq.Number, _ any) irq.Return {
			l.note("begin")
			hrtimer.USleep(th, 20*sim.Millisecond)
			l.note("end")
			return irq.Handled
		}, 0, "one", l)
		l.take()
		l.comes(task.CPU())
		settle(task)
		if irq.DisableHardIRQ(task.CPU(), l.IRQ) {
			t.Error("no thread is active")
		}
		if got := l.take(); got != "ack h begin" {
			t.Errorf("disable_hardirq: %q", got)
		}
		_ = irq.Disable(task.CPU(), l.IRQ)
		if got := l.take(); got != "end" {
			t.Errorf("disable_irq: %q", got)
		}
		_ = irq.Enable(task.CPU(), l.IRQ)
		_ = irq.Enable(task.CPU(), l.IRQ)
		l.comes(task.CPU())
		settle(task)
		l.take()
		if _, err := irq.Free(task.CPU(), l.IRQ, l); err != nil || running(task.CPU(), "irq/24-one") != nil {
			t.Errorf("%v", err)
		}
		if got := l.take(); got != "mask end" {
			t.Errorf("free_irq: %q", got)
		}
	})
}

// TestThreadAllocatesNothing: from the interrupt to the end of the thread's
// work.
func TestThreadAllocatesNothing(t *testing.T) {
	for _, params := range []string{"", "threadirqs"} {
		allocs, runs := -1.0, 0
		inTask(t, params, func(task *sched.Task) {
			l := newLine(task.CPU(), irq.HandleFastEOI, 0)
			l.SetChip(quietChip{})
			l.Effective = cpumask.Of(0)
			_ = irq.RequestThreaded(task.CPU(), l.IRQ, nil, func(*sched.Task, irq.Number, any) irq.Return { runs++; return irq.Handled }, irq.OneShotFlag, "one", l)
			allocs = testing.AllocsPerRun(500, func() {
				l.comes(task.CPU())
				sched.CondResched(task)
			})
		})
		if allocs != 0 || runs < 500 {
			t.Errorf("%q: %v allocations, %d runs", params, allocs, runs)
		}
	}
}

// quietChip notes nothing.
type quietChip struct{}

func (quietChip) Name() string               { return "quiet" }
func (quietChip) Mask(*cpu.CPU, *irq.Data)   {}
func (quietChip) Unmask(*cpu.CPU, *irq.Data) {}
func (quietChip) Ack(*cpu.CPU, *irq.Data)    {}
func (quietChip) EOI(*cpu.CPU, *irq.Data)    {}
