package sched

import (
	"slices"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
)

// A ClockEventDevice interrupts its CPU at a programmed time
// (struct clock_event_device, set_next_ktime).
type ClockEventDevice interface {
	Program(at sim.Time)
	Shutdown()
}

// A clock is what a CPU does with its clock event device: the tick, and the
// alarms of sleeping tasks (kernel/time/tick-sched.c, hrtimer.c).
type clock struct {
	dev      ClockEventDevice
	nextTick sim.Time
	stopped  bool // the tick is stopped: the CPU idles (NO_HZ_IDLE)
	sleepers []*sleeper
	due      []func(c *cpu.CPU) // timers that have run out: see AddTimer
	ticks    uint64
	hard     hardWatchdog
}

// A sleeper is a task's alarm (struct hrtimer_sleeper).
type sleeper struct {
	at   sim.Time
	task *Task
	on   *cpu.CPU
	fn   func(c *cpu.CPU) // of a timer, which wakes nobody
}

// StartClock gives c its clock event device and starts the tick.
func StartClock(c *cpu.CPU, dev ClockEventDevice) {
	k := &runqueues.Raw(c).clock
	k.dev = dev
	k.nextTick = nextMultiple(c.Now(), period(c))
	k.program(c)
}

func period(c *cpu.CPU) sim.Time { return sim.Second / sim.Time(shared.Of(c).hz) }

// HZ is the number of ticks a second.
func HZ(c *cpu.CPU) int { return shared.Of(c).hz }

// nextMultiple is the first multiple of step after t: all CPUs tick in phase, as
// without skew_tick.
func nextMultiple(t, step sim.Time) sim.Time { return (t/step + 1) * step }

// program sets the device to whatever comes first. Setting it takes time, and
// an interrupt in between would set it too.
func (k *clock) program(c *cpu.CPU) {
	flags := c.SaveFlags()
	if at := k.next(c); at == sim.Forever {
		k.dev.Shutdown()
	} else {
		k.dev.Program(at)
	}
	c.RestoreFlags(flags)
}

// next is when c's clock has something to do. A CPU whose tick is stopped has
// its watchdog's timer still, which no idling stops.
func (k *clock) next(c *cpu.CPU) sim.Time {
	at := k.nextTick
	if k.stopped {
		at = nextSample(c)
	}
	if len(k.sleepers) > 0 {
		at = min(at, k.sleepers[0].at)
	}
	return at
}

// TimerInterrupt models hrtimer_interrupt and tick_sched_timer: alarms that
// are due wake their tasks, a due tick is done, the device is set again.
// Context: hard interrupt.
func TimerInterrupt(c *cpu.CPU) {
	k := &runqueues.Raw(c).clock
	if k.dev == nil { // the last one of a CPU that has gone (clockevents_handle_noop)
		return
	}
	for len(k.sleepers) > 0 && k.sleepers[0].at <= c.Now() {
		s := k.sleepers[0]
		k.sleepers = slices.Delete(k.sleepers, 0, 1) // no room is lost at the front
		if s.fn != nil {
			k.due = append(k.due, s.fn)
			continue
		}
		WakeUpProcess(c, s.task)
	}
	if !k.stopped && k.nextTick <= c.Now() {
		k.ticks++
		k.nextTick = nextMultiple(c.Now(), period(c))
		tick(c)
	}
	k.program(c)
}

// Ticks is how many ticks p has had.
func Ticks(p *cpu.CPU) uint64 { return runqueues.Raw(p).clock.ticks }

// tick models scheduler_tick: time is booked, a fair task whose turn is over
// makes room, and the watchdog looks.
func tick(c *cpu.CPU) {
	c.Spend(cost.TimerTick)
	q := runqueues.Raw(c)
	q.update(c.Now())
	t := q.curr
	if t.Policy == Normal && len(q.fair) > 0 && t.exec.sum-t.exec.slice > q.slice(c) {
		mark(c, c)
	}
	watchdog(c, q)
}

// MSleep models msleep (kernel/time/timer.c): t sleeps for at least d; a
// wake-up before that sends it back to sleep. Context: process context.
func MSleep(t *Task, d sim.Time) {
	MightSleep(t)
	end := t.cpu.Now() + d
	sleepUntil(t, end)
	for t.cpu.Now() < end {
		sleepUntil(t, end)
	}
}

// sleepUntil models schedule_timeout_uninterruptible: t sleeps until its alarm
// or another wake-up.
func sleepUntil(t *Task, end sim.Time) {
	c := t.cpu
	flags := c.SaveFlags()
	SetState(t, Uninterruptible)
	t.alarm(c, end)
	c.RestoreFlags(flags)
	Schedule(t.cpu)
	t.cancel()
}

// alarm puts t into c's list of sleepers, soonest first.
func (t *Task) alarm(c *cpu.CPU, at sim.Time) {
	k := &runqueues.Raw(c).clock
	t.waker = sleeper{at: at, task: t, on: c}
	k.insert(&t.waker)
	k.program(c)
}

// insert puts an alarm into the list.
func (k *clock) insert(s *sleeper) {
	i := len(k.sleepers)
	for i > 0 && k.sleepers[i-1].at > s.at {
		i--
	}
	k.sleepers = slices.Insert(k.sleepers, i, s)
}

// cancel takes t's alarm back if it has not rung: t was woken before its
// time. As after hrtimer_cancel the device may still run out for nothing.
func (t *Task) cancel() {
	k := &runqueues.Raw(t.waker.on).clock
	if i := slices.Index(k.sleepers, &t.waker); i >= 0 {
		k.sleepers = slices.Delete(k.sleepers, i, i+1)
	}
}

// stopTick models tick_nohz_idle_stop_tick: an idle CPU is not woken for
// nothing.
func stopTick(c *cpu.CPU) {
	k := &runqueues.Raw(c).clock
	if k.dev != nil {
		k.stopped = true
		k.program(c)
		stopHard(c)
	}
}

// restartTick models tick_nohz_idle_exit. A CPU that idled was not stuck.
func restartTick(c *cpu.CPU) {
	runqueues.Raw(c).touch(c)
	k := &runqueues.Raw(c).clock
	if k.dev != nil {
		k.stopped = false
		k.nextTick = nextMultiple(c.Now(), period(c))
		k.program(c)
		startHard(c)
	}
}

// IdleLoop models do_idle (kernel/sched/idle.c): sleep until there is
// something to do, then let it run. It returns where the processor has been
// taken down and INIT has ended its halt: the coroutine is over then.
func IdleLoop(t *Task) {
	c := t.cpu
	for {
		stopTick(c)
		for !preempt.NeedResched(c) {
			c.CLI()
			if runqueues.Raw(c).hotplug.dead {
				playDead(c)
				return
			}
			if preempt.NeedResched(c) {
				break
			}
			c.HaltSTI()
		}
		c.STI()
		restartTick(c)
		runqueues.Raw(c).update(c.Now())
		schedule(c, t, false)
		c.STI()
	}
}
