package softirq_test

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// A judge reads a trace of one processor and knows the rules alone: it asks of
// every record whether it may, or must, stand there. It is the second
// specification of the loop, written from the rules, and shares no code with
// the first.
type judge struct {
	hz     int
	forced bool
	first  bool // the thread is asked first, HI and TASKLET excepted
	thread uint32

	waiting  map[uint32]bool // raised, and in no pass yet
	late     map[uint32]bool // raised when a call had begun, and before its first entry
	pass     map[uint32]bool // what is left of the pass
	inside   bool            // between the first entry and the end of a call
	running  bool            // between an entry and its exit
	passes   int
	began    [2]int64 // the call began between these times
	runnable bool     // the thread is
	due      bool     // the loop must run before anything else happens
	before   int64    // when something was traced last that is not of a call which is about to show
	unsure   bool     // the trace does not tell whether the call has ended
	calls    int
	ended    [4]int // how calls ended: nothing left, time, task, ten passes
}

func (j *judge) lowest() (nr uint32) {
	for nr = range 10 {
		if j.pass[nr] {
			return nr
		}
	}
	return 99
}

func (j *judge) jiffy(at int64) int64 { return at * int64(j.hz) / 1e9 }

// limit is two milliseconds in jiffies, rounded up.
func (j *judge) limit() int64 { return map[int]int64{100: 1, 250: 1, 300: 1, 1000: 2}[j.hz] }

// asked says whether what waits is left to a thread that is ready.
func (j *judge) asked() bool { return j.first && j.runnable && !j.waiting[0] && !j.waiting[6] }

func (j *judge) read(x *trace.Record) error {
	if x.Flags&trace.SoftIRQ == 0 || j.inside {
		j.before = x.Time
	}
	hard := x.Flags&trace.HardIRQ != 0
	if j.due && !hard && x.Kind != trace.SoftIRQEntry {
		return fmt.Errorf("%v: softirqs wait, and something else happens", x.Kind)
	}
	switch x.Kind {
	case trace.SoftIRQRaise:
		if x.Flags&trace.SoftIRQ != 0 && !j.inside {
			j.late[x.A] = true
		} else {
			j.waiting[x.A] = true
		}
	case trace.SoftIRQEntry:
		return j.entry(x)
	case trace.SoftIRQExit:
		j.exit(x)
	case trace.VectorExit, trace.LocalTimerExit:
		if j.forced || x.Flags&(trace.SoftIRQ|trace.BHOff) != 0 || len(j.waiting) == 0 || j.asked() {
			return nil
		}
		j.due = true
	case trace.SchedWakeup:
		if x.A == j.thread {
			j.runnable = true
		}
	case trace.SchedSwitch:
		if j.inside {
			return fmt.Errorf("a task is switched while softirqs run")
		}
		if x.A == j.thread {
			j.runnable = x.B == trace.StatePreempted || x.B == 0
		}
	}
	return nil
}

// entry is one softirq's begin.
func (j *judge) entry(x *trace.Record) error {
	j.due = false
	if x.Flags&trace.IRQsOff != 0 || x.Flags&trace.HardIRQ != 0 || x.Flags&trace.SoftIRQ == 0 || x.Flags&trace.BHOff != 0 || j.running {
		return fmt.Errorf("softirq %d entered with flags %v", x.A, x.Flags)
	}
	if !j.inside {
		if err := j.begin(x); err != nil {
			return err
		}
	}
	if x.A != j.lowest() {
		return fmt.Errorf("softirq %d entered, of %v", x.A, j.pass)
	}
	delete(j.pass, x.A)
	j.running = true
	return nil
}

// next is the begin of a pass.
func (j *judge) next() {
	j.passes++
	j.pass, j.waiting, j.late = j.waiting, j.late, map[uint32]bool{}
}

// begin is the begin of a call.
func (j *judge) begin(x *trace.Record) error {
	byThread := uint32(x.Task) == j.thread
	if byThread != (byThread && j.runnable) {
		return fmt.Errorf("ksoftirqd runs, and was not woken")
	}
	if !byThread && j.asked() {
		return fmt.Errorf("%v run beside a thread that is ready", j.waiting)
	}
	j.inside, j.passes = true, 0
	j.next()
	j.began = [2]int64{j.before, x.Time}
	j.calls++
	return nil
}

// exit is one softirq's end, and maybe that of the pass, and of the call.
func (j *judge) exit(x *trace.Record) {
	j.running = false
	if len(j.pass) > 0 {
		return
	}
	early, late := j.jiffy(j.began[0])+j.limit(), j.jiffy(j.began[1])+j.limit()
	now := j.jiffy(x.Time)
	switch {
	case len(j.waiting) == 0:
		j.inside = false
		j.ended[0]++
	case x.Flags&trace.NeedResched != 0:
		j.over(2)
	case j.passes == 10:
		j.over(3)
	case now >= late:
		j.over(1)
	case now >= early: // the clock moved while the call began
		j.unsure = true
	default:
		j.due = true
		j.next()
	}
}

