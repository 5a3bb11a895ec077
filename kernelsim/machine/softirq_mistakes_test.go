package machine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/report"
	"bothhalves/kernelsim/sim"
)

// raises is a handler that leaves the work to softirqs.
func raises(list ...softirq.Nr) func(c *cpu.CPU, _ cpu.Vector) {
	return func(c *cpu.CPU, _ cpu.Vector) {
		for _, nr := range list {
			softirq.RaiseIRQOff(c, nr)
		}
	}
}

// onSoftIRQ is a module whose interrupt raises NET_RX, of which action is the
// action.
func onSoftIRQ(action softirq.Action) func(c *cpu.CPU) error {
	return func(c *cpu.CPU) error {
		softirq.Open(c, softirq.NetRX, action)
		return onEvent(raises(softirq.NetRX))(c)
	}
}

// onTasklet is a module whose interrupt schedules a tasklet.
func onTasklet(fn func(c *cpu.CPU, t *tasklet.Tasklet)) func(c *cpu.CPU) error {
	return func(c *cpu.CPU) error {
		var t tasklet.Tasklet
		tasklet.Setup(&t, "rx_tasklet", fn)
		return onEvent(func(c *cpu.CPU, _ cpu.Vector) { tasklet.Schedule(c, &t) })(c)
	}
}

func leakingAction(c *cpu.CPU) { preempt.Disable(c) }

func bhLeakingAction(c *cpu.CPU) { softirq.BHDisable(c) }

func balancedAction(c *cpu.CPU) {
	softirq.BHDisable(c)
	statsLock.Of(c).Lock(c)
	statsLock.Of(c).Unlock(c)
	softirq.BHEnable(c)
}

func lockLeavingAction(c *cpu.CPU) { statsLock.Of(c).Lock(c) }

func deafAction(c *cpu.CPU) { c.CLI() }

func restoringAction(c *cpu.CPU) {
	flags := c.SaveFlags()
	c.RestoreFlags(flags)
}

func sleepingAction(c *cpu.CPU) { timer.MSleep(sched.Current(c), sim.Millisecond) }

func schedulingAction(c *cpu.CPU) { sched.Schedule(c) }

// endlessAction never ends.
func endlessAction(c *cpu.CPU) {
	for !ready() {
		c.Spend(cost.ProbeLoop)
	}
}

// stormAction is soon the thread's, because it is raised again without end, and
// never ends there.
func stormAction(c *cpu.CPU) {
	if strings.HasPrefix(sched.Current(c).Comm, "ksoftirqd") {
		endlessAction(c)
	}
	softirq.Raise(c, softirq.NetRX)
}

// patientStorm is raised again without end for a while, in pieces: the thread
// lets others run in between.
func patientStorm(c *cpu.CPU) {
	c.Spend(cost.ProbeLoop)
	if c.Now() < patience {
		softirq.Raise(c, softirq.NetRX)
	}
}

func leakingTasklet(c *cpu.CPU, _ *tasklet.Tasklet) { preempt.Disable(c) }

func balancedTasklet(c *cpu.CPU, _ *tasklet.Tasklet) { balancedAction(c) }

func mutexTasklet(c *cpu.CPU, _ *tasklet.Tasklet) {
	configLock.Of(c).Lock(sched.Current(c))
	configLock.Of(c).Unlock(sched.Current(c))
}

func sleepingTasklet(c *cpu.CPU, _ *tasklet.Tasklet) { sleepingAction(c) }

func suicidalTasklet(c *cpu.CPU, t *tasklet.Tasklet) { tasklet.Kill(sched.Current(c), t) }

func enableTooOften(t *sched.Task) {
	softirq.BHDisable(t.CPU())
	softirq.BHEnable(t.CPU())
	softirq.BHEnable(t.CPU())
}

func enableOnce(t *sched.Task) {
	softirq.BHDisable(t.CPU())
	softirq.BHEnable(t.CPU())
}

func sleepBHOff(t *sched.Task) {
	softirq.BHDisable(t.CPU())
	timer.MSleep(t, sim.Millisecond)
	softirq.BHEnable(t.CPU())
}

func sleepBHOn(t *sched.Task) {
	enableOnce(t)
	timer.MSleep(t, sim.Millisecond)
}

// lockedWith is a thread that takes the lock that the softirq takes too.
func lockedWith(lock, unlock func(c *cpu.CPU)) func(c *cpu.CPU) error {
	return func(c *cpu.CPU) error {
		sched.KThreadOn(c, 1, "worker", func(t *sched.Task) {
			lock(t.CPU())
			unlock(t.CPU())
		})
		return onSoftIRQ(balancedAction)(c)
	}
}

func lockPlain(c *cpu.CPU)   { statsLock.Of(c).Lock(c) }
func unlockPlain(c *cpu.CPU) { statsLock.Of(c).Unlock(c) }
func lockBH(c *cpu.CPU)      { softirq.LockBH(c, statsLock.Of(c)) }
func unlockBH(c *cpu.CPU)    { softirq.UnlockBH(c, statsLock.Of(c)) }

