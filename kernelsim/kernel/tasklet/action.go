package tasklet

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/trace"
)

// taskletAction models tasklet_action, the action of TASKLET_SOFTIRQ.
func taskletAction(c *cpu.CPU) { action(c, low) }

// taskletHiAction models tasklet_hi_action.
func taskletHiAction(c *cpu.CPU) { action(c, high) }

func action(c *cpu.CPU, p priority) {
	s := shared.Of(c)
	if s.work != nil && softirq.RulesNow(c).BHWork {
		s.work(c, bool(p))
	}
	if s.cfg.Action != nil {
		s.cfg.Action(&list{c, p})
		return
	}
	walk(c, p)
}

// walk models tasklet_action_common: what waits now is run, in its order. One
// that runs on another processor, or is disabled, goes back to the list, and
// the softirq is raised again for it: this processor keeps trying.
func walk(c *cpu.CPU, p priority) {
	c.CLI()
	next := p.head(c).detach()
	c.STI()
	for next != nil {
		t := next
		next = t.next
		if t.tryRun(c, p) {
			continue
		}
		c.CLI()
		p.head(c).append(t)
		softirq.RaiseBit(c, p.softirq())
		c.STI()
	}
}

// tryRun runs t if it may run here now. SCHED is clear before the function is
// called, so that it can be scheduled again from then on.
func (t *Tasklet) tryRun(c *cpu.CPU, p priority) bool {
	if t.set(c, running) {
		return false
	}
	may := t.count == 0
	if may && t.clearSched(c) {
		t.call(c, p)
	}
	t.unlock(c)
	return may
}

// clearSched models tasklet_clear_sched. A tasklet in a list that is not
// scheduled was prepared anew while it waited, or killed twice.
func (t *Tasklet) clearSched(c *cpu.CPU) bool {
	was := t.clear(c, scheduled)
	if !was && !shared.Of(c).told {
		shared.Of(c).told = true
		printk.Printk(c, printk.Warning, "WARNING: CPU: %d PID: %d at kernel/softirq.c:798 tasklet_clear_sched", c.ID, c.Task)
		printk.Printk(c, printk.Warning, "tasklet SCHED state not set: callback %s", t.Function())
	}
	return was
}

// unlock models tasklet_unlock: whoever waits for the end looks.
func (t *Tasklet) unlock(c *cpu.CPU) { t.clear(c, running) }

// clear models test_and_clear_bit and wake_up_var: it says whether the bit was
// set.
func (t *Tasklet) clear(c *cpu.CPU, bit uint32) (was bool) {
	was = t.state&bit != 0
	t.state &^= bit
	c.Spend(cost.AtomicRMW)
	if was && t.waits && t.queue.Active() {
		t.queue.WakeUp(c)
	}
	return was
}

// call calls the function, between its two tracepoints, and looks at what it
// leaves behind before others follow that are innocent.
func (t *Tasklet) call(c *cpu.CPU, p priority) {
	t.record(c, trace.TaskletEntry)
	before := preempt.Count(c)
	softirq.Calls(c, t.name)
	t.fn(c, t)
	t.record(c, trace.TaskletExit)
	if preempt.Count(c) != before || !c.IF() {
		softirq.Leaked(c, p.softirq(), t.fn, before, true, "tasklet: "+t.Name())
	}
	softirq.Calls(c, "")
}

// record traces the tasklet, in releases that have these tracepoints.
func (t *Tasklet) record(c *cpu.CPU, k trace.Kind) {
	if !softirq.RulesNow(c).TaskletEvents {
		return
	}
	if t.symbol[0] == 0 {
		names := c.Ring.Names()
		t.symbol = [2]uint32{names.ID(t.Name()), names.ID(t.Function())}
	}
	sched.Record(c, k, t.symbol[0], t.symbol[1], 0, 0)
}