// over is the end of a call that leaves something: the thread is ready for it.
func (j *judge) over(why int) {
	j.inside = false
	j.ended[why]++
	j.runnable = true
}

// A script is what the actions and the interrupt do, drawn from a seed.
type script struct {
	*rig
	state uint64
	left  int // raises that may still happen
	woken *sched.Task
}

func (s *script) rand(n int) int {
	s.state += 0x9e3779b97f4a7c15
	z := s.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

// act raises a few softirqs, takes its time, lets an interrupt come, or wakes a
// task.
func (s *script) act(c *cpu.CPU) {
	for range s.rand(3) {
		if s.left--; s.left > 0 {
			softirq.Raise(c, mine[s.rand(len(mine))])
		}
	}
	switch s.rand(12) {
	case 0:
		work(c, sim.Time(s.rand(2000))*sim.Microsecond)
	case 1, 2:
		work(c, sim.Time(s.rand(50))*sim.Microsecond)
	case 3:
		s.now(c)
	case 4:
		sched.WakeUpProcess(c, s.woken)
	}
}

// play lets a script run, and a judge read its trace.
func play(t *testing.T, cfg machine.Config, seed uint64) *judge {
	t.Helper()
	cfg.TraceLimit = 1 << 17
	r := newRig(t, cfg)
	s := &script{rig: r, state: seed, left: 150}
	s.woken = sched.KThreadOn(r.c, here, "sleeper", func(t *sched.Task) {
		for {
			sched.SetState(t, sched.Interruptible)
			sched.Schedule(t.CPU())
			work(t.CPU(), 100*sim.Microsecond)
		}
	})
	r.must(r.m.RunIdle())
	r.mark()
	for nr := range r.actions {
		r.actions[nr] = s.act
	}
	r.handler = func(c *cpu.CPU) { softirq.Raise(c, mine[s.rand(len(mine))]) }
	if s.rand(2) == 0 {
		r.must(r.m.Burn(here, 30*sim.Millisecond))
	}
	sched.KThreadOn(r.c, here, "task", func(t *sched.Task) {
		for range 20 {
			softirq.BHDisable(t.CPU())
			s.act(t.CPU())
			softirq.BHEnable(t.CPU())
			s.act(t.CPU())
			sched.CondResched(t)
		}
	})
	for range 12 {
		r.must(r.m.Interrupt(here, event))
		r.must(r.m.Run(sim.Time(s.rand(3000)) * sim.Microsecond))
	}
	r.must(r.m.Run(200 * sim.Millisecond))
	r.must(r.m.RunIdle())
	j := &judge{hz: r.m.Config().HZ, forced: cfg.Append == "threadirqs", first: cfg.Kernel != "6.12",
		thread: uint32(softirq.Ksoftirqd(r.c).PID), waiting: map[uint32]bool{}, late: map[uint32]bool{}}
	for _, x := range r.m.Ring().From(r.from) {
		if int(x.CPU) != here {
			continue
		}
		if j.unsure {
			return j
		}
		if err := j.read(x); err != nil {
			t.Fatalf("%+v, script %d, at %d: %v", cfg, seed, x.Time, err)
		}
	}
	if len(j.waiting) > 0 || len(j.pass) > 0 || softirq.Pending(r.c) != 0 {
		t.Fatalf("%+v, script %d: %v still wait", cfg, seed, j.waiting)
	}
	return j
}

// TestAgainstTheRules lets scripts run in all kinds of machines: whatever
// happens keeps to the rules, nothing is lost, and all ways to end a call are
// seen.
func TestAgainstTheRules(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 5
	}
	var ended [4]int
	calls, unsure, scripts := 0, 0, 0
	for _, cfg := range []machine.Config{{}, {HZ: 1000}, {HZ: 100, Seed: 5}, {Append: "threadirqs"}, {Append: "preempt=full", Seed: 9}, {Kernel: "6.12"}, {Kernel: "4.20", Seed: 3}} {
		for seed := range seeds {
			j := play(t, cfg, uint64(seed))
			calls += j.calls
			scripts++
			if j.unsure {
				unsure++
			}
			for i, n := range j.ended {
				ended[i] += n
			}
		}
	}
	t.Logf("%d calls: %d with nothing left, %d for time, %d for a task, %d after ten passes", calls, ended[0], ended[1], ended[2], ended[3])
	if unsure > scripts/20 {
		t.Errorf("%d of %d scripts were not judged to their end", unsure, scripts)
	}
	for i, n := range ended {
		if n < 3 {
			t.Errorf("only %d calls ended in way %d: the scripts do not reach it", n, i)
		}
	}
}
