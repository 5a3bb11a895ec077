package timer

import (
	"math"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// Jiffies models jiffies (kernel/time/timer.c): ticks since boot, on top of
// INITIAL_JIFFIES. It is computed from the machine's time, so it never lags
// behind a processor whose tick is late.
func Jiffies(c *cpu.CPU) uint64 { return sched.Jiffies(c) }

// FromMsecs models msecs_to_jiffies: rounded up.
func FromMsecs(c *cpu.CPU, ms uint64) uint64 {
	hz := uint64(sched.HZ(c))
	return (ms*hz + 999) / 1000
}

// MaxTimeout is MAX_SCHEDULE_TIMEOUT: no timeout.
const MaxTimeout = math.MaxInt64

// ScheduleTimeout models schedule_timeout: the task, whose state has been set,
// sleeps until it is woken or so many jiffies have passed, and learns how many
// of them were left. Context: process context.
func ScheduleTimeout(t *sched.Task, jiffies int64) int64 {
	switch {
	case jiffies == MaxTimeout:
		sched.Schedule(t.CPU())
		return jiffies
	case jiffies < 0:
		printk.Printk(t.CPU(), printk.Err, "schedule_timeout: wrong timeout value %x", uint64(jiffies))
		sched.SetState(t, sched.Running)
		return 0
	}
	s := shared.Of(t.CPU())
	w := s.take()
	SetupWith(t.CPU(), w, "process_timeout", 0, processTimeout)
	w.task = t
	expire := Jiffies(t.CPU()) + uint64(jiffies)
	Mod(t.CPU(), w, expire)
	sched.Schedule(t.CPU())
	DelSync(t.CPU(), w)
	s.free = append(s.free, w)
	return max(int64(expire-Jiffies(t.CPU())), 0)
}

// take is a timer of ScheduleTimeout that nobody uses. In Linux it lies on the
// task's stack.
func (s *system) take() *Timer {
	n := len(s.free)
	if n == 0 {
		return &Timer{}
	}
	w := s.free[n-1]
	s.free = s.free[:n-1]
	return w
}

// processTimeout models process_timeout.
func processTimeout(c *cpu.CPU, w *Timer) { sched.WakeUpProcess(c, w.task) }

// SleepUninterruptible models schedule_timeout_uninterruptible.
func SleepUninterruptible(t *sched.Task, jiffies int64) int64 {
	sched.SetState(t, sched.Uninterruptible)
	return ScheduleTimeout(t, jiffies)
}

// SleepInterruptible models schedule_timeout_interruptible.
func SleepInterruptible(t *sched.Task, jiffies int64) int64 {
	sched.SetState(t, sched.Interruptible)
	return ScheduleTimeout(t, jiffies)
}

// MSleep models msleep: t sleeps for at least d, of which whole milliseconds
// count, rounded up to jiffies, and one more, since part of the present one has
// passed. A wake-up before sends it back to sleep. Context: process context.
func MSleep(t *sched.Task, d sim.Time) {
	ms := uint64(max(d, 0)+sim.Millisecond-1) / uint64(sim.Millisecond)
	for left := int64(FromMsecs(t.CPU(), ms) + 1); left > 0; {
		left = SleepUninterruptible(t, left)
	}
}
