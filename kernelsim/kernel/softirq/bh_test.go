package softirq_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
)

// counts are the values that preempt_count took on.
type counts []uint32

func (n *counts) note(c *cpu.CPU) { *n = append(*n, preempt.Count(c)) }

func (n counts) want(t *testing.T, what string, want ...uint32) {
	t.Helper()
	if len(n) != len(want) {
		t.Errorf("%s: counts %#x, want %#x", what, []uint32(n), want)
		return
	}
	for i := range want {
		if n[i] != want[i] {
			t.Errorf("%s: counts %#x, want %#x", what, []uint32(n), want)
			return
		}
	}
}

// Each level of disabled bottom halves adds 0x200; the outermost end runs what
// has come meanwhile, with one level of preemption held, before the caller goes
// on.
func TestDisableAndEnable(t *testing.T) {
	r := newRig(t, machine.Config{})
	var n counts
	r.actions[softirq.NetRX] = func(c *cpu.CPU) { n.note(c) }
	r.handler = func(c *cpu.CPU) {
		n.note(c)
		softirq.Raise(c, softirq.NetRX)
	}
	r.task(func(t *sched.Task) {
		c := t.CPU()
		n.note(c)
		softirq.BHDisable(c)
		n.note(c)
		softirq.BHDisable(c)
		n.note(c)
		r.now(c)
		n.note(c)
		softirq.BHEnable(c)
		n.note(c)
		softirq.BHEnable(c)
		n.note(c)
		if !c.IF() {
			r.Error("interrupts are off behind local_bh_enable")
		}
	})
	n.want(t, "nested", 0, 0x200, 0x400, 0x10400, 0x400, 0x200, 0x101, 0)
	r.want("+3 t<3 3>")
}

// What the predicates say with bottom halves disabled: in_softirq and
// in_interrupt are true in a task, in_task too.
func TestPredicatesWithBHOff(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.task(func(t *sched.Task) {
		c := t.CPU()
		softirq.BHDisable(c)
		if !preempt.InSoftIRQ(c) || !preempt.InInterrupt(c) || !preempt.InTask(c) || preempt.InServingSoftIRQ(c) || preempt.Level(c) != 0 || !preempt.InAtomic(c) || preempt.Preemptible(c) {
			r.Errorf("count %#x: the predicates are wrong", preempt.Count(c))
		}
		softirq.BHEnable(c)
	})
}

// The _bh forms of a spinlock: 0x201 while it is held, and it is free before
// the softirqs run that may want it.
func TestLockBH(t *testing.T) {
	r := newRig(t, machine.Config{})
	var l lock.Spin
	l.Init(r.c, lockClass)
	var n counts
	r.actions[softirq.NetRX] = func(c *cpu.CPU) {
		n.note(c)
		l.Lock(c)
		l.Unlock(c)
	}
	r.handler = raise(softirq.NetRX)
	r.task(func(t *sched.Task) {
		c := t.CPU()
		softirq.LockBH(c, &l)
		n.note(c)
		r.now(c)
		if !l.Locked() {
			r.Error("the lock is free while it is held")
		}
		softirq.UnlockBH(c, &l)
		n.note(c)
	})
	n.want(t, "spin_lock_bh", 0x201, 0x101, 0)
	r.want("+3 t<3 3>")
}

var lockClass = lock.NewClass("test_bh_lock")

// In a fully preemptible kernel the end of a section is a place at which the
// task may have to go: a task that a softirq has woken runs before the next
// line.
func TestEnableSwitches(t *testing.T) {
	for _, tt := range []struct{ model, want string }{{"voluntary", "on woken"}, {"full", "woken on"}} {
		r := newRig(t, machine.Config{Append: "preempt=" + tt.model})
		var order []string
		woken := sched.Spawn(r.c, "sleeper", sched.Attr{CPUs: []int{here}, Policy: sched.FIFO, RTPrio: 50}, func(t *sched.Task) {
			sched.SetState(t, sched.Interruptible)
			sched.Schedule(t.CPU())
			order = append(order, "woken")
		})
		r.must(r.m.RunIdle())
		r.actions[softirq.NetRX] = func(c *cpu.CPU) { sched.WakeUpProcess(c, woken) }
		r.task(func(t *sched.Task) {
			softirq.BHDisable(t.CPU())
			softirq.Raise(t.CPU(), softirq.NetRX)
			softirq.BHEnable(t.CPU())
			order = append(order, "on")
		})
		if got := strings.Join(order, " "); got != tt.want {
			t.Errorf("preempt=%s: %s, want %s", tt.model, got, tt.want)
		}
	}
}

// local_bh_enable in a hard interrupt, and with interrupts off, is told of in
// the log, once each.
func TestWarnings(t *testing.T) {
	r := newRig(t, machine.Config{})
	count := func(text string) (n int) {
		for _, l := range r.m.Dmesg() {
			if strings.Contains(l.Text, text) {
				n++
			}
		}
		return n
	}
	for range 2 {
		r.task(func(t *sched.Task) { // as it should be
			softirq.BHDisable(t.CPU())
			softirq.BHEnable(t.CPU())
		})
	}
	if n := count("WARNING"); n != 0 {
		t.Errorf("%d warnings where nothing is wrong", n)
	}
	r.handler = func(c *cpu.CPU) {
		softirq.BHDisable(c)
		softirq.BHEnable(c)
	}
	r.interrupt()
	r.interrupt()
	r.task(func(t *sched.Task) {
		softirq.BHDisable(t.CPU())
		t.CPU().CLI()
		softirq.BHEnable(t.CPU())
		t.CPU().STI()
	})
	if n := count("Call Trace:"); n != 3 {
		t.Errorf("%d of 3 warnings say by which calls", n)
	}
	for _, where := range []string{"346 __local_bh_disable_ip", "400 __local_bh_enable_ip", "401 __local_bh_enable_ip"} {
		if n := count("WARNING: CPU: 1 PID: "); n != 3 {
			t.Fatalf("%d warnings, want 3", n)
		}
		if n := count("at kernel/softirq.c:" + where); n != 1 {
			t.Errorf("%s: told %d times", where, n)
		}
	}
	r.handler = func(c *cpu.CPU) {
		var l lock.Spin
		l.Init(c, lockClass)
		softirq.LockBH(c, &l)
		softirq.UnlockBH(c, &l)
	}
	fresh := newRig(t, machine.Config{})
	fresh.handler = r.handler
	fresh.interrupt()
	r.m = fresh.m
	if n := count("WARNING: CPU: 1 PID: "); n != 3 {
		t.Errorf("spin_lock_bh in a hard interrupt: %d warnings, want those of both halves and of interrupts off", n)
	}
}
