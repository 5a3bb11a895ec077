package workqueue_test

import (
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace/view"
)

// A rig is a machine and what happened on it, in order.
type rig struct {
	t   testing.TB
	m   *machine.Machine
	log []string
}

func newRig(t testing.TB, cfg machine.Config) *rig {
	t.Helper()
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return &rig{t: t, m: m}
}

func (r *rig) c() *cpu.CPU { return r.m.CPUs()[0] }

// do runs fn as a process of CPU n.
func (r *rig) do(n int, fn func(t *sched.Task)) {
	r.t.Helper()
	if err := r.m.DoOn("test", []int{n}, func(c *cpu.CPU) { fn(sched.Current(c)) }); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) run(d sim.Time) {
	r.t.Helper()
	if err := r.m.Run(d); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) say(what string) { r.log = append(r.log, what) }

// said compares the log with what should stand there, and clears it.
func (r *rig) said(want ...string) {
	r.t.Helper()
	if !slices.Equal(r.log, want) {
		r.t.Errorf("happened: %q\n    want: %q", r.log, want)
	}
	r.log = nil
}

// work is a work that says its name when it begins, sleeps or computes for a
// while, and says so again with a dash when it ends.
func (r *rig) work(name string, sleeps, computes sim.Time) *workqueue.Work {
	w := &workqueue.Work{}
	workqueue.Init(w, name, func(t *sched.Task, _ *workqueue.Work) {
		r.say(name)
		sched.Compute(t, computes)
		if sleeps > 0 {
			hrtimer.USleep(t, sleeps)
		}
		r.say(name + "-")
	})
	return w
}

// polite is a work that computes, and lets others run now and then.
func (r *rig) polite(name string, computes sim.Time) *workqueue.Work {
	w := &workqueue.Work{}
	workqueue.Init(w, name, func(t *sched.Task, _ *workqueue.Work) {
		r.say(name)
		for had := sim.Time(0); had < computes; had += sim.Millisecond {
			sched.Compute(t, sim.Millisecond)
			sched.CondResched(t)
		}
		r.say(name + "-")
	})
	return w
}

// task is the thread with a name, "" for none.
func (r *rig) task(comm string) *sched.Task {
	for _, k := range r.m.Tasks() {
		if k.Comm == comm {
			return k
		}
	}
	return nil
}

// comms are the threads whose names begin so.
func (r *rig) comms(prefix string) (list []string) {
	for _, k := range r.m.Tasks() {
		if strings.HasPrefix(k.Comm, prefix) {
			list = append(list, k.Comm)
		}
	}
	return list
}

// pool is the pool with a number.
func (r *rig) pool(id int) workqueue.PoolState {
	for _, p := range workqueue.Pools(r.c()) {
		if p.ID == id {
			return p
		}
	}
	return workqueue.PoolState{ID: -1}
}

// alloc makes a workqueue.
func (r *rig) alloc(t *sched.Task, name string, flags workqueue.Flags, most int) *workqueue.Workqueue {
	wq, err := workqueue.Alloc(t.CPU(), name, flags, most)
	if err != nil {
		r.t.Fatal(err)
	}
	return wq
}

// lines are the trace's lines of the workqueue events, without task, CPU and
// time.
func (r *rig) lines() (list []string) {
	for _, rec := range r.m.Ring().From(0) {
		line := view.Line(rec, r.m.Ring().Names())
		if i := strings.Index(line, "workqueue_"); i >= 0 {
			list = append(list, line[i:])
		}
	}
	return list
}

// watch stops the machine when something is counted wrongly.
func (r *rig) watch(every uint64) (failed *error) {
	failed = new(error)
	r.m.Engine().Observe(func(s sim.Step) {
		if s.N%every != 0 || *failed != nil {
			return
		}
		if err := workqueue.Consistent(r.c()); err != nil {
			*failed = err
			r.m.Engine().Stop()
		}
	})
	return failed
}

// text is the whole trace.
func (r *rig) text() string {
	var b strings.Builder
	for _, rec := range r.m.Ring().From(0) {
		b.WriteString(view.Line(rec, r.m.Ring().Names()) + "\n")
	}
	return b.String()
}
