package sched_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A clerk is the second specification of accounting: he stands beside the
// machine, and whenever a processor has had a tick he looks what it did and
// writes a period down. What a program does he is told by the program.
type clerk struct {
	m         *machine.Machine
	seen      []uint64
	inProgram map[*sched.Task]bool
	times     []sched.Times
	user, sys map[*sched.Task]sim.Time
}

func newClerk(m *machine.Machine) *clerk {
	k := &clerk{m: m, seen: make([]uint64, len(m.CPUs())), times: make([]sched.Times, len(m.CPUs())),
		inProgram: map[*sched.Task]bool{}, user: map[*sched.Task]sim.Time{}, sys: map[*sched.Task]sim.Time{}}
	for i, p := range m.CPUs() {
		k.seen[i], k.times[i] = tick.Ticks(p), sched.CPUTimes(p)
	}
	for _, t := range m.Tasks() {
		k.user[t], k.sys[t] = t.UserTicks(), t.SystemTicks()
	}
	m.Engine().Observe(func(sim.Step) { k.look() })
	return k
}

func (k *clerk) look() {
	for i, p := range k.m.CPUs() {
		if n := tick.Ticks(p); n != k.seen[i] {
			k.seen[i] = n
			k.write(p, &k.times[i])
		}
	}
}

// write writes one period down, by the contexts that preempt_count names: the
// tick's own hard interrupt is one of them.
func (k *clerk) write(p *cpu.CPU, x *sched.Times) {
	const period = 4 * sim.Millisecond
	t, word := sched.Current(p), preempt.Word(p)
	hard, soft := word>>16&15, word>>8&1
	switch {
	case hard == 1 && word>>8&255 == 0 && k.inProgram[t] && t.Nice() > 0:
		x.Nice += period
		k.user[t] += period
		return
	case hard == 1 && word>>8&255 == 0 && k.inProgram[t]:
		x.User += period
		k.user[t] += period
		return
	case hard > 1:
		x.IRQ += period
	case soft == 1:
		x.SoftIRQ += period
	case t.PID == 0 && word>>8&255 == 0:
		return // measured
	default:
		x.System += period
	}
	k.sys[t] += period
}

// check compares what he has written with what the kernel has.
func (k *clerk) check(t *testing.T, seed uint64) (all sched.Times) {
	t.Helper()
	for i, p := range k.m.CPUs() {
		got, want := sched.CPUTimes(p), k.times[i]
		want.Idle = got.Idle
		if got != want {
			t.Errorf("seed %d, CPU %d: %+v, want %+v", seed, i, got, want)
		}
		if sum := got.User + got.Nice + got.System + got.IRQ + got.SoftIRQ + got.Idle; sum > k.m.Now()+8*sim.Millisecond {
			t.Errorf("seed %d, CPU %d: times add up to %v of %v", seed, i, sum, k.m.Now())
		}
		all.User, all.Nice, all.System = all.User+got.User, all.Nice+got.Nice, all.System+got.System
		all.IRQ, all.SoftIRQ = all.IRQ+got.IRQ, all.SoftIRQ+got.SoftIRQ
	}
	for _, task := range k.m.Tasks() {
		if task.UserTicks() != k.user[task] || task.SystemTicks() != k.sys[task] {
			t.Errorf("seed %d: %s has %v and %v, want %v and %v", seed, task, task.UserTicks(), task.SystemTicks(), k.user[task], k.sys[task])
		}
		if u, s := task.CPUTime(); u+s != task.SumExec() && task.PID != 0 {
			t.Errorf("seed %d: %s has had %v, divided into %v and %v", seed, task, task.SumExec(), u, s)
		}
	}
	return all
}

// occupation is what the tasks of TestAccounting do: compute as programs and in
// the kernel, sleep, and raise a softirq that takes long.
func (k *clerk) occupation(rnd *rand.Rand) func(t *sched.Task) {
	return func(t *sched.Task) {
		for {
			d := sim.Time(rnd.IntN(9000)) * sim.Microsecond
			switch rnd.IntN(4) {
			case 0:
				k.inProgram[t] = t.User
				sched.Compute(t, d)
				k.inProgram[t] = false
			case 1:
				for range d / sim.Microsecond {
					t.CPU().Spend(cost.ProbeLoop)
				}
				sched.CondResched(t)
			case 2:
				timer.MSleep(t, d)
			case 3:
				softirq.Raise(t.CPU(), softirq.NetRX)
			}
		}
	}
}