func softirqMistakes() []mistake {
	const (
		short   = "watchdog_thresh=1"
		action  = "task swapper/1 <- softirq NET_RX"
		tasklet = "task swapper/1 <- softirq TASKLET (rx_tasklet)"
	)
	return []mistake{
		{name: "preempt-leak-softirq", wrong: onSoftIRQ(leakingAction), right: onSoftIRQ(balancedAction), then: interruptCPU1,
			rule: "preempt_count leak", cpu: 1, context: action},
		{name: "bh-leak-softirq", wrong: onSoftIRQ(bhLeakingAction), right: onSoftIRQ(balancedAction), then: interruptCPU1,
			rule: "preempt_count leak", cpu: 1, context: action},
		{name: "lock-left-by-softirq", wrong: onSoftIRQ(lockLeavingAction), right: onSoftIRQ(balancedAction), then: interruptCPU1,
			rule: "preempt_count leak", cpu: 1, context: action, locks: "stats_lock"},
		{name: "irqs-off-softirq", wrong: onSoftIRQ(deafAction), right: onSoftIRQ(restoringAction), then: interruptCPU1,
			rule: "IF left off", cpu: 1, context: action},
		{name: "msleep-in-softirq", wrong: onSoftIRQ(sleepingAction), right: onSoftIRQ(balancedAction), then: interruptCPU1,
			rule: "sleep in atomic", cpu: 1, context: action},
		{name: "schedule-in-softirq", wrong: onSoftIRQ(schedulingAction), right: onSoftIRQ(balancedAction), then: interruptCPU1,
			rule: "sleep in atomic", cpu: 1, context: action},
		{name: "softirq-without-action", wrong: onEvent(raises(softirq.NetTX)), right: onSoftIRQ(balancedAction), then: interruptCPU1,
			rule: "page fault", cpu: 1, context: "task swapper/1 <- softirq NET_TX"},
		{name: "soft-lockup-softirq", append: short, wrong: onSoftIRQ(endlessAction), right: onSoftIRQ(patientStorm), then: interruptCPU1,
			rule: "soft lockup", cpu: 1, context: action + " <- hard interrupt"},
		{name: "soft-lockup-ksoftirqd", append: short, wrong: onSoftIRQ(stormAction), right: onSoftIRQ(patientStorm), then: interruptCPU1,
			rule: "soft lockup", cpu: 1, context: "task ksoftirqd/1 <- softirq NET_RX <- hard interrupt"},
		{name: "preempt-leak-tasklet", wrong: onTasklet(leakingTasklet), right: onTasklet(balancedTasklet), then: interruptCPU1,
			rule: "preempt_count leak", cpu: 1, context: tasklet},
		{name: "mutex-in-tasklet", wrong: onTasklet(mutexTasklet), right: onTasklet(balancedTasklet), then: interruptCPU1,
			rule: "sleep in atomic", cpu: 1, context: tasklet},
		{name: "msleep-in-tasklet", wrong: onTasklet(sleepingTasklet), right: onTasklet(balancedTasklet), then: interruptCPU1,
			rule: "sleep in atomic", cpu: 1, context: tasklet},
		{name: "tasklet-kills-itself", wrong: onTasklet(suicidalTasklet), right: onTasklet(balancedTasklet), then: interruptCPU1,
			rule: "sleep in atomic", cpu: 1, context: tasklet},
		{name: "bh-enabled-too-often", wrong: onCPU1(enableTooOften), right: onCPU1(enableOnce),
			rule: "preempt_count underflow", cpu: 1, context: "task worker"},
		{name: "msleep-bh-off", wrong: onCPU1(sleepBHOff), right: onCPU1(sleepBHOn),
			rule: "sleep in atomic", cpu: 1, context: "task worker"},
		{name: "lock-in-softirq-and-task", wrong: lockedWith(lockPlain, unlockPlain), right: lockedWith(lockBH, unlockBH), then: interruptCPU1,
			rule: "lock irq-state", cpu: 1, context: action},
	}
}

// sleepyLoop makes one pass, and leaves what has come meanwhile to nobody.
func sleepyLoop(p softirqabi.Processor) {
	if p.InInterrupt() {
		return
	}
	mask := p.Pending()
	p.Begin()
	p.SetPending(0)
	p.EnableIRQ()
	for nr := range 10 {
		if mask&(1<<nr) != 0 {
			p.Run(nr)
		}
	}
	p.DisableIRQ()
	p.End()
}

// A softirq that is left pending on a processor that sleeps without a tick ends
// the run: nobody would see it otherwise.
func TestStrandedSoftIRQ(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 2}, machine.WithSoftirqLoop(sleepyLoop))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Do("module", func(c *cpu.CPU) {
		softirq.Open(c, softirq.NetTX, func(*cpu.CPU) {})
		if err := onSoftIRQ(func(c *cpu.CPU) { softirq.Raise(c, softirq.NetTX) })(c); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := m.Run(100 * sim.Millisecond); err != nil { // until no tick comes any more
		t.Fatal(err)
	}
	if err := m.Interrupt(1, event); err != nil {
		t.Fatal(err)
	}
	var r *oops.Report
	if err := m.RunIdle(); !errors.As(err, &r) {
		t.Fatalf("the machine idles, and the run ended with %v", err)
	}
	if r.Rule != "idle with work pending" || r.CPU != 1 || report.Where(r) == "" {
		t.Errorf("rule %q on CPU %d at %q", r.Rule, r.CPU, report.Where(r))
	}
	golden(t, "idle-with-softirq-pending", report.Text(r))
	const said = "NOHZ tick-stop error: local softirq work is pending, handler #04!!!"
	if !slices.ContainsFunc(m.Dmesg(), func(l printk.Line) bool { return l.Text == said }) {
		t.Errorf("dmesg lacks %q", said)
	}
	if err := m.Run(sim.Second); !errors.As(err, &r) {
		t.Errorf("the machine goes on: %v", err)
	}
}
