package machine

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/workqueue"
)

// initWorkqueues models workqueue_init_early, and the workqueues that other
// parts of start_kernel make before there are threads: rcu_init,
// kmem_cache_init_late and net_ns_init. Nobody queues anything on those here,
// but their rescuers are among the first threads of a machine.
func (m *Machine) initWorkqueues(c *cpu.CPU) {
	workqueue.InitEarly(c, workqueue.Config{Nodes: m.cfg.Nodes, Node: m.cfg.node,
		BH:   softirq.RulesOf(m.release.Name).BHWork,
		Kick: func(c *cpu.CPU, n int, fn func(c *cpu.CPU)) { apic.CallOn(c, n, fn, false) }})
	for _, name := range []string{"rcu_gp", "rcu_par_gp", "slub_flushwq"} {
		m.reclaimQueue(c, name)
	}
	workqueue.AllocSingleThread(c, "netns")
}

// startWorkqueues models workqueue_init, and init_mm_internals as far as it
// makes a workqueue.
func (m *Machine) startWorkqueues(t *sched.Task) {
	workqueue.Start(t)
	tasklet.OnAction(t.CPU(), workqueue.SoftIRQ)
	m.reclaimQueue(t.CPU(), "mm_percpu_wq")
}

// reclaimQueue makes a workqueue that has a rescuer.
func (m *Machine) reclaimQueue(c *cpu.CPU, name string) {
	_, err := workqueue.Alloc(c, name, workqueue.WQMemReclaim, 0)
	told(c, err)
}

// prepareWorkers models workqueue_prepare_cpu of a processor that has not been
// up; onlineWorkers is workqueue_online_cpu, which its thread cpuhp/N would
// call in Linux.
func (m *Machine) prepareWorkers(c, p *cpu.CPU) { workqueue.PrepareCPU(sched.Current(c), p.ID) }

func (m *Machine) onlineWorkers(c, p *cpu.CPU) {
	if sched.Online(p) {
		workqueue.OnlineCPU(sched.Current(c), p.ID)
	}
}

// startWatchdog models lockup_detector_init (kernel/watchdog.c): the watchdog of
// the boot processor is started by a work, because that has to happen there.
// It is the first work that a machine runs, so the pool gets its second
// worker. (Here the watchdog has looked since the clock was started.)
func (m *Machine) startWatchdog(t *sched.Task) {
	if m.params.watchdogThresh > 0 {
		workqueue.CallOnCPU(t, t.CPU().ID, func(*sched.Task) {})
	}
}

// softIRQDead models takeover_tasklets: what the softirqs of a processor that
// has gone have left, BH works and tasklets, is done here.
func softIRQDead(t *sched.Task, n int) {
	workqueue.SoftIRQDead(t, n)
	tasklet.Takeover(t.CPU(), n)
}
