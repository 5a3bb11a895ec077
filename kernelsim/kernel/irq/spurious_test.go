package irq_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// sharedLine makes a line that two handlers share, with what they answer.
func sharedLine(t *testing.T, c *cpu.CPU, answers ...irq.Return) *line {
	t.Helper()
	l := newLine(c, irq.HandleSimple, 0)
	for i, ret := range answers {
		if err := irq.Request(c, l.IRQ, l.handler(fmt.Sprint("h", i), ret), irq.Shared, fmt.Sprint("dev", i), &answers[i]); err != nil {
			t.Fatal(err)
		}
	}
	l.take()
	return l
}

// spurious is what the file of that name says, without the time.
func spurious(l *line) string {
	a, _ := l.Spurious()
	return fmt.Sprintf("%d of %d", a.Unhandled, a.Count)
}

// off reports whether the line was switched off.
func off(c *cpu.CPU, l *line) bool {
	return strings.Contains(l.DebugShow(c), "IRQS_SPURIOUS_DISABLED")
}

// TestThresholds: of 100,000 interrupts from the first unhandled one on,
// 99,901 must be unhandled for the line to be switched off, not one less.
func TestThresholds(t *testing.T) {
	for _, tt := range []struct {
		handled int // of the 100,000
		off     bool
	}{{0, true}, {1, true}, {99, true}, {100, false}, {101, false}, {50_000, false}} {
		m := inTask(t, "", func(task *sched.Task) {
			c := task.CPU()
			l := sharedLine(t, c, irq.None)
			for range 1000 {
				irq.Note(c, l.Desc, irq.Handled) // those before the first unhandled one do not count
			}
			irq.Note(c, l.Desc, irq.None)
			for range tt.handled {
				irq.Note(c, l.Desc, irq.Handled)
			}
			for range 100_000 - tt.handled - 2 {
				irq.Note(c, l.Desc, irq.None)
			}
			want := fmt.Sprintf("%d of 99999", 99_999-tt.handled)
			if got := spurious(l); got != want || off(c, l) {
				t.Errorf("%d handled: one before the end %s, off: %t; want %s", tt.handled, got, off(c, l), want)
			}
			irq.Note(c, l.Desc, irq.None)
			if got := spurious(l); got != "0 of 0" || off(c, l) != tt.off || (l.State&irq.Disabled != 0) != tt.off {
				t.Errorf("%d handled: %s, off: %t, want %t", tt.handled, got, off(c, l), tt.off)
			}
		})
		if said(m, "nobody cared") != map[bool]int{true: 1}[tt.off] {
			t.Errorf("%d handled: the log does not say so", tt.handled)
		}
	}
}

// TestAgainstRules compares the account with one that was written from the
// rules alone, whatever comes when.
func TestAgainstRules(t *testing.T) {
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		inTask(t, "", func(task *sched.Task) {
			c := task.CPU()
			l := sharedLine(t, c, irq.None)
			var count, unhandled int
			last := sim.Time(-1 << 40)
			for i := range 250_000 {
				ret := irq.None
				if rnd.IntN(2000) < int(2*seed) {
					ret = irq.Handled
				}
				if rnd.IntN(50_000) == 0 {
					hrtimer.USleep(task, sim.Time(rnd.IntN(200))*sim.Millisecond)
					c = task.CPU()
				}
				tick := c.Now() / (4 * sim.Millisecond)
				irq.Note(c, l.Desc, ret)
				if ret == irq.None {
					if unhandled++; tick-last > 25 {
						unhandled = 1
					}
					last = tick
				}
				dead := false
				if unhandled > 0 {
					if count++; count == 100_000 {
						dead, count, unhandled = unhandled > 99_900, 0, 0
					}
				}
				if got, want := spurious(l), fmt.Sprintf("%d of %d", unhandled, count); got != want {
					t.Fatalf("seed %d, interrupt %d: %s, want %s", seed, i, got, want)
				}
				if dead && !off(c, l) {
					t.Fatalf("seed %d, interrupt %d: not switched off", seed, i)
				}
			}
		})
	}
}

// TestStray: an unhandled interrupt 25 ticks after the last one counts with
// it, one 26 ticks after it alone.
func TestStray(t *testing.T) {
	const tick = 4 * sim.Millisecond
	for ticks, want := range map[sim.Time]string{25: "2 of 2", 26: "1 of 2"} {
		inTask(t, "", func(task *sched.Task) {
			l := sharedLine(t, task.CPU(), irq.None)
			hrtimer.USleep(task, tick-task.CPU().Now()%tick+tick/4)
			irq.Note(task.CPU(), l.Desc, irq.None)
			hrtimer.USleep(task, ticks*tick)
			irq.Note(task.CPU(), l.Desc, irq.None)
			if got := spurious(l); got != want {
				t.Errorf("%d ticks: %s, want %s", ticks, got, want)
			}
		})
	}
}

// TestDeferred: whether a thread handles an interrupt is seen when the next
// one comes.
func TestDeferred(t *testing.T) {
	const wake = irq.WakeThread
	inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := sharedLine(t, c, irq.None)
		threads := 0
		for i, step := range []struct {
			ret     irq.Return
			handled int // by threads before it
			want    string
		}{
			{wake, 0, "0 of 0"},               // the first one is only noted
			{wake, 0, "1 of 1"},               // nobody has handled that
			{wake, 1, "1 of 2"},               // but this one
			{wake, 0, "2 of 3"},               // not the one after
			{wake | irq.Handled, 0, "2 of 4"}, // whatever the thread does
			{wake, 0, "2 of 4"},               // so that this is a first one again
			{irq.None, 0, "3 of 5"},
			{wake, 3, "3 of 6"},
			{irq.Handled, 0, "3 of 7"},
			{wake, 0, "4 of 8"},
		} {
			threads += step.handled
			irq.SetThreadsHandled(l.Desc, threads)
			irq.Note(c, l.Desc, step.ret)
			if got := spurious(l); got != step.want {
				t.Errorf("step %d: %s, want %s", i, got, step.want)
			}
		}
	})
}

