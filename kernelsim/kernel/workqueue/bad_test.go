package workqueue_test

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
)

// What ends the machine: a work without a function, a CPU that there is not.
func TestBadWorks(t *testing.T) {
	w, d := &workqueue.Work{}, &workqueue.Delayed{}
	workqueue.Init(w, "w", func(*sched.Task, *workqueue.Work) {})
	workqueue.InitDelayed(d, "d", func(*sched.Task, *workqueue.Work) {})
	const fresh, number, sleep = "work not initialised", "bad processor number", "sleep in atomic"
	for _, x := range []struct {
		rule  string
		wrong func(k *sched.Task)
	}{
		{fresh, func(k *sched.Task) { workqueue.Schedule(k.CPU(), &workqueue.Work{}) }},
		{fresh, func(k *sched.Task) { workqueue.FlushWork(k, &workqueue.Work{}) }},
		{fresh, func(k *sched.Task) { workqueue.Cancel(k.CPU(), &workqueue.Work{}) }},
		{fresh, func(k *sched.Task) { workqueue.CancelSync(k, &workqueue.Work{}) }},
		{fresh, func(k *sched.Task) { workqueue.ScheduleDelayed(k.CPU(), &workqueue.Delayed{}, 1) }},
		{fresh, func(k *sched.Task) {
			workqueue.ModDelayed(k.CPU(), workqueue.System(k.CPU()), &workqueue.Delayed{}, 1)
		}},
		{number, func(k *sched.Task) { workqueue.ScheduleOn(k.CPU(), 2, w) }},
		{number, func(k *sched.Task) { workqueue.ScheduleOn(k.CPU(), -1, w) }},
		{number, func(k *sched.Task) { workqueue.QueueDelayedOn(k.CPU(), 2, workqueue.System(k.CPU()), d, 1) }},
		{number, func(k *sched.Task) { workqueue.ModDelayedOn(k.CPU(), 2, workqueue.System(k.CPU()), d, 1) }},
		{number, func(k *sched.Task) { workqueue.Congested(k.CPU(), 2, workqueue.System(k.CPU())) }},
		{sleep, func(k *sched.Task) { preempt.Disable(k.CPU()); workqueue.FlushWork(k, w) }},
		{sleep, func(k *sched.Task) { preempt.Disable(k.CPU()); workqueue.Flush(k, workqueue.Long(k.CPU())) }},
	} {
		rule, wrong := x.rule, x.wrong
		r := newRig(t, machine.Config{CPUs: 2})
		err := r.m.Do("wrong", func(c *cpu.CPU) { wrong(sched.Current(c)) })
		var rep *oops.Report
		if !errors.As(err, &rep) || rep.Rule != rule || rule == number && !strings.HasSuffix(rep.Why, ", and this machine has CPUs 0 to 1") {
			t.Errorf("%s: %v", rule, err)
		}
	}
}
