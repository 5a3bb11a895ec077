package apic_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

func boot(t *testing.T, cfg machine.Config) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// on runs a function as a task of CPU 0 that cannot be preempted, and returns
// what went over the fabric meanwhile.
func on(t *testing.T, m *machine.Machine, f func(c *cpu.CPU)) []string {
	t.Helper()
	m.Board().TakeLog()
	done := false
	sched.KThreadOn(m.CPUs()[0], 0, "tester", func(k *sched.Task) {
		preempt.Disable(k.CPU())
		f(k.CPU())
		preempt.Enable(k.CPU())
		done = true
	})
	for range 100 {
		if err := m.Run(sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		if done {
			break
		}
	}
	if !done {
		t.Fatal("the task did not end")
	}
	return m.Board().TakeLog()
}

// A mask behaves as a set of numbers.
func TestMask(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var m apic.Mask
		set := map[int]bool{}
		for range r.IntN(40) {
			n := r.IntN(256)
			if r.IntN(4) == 0 {
				m.Remove(n)
				delete(set, n)
			} else {
				m.Add(n)
				set[n] = true
			}
		}
		var list []int
		for n := m.Next(0); n >= 0; n = m.Next(n + 1) {
			list = append(list, n)
		}
		if m.Count() != len(set) || len(list) != len(set) || !slices.IsSorted(list) {
			t.Fatalf("%v: %d members, walked %v", m, m.Count(), list)
		}
		for n := range 256 {
			if m.Has(n) != set[n] {
				t.Fatalf("%v: Has(%d) is %v", m, n, m.Has(n))
			}
		}
	}
}

// What each driver sends for the same wish: one CPU, three of them, all but
// the sender, the sender.
func TestMessages(t *testing.T) {
	const v = cpu.Vector(0xf6) // irq work: counted, and nothing else
	three := apic.MaskOf(1)
	three.Add(2)
	three.Add(17)
	few := apic.MaskOf(1)
	few.Add(2)
	for _, x := range []struct {
		name string
		cfg  machine.Config
		mask apic.Mask
		want []string
	}{
		{"flat", machine.Config{CPUs: 4}, few, []string{
			"dest=0x02 mode=logical", "dest=0x06 mode=logical", "shorthand=all", "shorthand=self"}},
		{"physical flat", machine.Config{CPUs: 18}, three, []string{"dest=0x01 mode=physical", "dest=0x01 mode=physical",
			"dest=0x02 mode=physical", "dest=0x11 mode=physical", "shorthand=all", "shorthand=self"}},
		{"no broadcasts", machine.Config{CPUs: 4, Append: "no_ipi_broadcast=1"}, few, []string{
			"dest=0x02 mode=logical", "dest=0x06 mode=logical", "dest=0x0e mode=logical", "shorthand=self"}},
		{"cluster x2apic", machine.Config{CPUs: 18, X2APIC: true, Append: "intremap=on"}, three, []string{
			"dest=0x00000002 mode=logical", "dest=0x00000006 mode=logical", "dest=0x00010002 mode=logical",
			"shorthand=all", "shorthand=self"}},
		{"physical x2apic", machine.Config{CPUs: 18, X2APIC: true, Append: "intremap=on x2apic_phys"}, three, []string{
			"dest=0x00000001 mode=physical", "dest=0x00000001 mode=physical", "dest=0x00000002 mode=physical",
			"dest=0x00000011 mode=physical", "shorthand=all", "shorthand=self"}},
	} {
		m := boot(t, x.cfg)
		log := on(t, m, func(c *cpu.CPU) {
			for _, send := range []func(){
				func() { apic.Send(c, 1, v) },
				func() { apic.SendMask(c, x.mask, v) },
				func() { apic.SendAllButSelf(c, v) },
				func() { apic.SendSelf(c, v) },
			} {
				send()
				for range 5 { // one that waits still would swallow the next
					c.Spend(cost.ProbeLoop)
				}
			}
		})
		var got []string
		for _, l := range log {
			if strings.HasPrefix(l, "lapic0 ") && strings.Contains(l, "vector=0xf6") {
				got = append(got, l)
			}
		}
		ok := len(got) == len(x.want)
		for i := 0; ok && i < len(got); i++ {
			ok = strings.Contains(got[i], x.want[i])
		}
		if !ok {
			t.Errorf("%s: sent\n%s\nwant\n%s", x.name, strings.Join(got, "\n"), strings.Join(x.want, "\n"))
		}
		for _, c := range m.CPUs() {
			want := uint64(1)
			if c.ID == 1 {
				want = 3
			} else if x.mask.Has(c.ID) {
				want = 2
			}
			if n := entry.StatsOf(c).IRQWork; n != want {
				t.Errorf("%s: CPU %d took %d, want %d", x.name, c.ID, n, want)
			}
		}
	}
}