// TestBogus: an answer that is none is told of a hundred times, and counts
// neither way.
func TestBogus(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		l := sharedLine(t, task.CPU(), 4)
		for range 150 {
			l.comes(task.CPU())
		}
		if got := spurious(l); got != "0 of 0" {
			t.Error(got)
		}
	})
	if n := said(m, "bogus return value 4"); n != 100 {
		t.Errorf("told %d times, want 100", n)
	}
}

// TestAnotherChance: a handler that joins enables a line that was switched
// off, and the count begins anew.
func TestAnotherChance(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := sharedLine(t, c, irq.None)
		for range 100_000 {
			irq.Note(c, l.Desc, irq.None)
		}
		irq.Note(c, l.Desc, irq.None)
		if !off(c, l) || spurious(l) != "1 of 1" {
			t.Fatalf("not switched off: %s", spurious(l))
		}
		if err := irq.Request(c, l.IRQ, l.handler("new", irq.Handled), irq.Shared, "new", l); err != nil {
			t.Fatal(err)
		}
		l.take()
		l.comes(c)
		if got := l.take(); off(c, l) || got != "h0 new" || spurious(l) != "0 of 0" {
			t.Errorf("off: %t, asked %q, %s", off(c, l), got, spurious(l))
		}
	})
}

// TestPolledLine: the handlers of a line that was switched off are asked ten
// times a second, and of no other.
func TestPolledLine(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		l, other := sharedLine(t, task.CPU(), irq.None, irq.Handled), sharedLine(t, task.CPU(), irq.Handled)
		silent := sharedLine(t, task.CPU(), irq.None)
		alone := newLine(task.CPU(), irq.HandleSimple, 0)
		_ = irq.Request(task.CPU(), alone.IRQ, alone.handler("alone", irq.None), 0, "alone", nil)
		for _, dead := range []*line{l, alone, silent} {
			for range 100_000 {
				irq.Note(task.CPU(), dead.Desc, irq.None)
			}
			dead.take()
		}
		total := l.Total()
		hrtimer.USleep(task, 5*104*sim.Millisecond)
		if got := l.take(); got != strings.TrimSpace(strings.Repeat("h0 h1 ", 5)) {
			t.Errorf("asked %q", got)
		}
		if got := other.take() + alone.take(); got != "" || l.Total() != total {
			t.Errorf("asked %q too, %d counted", got, l.Total()-total)
		}
		if got := silent.take(); got == "" || spurious(silent) != "0 of 0" {
			t.Errorf("asked %q: a poll counts: %s", got, spurious(silent))
		}
	})
}

// TestMisrouted: with irqfixup, what nobody on its line wants may belong to
// another one; with irqpoll the timer's interrupts ask too. A disabled line,
// and one that is not shared, is not asked.
func TestMisrouted(t *testing.T) {
	for _, tt := range []struct {
		params         string
		unhandled      string // who is asked for an unhandled one
		account        string
		polled, normal string // and for a handled one, with IRQPoll and without
	}{
		{"", "", "1 of 1", "", ""},
		{"irqfixup", "h0", "0 of 0", "", ""},
		{"irqpoll", "h0", "0 of 0", "h0", ""},
	} {
		m := inTask(t, tt.params, func(task *sched.Task) {
			c := task.CPU()
			l, right := sharedLine(t, c, irq.None), sharedLine(t, c, irq.Handled)
			disabled, private := sharedLine(t, c, irq.Handled), newLine(c, irq.HandleSimple, 0)
			_ = irq.Request(c, private.IRQ, private.handler("private", irq.Handled), 0, "private", nil)
			_ = irq.DisableNoSync(c, disabled.IRQ)
			private.take()
			l.comes(c)
			if got := right.take(); got != tt.unhandled || spurious(l) != tt.account {
				t.Errorf("%q: asked %q, %s; want %q, %s", tt.params, got, spurious(l), tt.unhandled, tt.account)
			}
			if got := disabled.take() + private.take(); got != "" {
				t.Errorf("%q: asked %q too", tt.params, got)
			}
			for flags, want := range map[irq.Flags]string{irq.IRQPoll: tt.polled, 0: tt.normal} {
				clock := newLine(c, irq.HandleSimple, 0)
				_ = irq.Request(c, clock.IRQ, clock.handler("clock", irq.Handled), flags, "clock", nil)
				clock.comes(c)
				if got := right.take(); got != want {
					t.Errorf("%q: for a handled one with flags %#x asked %q, want %q", tt.params, flags, got, want)
				}
			}
		})
		for param, text := range map[string]string{"irqfixup": "Misrouted IRQ fixup support enabled.", "irqpoll": "Misrouted IRQ fixup and polling support enabled"} {
			if said(m, text) != map[bool]int{true: 1}[param == tt.params] {
				t.Errorf("%q: the log does not say %q as often as it should", tt.params, text)
			}
		}
	}
}

// TestNoDetection: with noirqdebug nobody counts.
func TestNoDetection(t *testing.T) {
	m := inTask(t, "noirqdebug", func(task *sched.Task) {
		l := sharedLine(t, task.CPU(), irq.None)
		for range 100_001 {
			l.comes(task.CPU())
		}
		if off(task.CPU(), l) || spurious(l) != "0 of 0" {
			t.Errorf("off: %t, %s", off(task.CPU(), l), spurious(l))
		}
	})
	if said(m, "IRQ lockup detection disabled") != 1 {
		t.Error("the log does not say so")
	}
}
