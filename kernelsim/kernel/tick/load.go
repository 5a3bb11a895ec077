package tick

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
)

// loads is the load average (kernel/sched/loadavg.c): how many tasks ran, were
// ready or slept where nothing can wake them early, over the last minutes.
type loads struct {
	average [3]uint64 // avenrun: 1, 5 and 15 minutes, in 1/one
	update  uint64    // calc_load_update: the jiffies of the next sample; 0: none yet
}

// The averages' arithmetic (include/linux/sched/loadavg.h): a sample every 5 s
// and a tick, so that it does not keep step with what happens every second,
// taken 10 ticks late, when all have told how many they have.
const (
	fixedBits = 11
	one       = 1 << fixedBits // FIXED_1
	sampling  = 10
)

// decay is e to the power of minus five seconds over the average's time.
func decay() [3]uint64 { return [3]uint64{1884, 2014, 2037} }

// LoadAverage models get_avenrun: the averages in 1/2048. Whoever asks has
// woken a processor, so it makes up for samples that were due while all idled.
// A boot that failed before there were clocks has none.
func LoadAverage(c *cpu.CPU) [3]uint64 {
	if sched.HZ(c) == 0 {
		return [3]uint64{}
	}
	loadIdle(c)
	return shared.Of(c).load.average
}

// loadIdle models calc_global_nohz: no processor ticked when these samples were
// due, so nobody ran. A processor calls it when it starts its tick again. A
// sample that is due in this very jiffy may be another processor's yet.
func loadIdle(c *cpu.CPU) { shared.Of(c).load.sample(sched.Jiffies(c)-1, sched.HZ(c), 0) }

// loadTick models calc_global_load: the tick takes the sample that is due.
func loadTick(c *cpu.CPU) {
	l, now := &shared.Of(c).load, sched.Jiffies(c)
	if l.update == 0 || now >= l.update+sampling {
		l.sample(now, sched.HZ(c), active(c))
	}
}

// sample takes the samples up to a jiffy, each with that many tasks.
func (l *loads) sample(now uint64, hz int, tasks uint64) {
	step := uint64(5*hz + 1) // LOAD_FREQ
	if l.update == 0 {
		l.update = sched.InitialJiffies(hz) + step
	}
	for ; now >= l.update+sampling; l.update += step {
		for i, e := range decay() {
			l.average[i] = calcLoad(l.average[i], e, tasks*one)
		}
	}
}

// calcLoad models calc_load: the average goes a part of the way to what is
// active, rounded up while it rises.
func calcLoad(load, exp, active uint64) uint64 {
	next := load*exp + active*(one-exp)
	if active >= load {
		next += one - 1
	}
	return next / one
}

// active is how many tasks make the load: calc_load_tasks.
func active(c *cpu.CPU) uint64 {
	n := 0
	for _, p := range c.Peers {
		if sched.Online(p) {
			n += sched.RunningOn(p)
		}
	}
	for _, t := range sched.Tasks(c) {
		if t.State == sched.Uninterruptible {
			n++
		}
	}
	return uint64(n)
}
