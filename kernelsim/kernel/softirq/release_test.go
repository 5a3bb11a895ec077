package softirq_test

import (
	"testing"

	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// The rules of each release that boot -kernel knows.
func TestRules(t *testing.T) {
	const now = 1<<softirq.HI | 1<<softirq.Tasklet
	want := map[string]softirq.Rules{
		"4.9":  {Name: "4.9", ThreadFirst: true, Now: now, ParkingWaits: true, AsksState: true, KillYields: true},
		"4.20": {Name: "4.20", ThreadFirst: true, Now: now, ParkingWaits: true, AsksState: true, KillYields: true},
		"5.14": {Name: "5.14", ThreadFirst: true, Now: now},
		"6.1":  {Name: "6.1", ThreadFirst: true, Now: now, TaskletEvents: true},
		"6.12": {Name: "6.12", TaskletEvents: true, BHWork: true},
	}
	for _, r := range idt.Releases() {
		if got := softirq.RulesOf(r.Name); got != want[r.Name] {
			t.Errorf("%s: %+v, want %+v", r.Name, got, want[r.Name])
		}
	}
	if got := softirq.RulesOf(""); got != want["6.1"] {
		t.Errorf("no name: %+v", got)
	}
	m, err := machine.Boot(machine.Config{CPUs: 1, Kernel: "4.20"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if got := softirq.RulesNow(m.CPUs()[0]); *got != want["4.20"] {
		t.Errorf("boot -kernel 4.20 has the rules %+v", got)
	}
}

// While ksoftirqd is runnable, an interrupt's end and local_bh_enable leave
// softirqs to it, except where HI or TASKLET is among them: then all run at
// once. 6.12 does not ask for the thread.
func TestThreadFirst(t *testing.T) {
	for _, tt := range []struct {
		kernel string
		raise  []softirq.Nr
		irq    string
		enable string
	}{
		{"4.9", []softirq.Nr{3}, "k<3 3>", "k<3 3>"},
		{"4.20", []softirq.Nr{3}, "k<3 3>", "k<3 3>"},
		{"5.14", []softirq.Nr{3}, "k<3 3>", "k<3 3>"},
		{"6.1", []softirq.Nr{3}, "k<3 3>", "k<3 3>"},
		{"6.12", []softirq.Nr{3}, "t<3 3>", "t<3 3>"},
		{"4.9", []softirq.Nr{3, 6}, "t<3 3> t<6 6>", "t<3 3> t<6 6>"},
		{"6.1", []softirq.Nr{3, 6}, "t<3 3> t<6 6>", "t<3 3> t<6 6>"},
		{"6.1", []softirq.Nr{0}, "t<0 0>", "t<0 0>"},
		{"6.1", []softirq.Nr{2, 0, 4}, "t<0 0> t<2 2> t<4 4>", "t<0 0> t<2 2> t<4 4>"},
		{"6.1", []softirq.Nr{2, 4, 5}, "k<2 2> k<4 4> k<5 5>", "k<2 2> k<4 4> k<5 5>"},
		{"6.12", []softirq.Nr{2, 0}, "t<0 0> t<2 2>", "t<0 0> t<2 2>"},
	} {
		for _, where := range []string{"irq_exit", "local_bh_enable"} {
			t.Run(tt.kernel+" "+where, func(t *testing.T) {
				r := newRig(t, machine.Config{Kernel: tt.kernel})
				ran := ""
				r.task(func(task *sched.Task) {
					c := task.CPU()
					sched.WakeUpProcess(c, softirq.Ksoftirqd(c)) // it is ready now, and waits for its turn
					if softirq.Ksoftirqd(c).State != sched.Running {
						t.Error("ksoftirqd is not runnable")
					}
					r.mark()
					if where == "irq_exit" {
						r.handler = raise(tt.raise...)
						r.now(c)
					} else {
						softirq.BHDisable(c)
						raise(tt.raise...)(c)
						softirq.BHEnable(c)
					}
					ran = entries(r)
				})
				want := tt.irq
				if where == "local_bh_enable" {
					want = tt.enable
				}
				if got := entries(r); got != want {
					t.Errorf("%v: %s, want %s (before the task let go: %s)", tt.raise, got, want, ran)
				}
			})
		}
	}
}

// entries is what was traced of entries and exits alone.
func entries(r *rig) (text string) {
	for _, x := range r.m.Ring().From(r.from) {
		if s := r.describe(x); int(x.CPU) == here && s != "" && s[0] != '+' && s[0] != 'W' && s[0] != 'K' {
			if text != "" {
				text += " "
			}
			text += s
		}
	}
	return text
}

// A thread that is about to be parked counts as runnable until 5.0, and what is
// pending then waits for it in vain; later kernels run it.
func TestParking(t *testing.T) {
	for _, tt := range []struct{ kernel, want string }{{"4.9", "+3"}, {"4.20", "+3"}, {"5.14", "+3 t<3 3>"}, {"6.1", "+3 t<3 3>"}, {"6.12", "+3 t<3 3>"}} {
		r := newRig(t, machine.Config{Kernel: tt.kernel})
		r.handler = raise(softirq.NetRX)
		seen := ""
		parked := false
		sched.KThreadOn(r.c, 0, "parker", func(p *sched.Task) {
			sched.Park(p, softirq.Ksoftirqd(r.c))
			parked = true
			sched.Unpark(p.CPU(), softirq.Ksoftirqd(r.c))
		})
		r.task(func(task *sched.Task) {
			c := task.CPU()
			for !softirq.Ksoftirqd(c).ShouldPark() {
				work(c, 1000)
			}
			r.mark()
			r.now(c)
			if parked {
				t.Error("ksoftirqd has had its turn already: there is nothing to see")
			}
			for _, x := range r.m.Ring().From(r.from) {
				if s := r.describe(x); s != "" && int(x.CPU) == here && s != "W" {
					if seen != "" {
						seen += " "
					}
					seen += s
				}
			}
		})
		if seen != tt.want {
			t.Errorf("%s: %s, want %s", tt.kernel, seen, tt.want)
		}
	}
}

// With threadirqs an interrupt's end wakes the thread; local_bh_enable runs
// softirqs itself as ever.
func TestForced(t *testing.T) {
	r := newRig(t, machine.Config{Append: "threadirqs"})
	r.handler = raise(softirq.NetRX, softirq.Tasklet)
	r.interrupt()
	r.want("+3 +6 W K k<3 3> k<6 6>")
	r.mark()
	r.task(func(t *sched.Task) {
		softirq.BHDisable(t.CPU())
		raise(softirq.NetRX)(t.CPU())
		softirq.BHEnable(t.CPU())
	})
	r.want("+3 t<3 3>")
}

// wakeup_softirqd of a thread that is ready already is no event: kernels until
// 5.13 look at its state first, later ones take its lock to see the same, which
// takes 8 ns.
func TestWakingAReadyThread(t *testing.T) {
	for _, tt := range []struct {
		kernel string
		took   sim.Time
	}{{"4.9", 0}, {"4.20", 0}, {"5.14", 8}, {"6.1", 8}, {"6.12", 8}} {
		r := newRig(t, machine.Config{Kernel: tt.kernel})
		r.task(func(task *sched.Task) {
			c := task.CPU()
			c.CLI()
			softirq.RaiseIRQOff(c, softirq.NetRX)
			start := c.Now()
			softirq.RaiseIRQOff(c, softirq.NetRX)
			if took := c.Now() - start - 1; took != tt.took { // 1 for the bit
				t.Errorf("%s: %d ns, want %d", tt.kernel, took, tt.took)
			}
			c.STI()
		})
		r.want("+3 W +3 K k<3 3>")
	}
}
