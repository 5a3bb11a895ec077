package machine_test

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/sim"
)

// onTimer is a module that arms a timer on CPU 1.
func onTimer(fn timer.Func) func(c *cpu.CPU) error {
	return onCPU1(func(t *sched.Task) {
		var w timer.Timer
		timer.Setup(&w, "poll_timer_fn", fn)
		timer.Mod(t.CPU(), &w, timer.Jiffies(t.CPU())+2)
	})
}

func leakingTimer(c *cpu.CPU, _ *timer.Timer) { preempt.Disable(c) }

func sleepingTimer(c *cpu.CPU, _ *timer.Timer) { timer.MSleep(sched.Current(c), sim.Millisecond) }

// impatientTimer waits for its own end.
func impatientTimer(c *cpu.CPU, w *timer.Timer) { timer.DelSync(c, w) }

// balancedTimer arms itself again a few times, and takes back what it may.
func balancedTimer() timer.Func {
	left := 3
	return func(c *cpu.CPU, w *timer.Timer) {
		preempt.Disable(c)
		preempt.Enable(c)
		if left--; left > 0 {
			timer.Mod(c, w, timer.Jiffies(c)+2)
		} else {
			timer.Del(c, w)
		}
	}
}

func timerMistakes() []mistake {
	const short = "watchdog_thresh=1"
	return []mistake{
		{name: "preempt-leak-timer", wrong: onTimer(leakingTimer), right: onTimer(balancedTimer()),
			rule: "preempt_count leak", cpu: 1, context: "task swapper/1 <- softirq TIMER"},
		{name: "msleep-in-timer", wrong: onTimer(sleepingTimer), right: onTimer(balancedTimer()),
			rule: "sleep in atomic", cpu: 1, context: "task swapper/1 <- softirq TIMER"},
		{name: "timer-waits-for-itself", append: short, wrong: onTimer(impatientTimer), right: onTimer(balancedTimer()),
			rule: "soft lockup", cpu: 1, context: "task swapper/1 <- softirq TIMER <- hard interrupt"},
	}
}
