package workqueue

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/kernel/wait"
)

// BH workqueues came with 6.9: the works of a WQBH queue run in the softirqs
// TASKLET or HI of the CPU that queues them, in place of tasklets, so they may
// not sleep. A CPU has two pools more for them, each with one worker, which has
// no thread.

// The limits of one call of the softirq: works, and milliseconds.
const (
	bhRestarts = 10 // BH_WORKER_RESTARTS
	bhMsecs    = 2  // BH_WORKER_JIFFIES
)

// BH models system_bh_wq, "events_bh", BHHighPri system_bh_highpri_wq; nil
// before 6.9.
func BH(c *cpu.CPU) *Workqueue { return shared.Of(c).eventsBH }

// BHHighPri is BH for works that run before all other softirqs.
func BHHighPri(c *cpu.CPU) *Workqueue { return shared.Of(c).eventsBHHigh }

// initBH makes a CPU's two pools for BH works (workqueue_init_early).
func (s *system) initBH(c *cpu.CPU, id int) (pools [nrStdPools]*pool) {
	for prio := range pools {
		p := &pool{}
		p.init(c, poolLock, id, Attrs{Nice: stdNice(prio), CPUs: cpumask.Of(id)})
		p.flags |= bh
		p.node = s.cfg.Node(id)
		s.assignID(p)
		pools[prio] = p
	}
	return pools
}

// addBHWorker gives a BH pool its worker (create_worker).
func (p *pool) addBHWorker(c *cpu.CPU) {
	k := newWorker()
	k.pool, k.id = p, p.takeID()
	k.flags |= unbound
	p.attached = append(p.attached, k)
	p.workers++
	k.enterIdle(c)
}

// checkBH refuses what a BH workqueue cannot be.
func checkBH(c *cpu.CPU, name string, flags Flags, maxActive int) error {
	switch {
	case flags&WQBH == 0:
		return nil
	case !shared.Of(c).cfg.BH:
		return fmt.Errorf("workqueue %s: this kernel has no BH workqueues, they came with 6.9: %w", name, errno.EINVAL)
	case flags&^(WQBH|WQHighPri) != 0:
		return fmt.Errorf("workqueue %s: flags %#x: of a BH workqueue only WQHighPri may be said: %w", name, uint32(flags), errno.EINVAL)
	case maxActive != 0:
		return fmt.Errorf("workqueue %s: works of a BH workqueue are not limited, say 0: %w", name, errno.EINVAL)
	}
	return nil
}

// kickBH models kick_bh_pool: the pool's softirq is raised on its CPU. While
// another CPU drains the pool of a dead one, that is this CPU. Context: the
// pool's lock held.
func (p *pool) kickBH(c *cpu.CPU) {
	if p.cpu != c.ID && p.flags&bhDraining == 0 {
		shared.Of(c).cfg.Kick(c, p.cpu, p.raise)
		return
	}
	p.raise(c)
}

func (p *pool) raise(c *cpu.CPU) {
	nr := softirq.Tasklet
	if p.attrs.Nice < 0 {
		nr = softirq.HI
	}
	softirq.RaiseIRQOff(c, nr)
}

// SoftIRQ models workqueue_softirq_action, which tasklet_action and
// tasklet_hi_action call before they look at tasklets. Context: softirq.
func SoftIRQ(c *cpu.CPU, high bool) {
	prio := 0
	if high {
		prio = 1
	}
	if p := shared.Of(c).bhPools[c.ID][prio]; p.needMore() {
		p.attached[0].bottomHalf(c)
	}
}

// bottomHalf models bh_worker: worker_thread for one call of the softirq. Like
// the softirq itself it ends after ten works or two milliseconds, and if works
// are left it has itself called again.
func (k *worker) bottomHalf(c *cpu.CPU) {
	t, p := sched.Current(c), k.pool
	end := timer.Jiffies(c) + timer.FromMsecs(c, bhMsecs)
	p.lock.LockIRQ(c)
	k.leaveIdle()
	if p.needMore() {
		k.clearFlags(prep)
		for left := bhRestarts; ; {
			k.next(t, p.worklist.next.work)
			if left--; left == 0 || !p.keepWorking() || timer.Jiffies(c) >= end {
				break
			}
		}
		k.setFlags(prep)
	}
	k.enterIdle(c)
	if p.needMore() {
		p.wake(c)
	}
	p.lock.UnlockIRQ(c)
}

// SoftIRQDead models workqueue_softirq_dead: CPU n has gone, and the works that
// its softirqs have left run here. Context: process context.
func SoftIRQDead(t *sched.Task, n int) {
	s := shared.Of(t.CPU())
	if !s.cfg.BH {
		return
	}
	for prio, p := range s.bhPools[n] {
		if !p.needMore() {
			continue
		}
		var done wait.Completion
		done.Init(t.CPU())
		wq := []*Workqueue{s.eventsBH, s.eventsBHHigh}[prio]
		w := &Work{}
		Init(w, "drain_dead_softirq_workfn", func(here *sched.Task, w *Work) {
			if p.drain(here.CPU()) {
				Queue(here.CPU(), wq, w)
			} else {
				done.Complete(here.CPU())
			}
		})
		Queue(t.CPU(), wq, w)
		done.Wait(t)
	}
}

// drain models drain_dead_softirq_workfn: the worker of a CPU that has gone
// works on this one. It reports whether works are left. Context: softirq.
func (p *pool) drain(c *cpu.CPU) (more bool) {
	p.lock.LockIRQ(c)
	p.flags |= bhDraining
	p.lock.UnlockIRQ(c)
	p.attached[0].bottomHalf(c)
	p.lock.LockIRQ(c)
	p.flags &^= bhDraining
	more = p.needMore()
	p.lock.UnlockIRQ(c)
	return more
}
