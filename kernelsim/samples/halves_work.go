package samples

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/sim"
)

// A mechanism is a way to have work done: leave is what the hard handler of an
// entry does for it. Context of leave: hard interrupt.
type mechanism struct {
	name  string
	leave func(c *cpu.CPU, h *halvesState, e *entryState) irq.Return
}

// mechanisms are all of them, and none: the work is done in the handler. A
// softirq of its own is what no module can have; this one borrows IRQ_POLL,
// which nothing else here uses.
func mechanisms() []mechanism {
	return []mechanism{
		{"inline", func(c *cpu.CPU, h *halvesState, e *entryState) irq.Return {
			h.run(c, share{entry: e})
			return irq.Handled
		}},
		{"softirq", func(c *cpu.CPU, h *halvesState, _ *entryState) irq.Return {
			softirq.RaiseIRQOff(c, softirq.IRQPoll)
			return irq.Handled
		}},
		{"tasklet", func(c *cpu.CPU, h *halvesState, _ *entryState) irq.Return {
			tasklet.Schedule(c, &h.tasklet)
			return irq.Handled
		}},
		{"hi", func(c *cpu.CPU, h *halvesState, _ *entryState) irq.Return {
			tasklet.HiSchedule(c, &h.tasklet)
			return irq.Handled
		}},
		{"thread", func(*cpu.CPU, *halvesState, *entryState) irq.Return { return irq.WakeThread }},
		{"work", func(c *cpu.CPU, h *halvesState, _ *entryState) irq.Return { return h.queue(c, workqueue.System(c)) }},
		{"work-highpri", func(c *cpu.CPU, h *halvesState, _ *entryState) irq.Return { return h.queue(c, h.highpri) }},
		{"work-unbound", func(c *cpu.CPU, h *halvesState, _ *entryState) irq.Return { return h.queue(c, workqueue.Unbound(c)) }},
	}
}

// queue leaves the work to a workqueue.
func (h *halvesState) queue(c *cpu.CPU, wq *workqueue.Workqueue) irq.Return {
	workqueue.Queue(c, wq, &h.work)
	return irq.Handled
}

// A share is the part of the waiting work that a run takes over: of one entry,
// of those whose interrupt came to one processor, or all.
type share struct {
	entry *entryState
	cpu   *cpu.CPU
}

func (s share) has(e *entryState) bool {
	return e.waits && (s.entry == nil || s.entry == e) && (s.cpu == nil || s.cpu == e.cpu)
}

// runHalves is the softirq's action. It runs on the processor of the interrupt
// that raised it, on several at once if several were, so each keeps to its own.
func runHalves(c *cpu.CPU) { theHalves.Of(c).run(c, share{cpu: c}) }

// threadHalf is the function of the interrupts' threads, each of which has its
// own entry.
func threadHalf(t *sched.Task, _ irq.Number, dev any) irq.Return {
	theHalves.Of(t.CPU()).runTask(t, share{entry: dev.(*entryState)})
	return irq.Handled
}

// run does the work where nothing may sleep. If it sleeps all the same, the
// kernel says so.
func (h *halvesState) run(c *cpu.CPU, s share) {
	first, any := h.begin(c, s)
	if !any {
		return
	}
	busy(c, h.len)
	if h.sleep > 0 {
		timer.MSleep(sched.Current(c), h.sleep)
	}
	h.end(c, first)
}

// runTask does the work in process context.
func (h *halvesState) runTask(t *sched.Task, s share) {
	first, any := h.begin(t.CPU(), s)
	if !any {
		return
	}
	busyTask(t, h.len)
	if h.sleep > 0 {
		timer.MSleep(t, h.sleep)
	}
	h.end(t.CPU(), first)
}

// begin takes a share over, and notes when and where. It says when the first
// beat of it was; false: there is nothing, another run has taken it.
func (h *halvesState) begin(c *cpu.CPU, s share) (first sim.Time, any bool) {
	beats := uint32(0)
	for k := range h.entry {
		e := &h.entry[k]
		if !s.has(e) {
			continue
		}
		if !any || e.first < first {
			first, any = e.first, true
		}
		beats += e.beats
		*e = entryState{}
	}
	if any {
		h.started(c, c.Now()-first, int(beats))
	}
	return first, any
}

// end notes when the work was done.
func (h *halvesState) end(c *cpu.CPU, first sim.Time) { h.ended(c.Now() - first) }

// busy is d of a driver's own work on one processor. What interrupts take
// meanwhile does not count.
func busy(c *cpu.CPU, d sim.Time) {
	for ; d > 0; d -= sim.Microsecond {
		c.Spend(cost.ProbeLoop)
	}
}

// busyTask is the same for a task, which may be preempted and moved.
func busyTask(t *sched.Task, d sim.Time) {
	for ; d > 0; d -= sim.Microsecond {
		t.CPU().Spend(cost.ProbeLoop)
	}
}
