package softirq_test

import (
	"errors"
	"fmt"
	"hash/fnv"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

// loopPart is the loop as a part has to be.
func loopPart(p softirqabi.Processor) {
	if p.InInterrupt() {
		return
	}
	end := p.Jiffies() + p.Limit()
	mask := p.Pending()
	p.Begin()
	for passes := 1; ; passes++ {
		p.SetPending(0)
		p.EnableIRQ()
		for nr := range 16 {
			if mask&(1<<nr) != 0 {
				p.Run(nr)
			}
		}
		if p.ByThread() {
			p.Quiescent()
		}
		p.DisableIRQ()
		if mask = p.Pending(); mask == 0 {
			break
		}
		if p.Jiffies() >= end || p.NeedResched() || passes == 10 {
			p.WakeThread()
			break
		}
	}
	p.End()
}

// exitPart is irq_exit as a part has to be.
func exitPart(r softirqabi.Return) {
	r.LeaveHardIRQ()
	if pending := r.Pending(); pending != 0 && !r.InInterrupt() && !r.ThreadHasIt(pending) {
		if r.Forced() {
			r.WakeThread()
		} else {
			r.Do()
		}
	}
	r.TickExit()
}

// storm is a run with everything in it; its trace as a number.
func storm(t *testing.T, cfg machine.Config, parts ...machine.Part) uint64 {
	t.Helper()
	r := newRig(t, cfg, parts...)
	for _, nr := range mine {
		n := 0
		r.actions[nr] = func(c *cpu.CPU) {
			n++
			work(c, sim.Time(n*7919%30000))
			if n%5 != 0 {
				softirq.Raise(c, mine[n%len(mine)])
			}
		}
	}
	r.handler = raise(softirq.NetRX, softirq.NetTX)
	r.must(r.m.Burn(here, 20*sim.Millisecond))
	sched.KThreadOn(r.c, here, "task", func(t *sched.Task) {
		for range 50 {
			c := t.CPU()
			softirq.BHDisable(c)
			raise(softirq.Block)(c)
			softirq.Do(c)
			softirq.BHEnable(c)
			raise(softirq.IRQPoll)(c)
			sched.CondResched(t)
		}
	})
	for range 40 {
		r.must(r.m.Interrupt(here, event))
		r.must(r.m.Run(300 * sim.Microsecond))
	}
	r.must(r.m.RunIdle())
	h := fnv.New64a()
	for _, x := range r.m.Ring().From(r.from) {
		fmt.Fprintln(h, *x)
	}
	return h.Sum64()
}

// Parts that do what the defaults do give the same trace, byte for byte.
func TestPartsAreTheDefaults(t *testing.T) {
	for _, cfg := range []machine.Config{{}, {Seed: 7}, {Append: "threadirqs"}, {Append: "preempt=full", HZ: 1000}, {Kernel: "4.9"}, {Kernel: "6.12", Seed: 3}} {
		want := storm(t, cfg)
		if again := storm(t, cfg); again != want {
			t.Fatalf("%+v: two runs differ", cfg)
		}
		if got := storm(t, cfg, machine.WithSoftirqLoop(loopPart)); got != want {
			t.Errorf("%+v: with a loop like ours the trace is another", cfg)
		}
		if got := storm(t, cfg, machine.WithIRQExit(exitPart)); got != want {
			t.Errorf("%+v: with an exit like ours the trace is another", cfg)
		}
	}
}

// What a part leaves behind wrongly ends the run.
func TestPartsThatLeak(t *testing.T) {
	for _, tt := range []struct {
		name string
		part machine.Part
		rule string
	}{
		{"loop without end", machine.WithSoftirqLoop(func(p softirqabi.Processor) {
			p.SetPending(0)
			p.Begin()
		}), "preempt_count leak"},
		{"loop that ends twice", machine.WithSoftirqLoop(func(p softirqabi.Processor) {
			p.SetPending(0)
			p.End()
		}), "preempt_count underflow"},
		{"loop with interrupts on", machine.WithSoftirqLoop(func(p softirqabi.Processor) {
			p.SetPending(0)
			p.EnableIRQ()
		}), "IF left on"},
		{"loop that runs what is not there", machine.WithSoftirqLoop(func(p softirqabi.Processor) { p.Run(10) }), "no such softirq"},
		{"loop that runs less than nothing", machine.WithSoftirqLoop(func(p softirqabi.Processor) { p.Run(-1) }), "no such softirq"},
		{"exit that stays", machine.WithIRQExit(func(r softirqabi.Return) {}), "preempt_count leak"},
		{"exit that leaves twice", machine.WithIRQExit(func(r softirqabi.Return) {
			r.LeaveHardIRQ()
			r.LeaveHardIRQ()
		}), "preempt_count underflow"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := machine.Boot(machine.Config{CPUs: 2}, tt.part)
			if err == nil {
				defer m.Close()
				err = m.Do("raise", func(c *cpu.CPU) {
					softirq.Open(c, softirq.NetRX, func(*cpu.CPU) {})
					softirq.Raise(c, softirq.NetRX)
				})
				if err == nil {
					err = errors.Join(m.Interrupt(0, event), m.Run(sim.Second))
				}
			}
			var r *oops.Report
			if !errors.As(err, &r) || r.Rule != tt.rule {
				t.Errorf("ended with %v, want the rule %q", err, tt.rule)
			}
		})
	}
}