// A function that is called elsewhere runs there, once, in interrupt context,
// and before a caller that waits goes on.
func TestCalls(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 4})
	var ran []string
	note := func(what string) func(*cpu.CPU) {
		return func(c *cpu.CPU) {
			ran = append(ran, fmt.Sprintf("%s on %d hardirq=%v if=%v", what, c.ID, preempt.InHardIRQ(c), c.IF()))
		}
	}
	on(t, m, func(c *cpu.CPU) {
		apic.CallOn(c, 0, note("self"), true)
		apic.CallOn(c, 2, note("one"), true)
		ran = append(ran, "back")
		apic.CallAll(c, note("all"), true)
		ran = append(ran, "back")
		apic.CallOn(c, 3, note("late"), false)
		ran = append(ran, "not waited")
	})
	want := []string{"self on 0 hardirq=false if=false", "one on 2 hardirq=true if=false", "back"}
	rest := []string{"all on 1 hardirq=true if=false", "all on 2 hardirq=true if=false", "all on 3 hardirq=true if=false"}
	got := slices.Clone(ran[:3])
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	all := slices.Clone(ran[3:6])
	slices.Sort(all)
	if !slices.Equal(all, rest) {
		t.Errorf("got %q, want %q", all, rest)
	}
	tail := []string{"back", "not waited", "late on 3 hardirq=true if=false"}
	if !slices.Equal(ran[6:], tail) {
		t.Errorf("got %q, want %q", ran[6:], tail)
	}
}

// The timer, by count and by deadline, rings at its time and not before it:
// at most one count late, or the least delta.
func TestTimer(t *testing.T) {
	for _, cfg := range []machine.Config{{CPUs: 2}, {CPUs: 2, TSCDeadline: true},
		{CPUs: 2, X2APIC: true, Append: "intremap=on"}, {CPUs: 2, X2APIC: true, TSCDeadline: true, Append: "intremap=on"}} {
		m := boot(t, cfg)
		for _, d := range []sim.Time{1, 100, 1000, 4 * sim.Millisecond, 90 * sim.Second} {
			var slept sim.Time
			woken := false
			sched.KThreadOn(m.CPUs()[0], 0, "sleeper", func(k *sched.Task) {
				begin := k.CPU().Now()
				hrtimer.USleep(k, d)
				slept = k.CPU().Now() - begin
				woken = true
			})
			if err := m.Run(d + sim.Millisecond); err != nil || !woken {
				t.Fatalf("%+v: a sleep of %v: woken %v, %v", cfg, d, woken, err)
			}
			if slept < d || slept > d+5*sim.Microsecond {
				t.Errorf("%+v: a sleep of %v took %v", cfg, d, slept)
			}
		}
		dump := m.Board().APICs[1].Dump()
		mode := "one-shot"
		if cfg.TSCDeadline {
			mode = "tsc-deadline"
		}
		if !strings.Contains(dump, mode) {
			t.Errorf("%+v: the timer is not %s:\n%s", cfg, mode, dump)
		}
	}
}

// A CPU that is not up is sent nothing: it looks by itself when it comes.
func TestRescheduleOfAnAbsentCPU(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	log := on(t, m, func(c *cpu.CPU) { apic.SendReschedule(c, 7) })
	for _, l := range log {
		if strings.HasPrefix(l, "lapic0 ") {
			t.Errorf("sent %s", l)
		}
	}
}
