package sched

import (
	"math/bits"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
)

// Times is how a processor's time was spent, as /proc/stat divides it (struct
// kernel_cpustat). Each tick adds its whole period to what it has interrupted,
// so all but Idle are samples: what is shorter than a tick is counted as often
// as a tick meets it.
type Times struct{ User, Nice, System, IRQ, SoftIRQ, Idle sim.Time }

// cputime is a task's part: its ticks (utime, stime), and what was last told of
// them (prev_cputime), which must not go back.
type cputime struct {
	user, system         sim.Time
	toldUser, toldSystem sim.Time
	inProgram            bool // it runs its program's code, not the kernel's
}

// AccountTick models account_process_tick (kernel/sched/cputime.c): the period
// of the tick goes to whatever the tick has interrupted. A hard interrupt is
// hardly ever among that: its handler has interrupts off, so the tick comes
// when it has ended, and finds the task or the softirq below it. Context: the
// tick's hard interrupt.
func AccountTick(c *cpu.CPU) {
	q := runqueues.Raw(c)
	period := TickPeriod(c)
	switch {
	case UserMode(c):
		q.curr.accountUser(&q.times, period)
	case q.curr != q.idle || irqCount(c) != preempt.HardIRQOffset:
		q.curr.accountSystem(c, &q.times, period)
	default:
		q.times.Idle += period // account_idle_time
	}
}

// AccountIdleTicks models account_idle_ticks: so many ticks did not come
// because c idled. Context: the tick begins again.
func AccountIdleTicks(c *cpu.CPU, n uint64) {
	if int64(n) > 0 {
		runqueues.Raw(c).times.Idle += sim.Time(n) * TickPeriod(c)
	}
}

// UserMode models user_mode(get_irq_regs()): the outermost hard interrupt has
// come out of a program's own code. Context: hard interrupt.
func UserMode(c *cpu.CPU) bool {
	return runqueues.Raw(c).curr.time.inProgram && irqCount(c) == preempt.HardIRQOffset
}

// irqCount models irq_count().
func irqCount(c *cpu.CPU) uint32 {
	return preempt.Word(c) & (preempt.NMIMask | preempt.HardIRQMask | preempt.SoftIRQMask)
}

// accountUser models account_user_time.
func (t *Task) accountUser(x *Times, d sim.Time) {
	t.time.user += d
	if t.nice > 0 {
		x.Nice += d
	} else {
		x.User += d
	}
}

// accountSystem models account_system_time: the tick's own hard interrupt is
// taken off, and what remains says where it came. The task has its system time
// all the same, also for an interrupt that was none of its business; and
// ksoftirqd's work is softirq time, because it serves softirqs.
func (t *Task) accountSystem(c *cpu.CPU, x *Times, d sim.Time) {
	t.time.system += d
	switch {
	case preempt.Word(c)&preempt.HardIRQMask != preempt.HardIRQOffset:
		x.IRQ += d
	case preempt.InServingSoftIRQ(c):
		x.SoftIRQ += d
	default:
		x.System += d
	}
}

// Program lets t run a microsecond of its program's own code. A kernel thread
// has none, and works in the kernel. Context: process context.
func Program(t *Task) {
	if !t.User {
		t.cpu.Spend(cost.ProbeLoop)
		return
	}
	t.time.inProgram = true
	t.cpu.Spend(cost.UserWork)
	t.time.inProgram = false
}

// TimesOf is how p's time was spent up to now (kcpustat_cpu_fetch and
// get_idle_time, fs/proc/stat.c). Idle is measured, not sampled, while p is on
// line (get_cpu_idle_time_us): so the times add up to the time that has gone
// by only roughly.
func TimesOf(p *cpu.CPU, now sim.Time) Times {
	x := runqueues.Raw(p).times
	if measure := shared.Of(p).tick.IdleTime; measure != nil && Online(p) {
		x.Idle = measure(p, now) / sim.Microsecond * sim.Microsecond
	}
	return x
}

// CPUTimes is TimesOf up to the present.
func CPUTimes(p *cpu.CPU) Times { return TimesOf(p, p.Engine().Now()) }

// UserTicks is the time of the ticks that met the task in its program, and
// SystemTicks of those that met it in the kernel (utime and stime of struct
// task_struct). Both are multiples of the tick's period.
func (t *Task) UserTicks() sim.Time { return t.time.user }

// SystemTicks: see UserTicks.
func (t *Task) SystemTicks() sim.Time { return t.time.system }

// CPUTime models thread_group_cputime_adjusted: the time that the task has had
// on a processor, up to its last switch or tick, divided into its program's and
// the kernel's in the proportion of its ticks. Neither ever goes back. A task
// that no tick has met counts as a program's.
func (t *Task) CPUTime() (user, system sim.Time) {
	x := &t.time
	if total := t.exec.sum; x.toldUser+x.toldSystem < total {
		system = max(x.systemOf(total), x.toldSystem)
		user = total - system
		if user < x.toldUser {
			user = x.toldUser
			system = total - user
		}
		x.toldUser, x.toldSystem = user, system
	}
	return x.toldUser, x.toldSystem
}

// systemOf models the proportion of cputime_adjust.
func (x *cputime) systemOf(total sim.Time) sim.Time {
	switch {
	case x.system == 0:
		return 0
	case x.user == 0:
		return total
	}
	return scaleBy(total, uint64(x.system), uint64(x.system+x.user))
}

// scaleBy models mul_u64_u64_div_u64: d*mul/div without overflow, where mul is
// not more than div.
func scaleBy(d sim.Time, mul, div uint64) sim.Time {
	hi, lo := bits.Mul64(uint64(d), mul)
	quotient, _ := bits.Div64(hi, lo, div)
	return sim.Time(quotient)
}
