package machine_test

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// ready is what the loops wait for in vain.
func ready() bool { return false }

const patience = 4 * sim.Second

func pollForEver(t *sched.Task) {
	for !ready() {
		t.CPU().Spend(cost.ProbeLoop)
	}
}

// pollPolitely gives up in the end, so that the thread can be waited for.
func pollPolitely(t *sched.Task) {
	for start := t.CPU().Now(); !ready() && t.CPU().Now() < start+patience; {
		t.CPU().Spend(cost.ProbeLoop)
		sched.CondResched(t)
	}
}

func pollIRQsOff(t *sched.Task) {
	t.CPU().CLI()
	for !ready() {
		t.CPU().Spend(cost.ProbeLoop)
	}
	t.CPU().STI()
}

func pollIRQsOffShortly(t *sched.Task) {
	for start := t.CPU().Now(); !ready() && t.CPU().Now() < start+patience; {
		flags := t.CPU().SaveFlags()
		sched.Compute(t, sim.Millisecond)
		t.CPU().RestoreFlags(flags)
		sched.CondResched(t)
	}
}

// burnCPU1 lets a program compute: that is no lockup.
func burnCPU1(m *machine.Machine) error { return m.Burn(1, patience) }

func lockupMistakes() []mistake {
	const short = "watchdog_thresh=1"
	return []mistake{
		{name: "soft-lockup", append: short, wrong: onCPU1(pollForEver), right: onCPU1(pollPolitely),
			rule: "soft lockup", cpu: 1, context: "task worker <- hard interrupt"},
		{name: "soft-lockup-beside-program", append: short, then: burnCPU1, wrong: onCPU1(pollForEver), right: onCPU1(addPreemptionOff),
			rule: "soft lockup", cpu: 1, context: "task worker <- hard interrupt"},
		{name: "hard-lockup", append: short, wrong: onCPU1(pollIRQsOff), right: onCPU1(pollIRQsOffShortly),
			rule: "hard lockup", cpu: 1, context: "task worker <- hard interrupt <- NMI"},
	}
}