// Over random runs every tick is accounted to what it has interrupted: a
// program, nice or not, the kernel, a softirq on whomever it runs, a hard
// interrupt that has enabled interrupts, or nothing.
func TestAccounting(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10
	}
	var all sched.Times
	for seed := uint64(1); seed <= seeds; seed++ {
		rnd := rand.New(rand.NewPCG(seed, 5))
		cfg := machine.Config{CPUs: 1 + rnd.IntN(3), Seed: seed, Append: []string{"", "preempt=full", "threadirqs"}[rnd.IntN(3)]}
		m, c := boot(t, cfg)
		k := newClerk(m)
		if err := m.Do("setup", func(c *cpu.CPU) {
			softirq.Open(c, softirq.NetRX, func(c *cpu.CPU) {
				for range 300 + rnd.IntN(4000) {
					c.Spend(cost.ProbeLoop)
				}
			})
			told := entry.Request(c, 0x60, "slow", func(c *cpu.CPU, _ cpu.Vector) {
				c.STI() // as no handler should
				for range 3000 {
					c.Spend(cost.ProbeLoop)
				}
				c.CLI()
			})
			if told != nil {
				t.Error(told)
			}
		}); err != nil {
			t.Fatal(err)
		}
		for i := range 1 + rnd.IntN(4) {
			sched.Spawn(c, fmt.Sprint("t", i), sched.Attr{User: i%3 > 0, Nice: rnd.IntN(3) * 5}, k.occupation(rnd))
		}
		for range 10 {
			if err := m.Run(sim.Time(5+rnd.IntN(30)) * sim.Millisecond); err != nil {
				t.Fatal(err)
			}
			if err := m.Interrupt(rnd.IntN(cfg.CPUs), 0x60); err != nil {
				t.Fatal(err)
			}
			x := k.check(t, seed)
			all.User, all.Nice, all.System = all.User+x.User, all.Nice+x.Nice, all.System+x.System
			all.IRQ, all.SoftIRQ = all.IRQ+x.IRQ, all.SoftIRQ+x.SoftIRQ
		}
		m.Close()
	}
	if all.User == 0 || all.Nice == 0 || all.System == 0 || all.IRQ == 0 || all.SoftIRQ == 0 {
		t.Errorf("something never happened: %+v", all)
	}
}

// Hard interrupts that keep interrupts off are not seen by the tick, however
// much time they take: it comes when they have ended. So hi stays 0 while half
// of the time goes there, and the program gets the blame.
func TestHardInterruptsHide(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1})
	if err := m.Do("setup", func(c *cpu.CPU) {
		if err := entry.Request(c, 0x60, "slow", func(c *cpu.CPU, _ cpu.Vector) {
			for range 1000 {
				c.Spend(cost.ProbeLoop)
			}
		}); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	hog(c, "hog", nil)
	for range 300 {
		if err := m.Run(2 * sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		if err := m.Interrupt(0, 0x60); err != nil {
			t.Fatal(err)
		}
	}
	x := sched.CPUTimes(c) // of a little more than 600ms
	if x.IRQ != 0 || x.User < 590*sim.Millisecond {
		t.Errorf("of %v: %+v", m.Now(), x)
	}
}

// Two programs one nice step apart share as 55 to 45, and five apart as three
// to one.
func TestNice(t *testing.T) {
	for _, tt := range []struct {
		nice     int
		low, top float64
	}{{0, 0.95, 1.05}, {1, 1.15, 1.35}, {5, 2.7, 3.4}, {19, 50, 90}} {
		m, c := boot(t, machine.Config{CPUs: 1})
		a := hog(c, "a", nil)
		b := sched.Spawn(c, "b", sched.Attr{User: true, Nice: tt.nice}, func(k *sched.Task) { sched.Compute(k, 10*sim.Second) })
		if err := m.Run(2 * sim.Second); err != nil {
			t.Fatal(err)
		}
		if r := float64(a.SumExec()) / float64(b.SumExec()); r < tt.low || r > tt.top {
			t.Errorf("nice %d: %v and %v", tt.nice, a.SumExec(), b.SumExec())
		}
		if err := sched.SetNice(c, b, 20); err == nil || b.Nice() != tt.nice {
			t.Error("nice 20 is not refused")
		}
	}
}

// A FIFO task that yields lets its equals run, RR tasks take turns, FIFO ones
// do not; a fair one that yields lets another before it.
func TestTurns(t *testing.T) {
	for _, tt := range []struct {
		policy sched.Policy
		yield  bool
		want   string
	}{{sched.FIFO, false, "aaabbb"}, {sched.FIFO, true, "ababab"}, {sched.RR, false, "ababab"}, {sched.Normal, true, "ababab"}} {
		m, c := boot(t, machine.Config{CPUs: 1, Append: "preempt=full"})
		order := ""
		for _, name := range []string{"a", "b"} {
			sched.Spawn(c, name, sched.Attr{Policy: tt.policy, RTPrio: 3}, func(k *sched.Task) {
				for range 3 {
					order += name
					if tt.yield {
						sched.Compute(k, 50*sim.Microsecond)
						sched.Yield(k)
					} else {
						sched.Compute(k, 101*sim.Millisecond)
					}
				}
			})
		}
		if err := m.Run(sim.Second); err != nil {
			t.Fatal(err)
		}
		if order != tt.want {
			t.Errorf("%s, yield %v: %s, want %s", tt.policy.Class(), tt.yield, order, tt.want)
		}
	}
}
