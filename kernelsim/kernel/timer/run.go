package timer

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/trace"
)

// RunLocal models run_local_timers: the tick raises the softirq if a bucket of
// one of the processor's wheels is due. Context: hard interrupt.
func RunLocal(c *cpu.CPU) {
	now, b := sched.Jiffies(c), bases.Raw(c)
	if !before(now, b[std].next) || !before(now, b[def].next) {
		softirq.Raise(c, softirq.Timer)
	}
}

// runSoftIRQ models run_timer_softirq. Context: softirq.
func runSoftIRQ(c *cpu.CPU) {
	b := bases.Raw(c)
	b[std].run(c)
	b[def].run(c)
}

// run models __run_timers: all buckets up to the present jiffy, one after the
// other.
func (b *base) run(c *cpu.CPU) {
	if before(sched.Jiffies(c), b.next) {
		return
	}
	b.lock.LockIRQ(c)
	for now := sched.Jiffies(c); !before(now, b.clk) && !before(now, b.next); now = sched.Jiffies(c) {
		levels := b.collect()
		b.clk++
		b.setNext()
		for levels--; levels >= 0; levels-- {
			b.expire(c, &b.expired[levels])
		}
	}
	b.lock.UnlockIRQ(c)
}

// collect models collect_expired_timers: the clock goes to the next bucket with
// timers, whose list is taken out, and so are those of coarser levels that
// begin a bucket at the same jiffy. It returns how many lists that are.
func (b *base) collect() (lists int) {
	b.clk = b.next
	clk := b.clk
	for lvl := range b.depth {
		idx := lvl*lvlSize + int(clk&lvlMask)
		if b.pending.has(idx) {
			b.pending.clear(idx)
			b.take(idx, &b.expired[lists])
			lists++
		}
		if clk&lvlClkMask != 0 {
			break
		}
		clk >>= lvlClkShift
	}
	return lists
}

// take models hlist_move_list.
func (b *base) take(idx int, to **Timer) {
	*to = b.vectors[idx]
	b.vectors[idx] = nil
	if *to != nil {
		(*to).pprev = to
	}
}

// setNext looks anew for the first bucket with timers.
func (b *base) setNext() {
	b.next = b.pending.next(b.clk, b.depth)
	b.recalc = false
	b.waiting = b.next != b.clk+maxDelta
}

// expire models expire_timers: the list's functions are called, the first one
// first. The lock is free meanwhile, so that timers can be taken back, from this
// list too. Context: locked.
func (b *base) expire(c *cpu.CPU, list **Timer) {
	jiffy := b.clk - 1
	for *list != nil {
		t := *list
		b.running = t
		t.detach(c, true)
		fn := t.fn
		if t.Flags&IRQSafe != 0 {
			b.lock.Unlock(c)
			t.call(c, fn, jiffy)
			b.lock.Lock(c)
		} else {
			b.lock.UnlockIRQ(c)
			t.call(c, fn, jiffy)
			b.lock.LockIRQ(c)
		}
		b.running = nil
	}
}

// call models call_timer_fn: it looks at what the function leaves behind. t may
// be gone when it returns.
func (t *Timer) call(c *cpu.CPU, fn Func, jiffy uint64) {
	id, name, count := t.id, t.name, preempt.Count(c)
	initial := sched.InitialJiffies(sched.HZ(c))
	sched.Record(c, trace.TimerExpireEntry, id, t.symbol, uint32(sched.Jiffies(c)-initial), uint32(jiffy-initial))
	fn(c, t)
	sched.Record(c, trace.TimerExpireExit, id, 0, 0, 0)
	if after := preempt.Count(c); after != count {
		oops.Raise(oops.Report{Rule: "preempt_count leak", CPU: c.ID, Task: sched.Current(c).String(),
			Title: fmt.Sprintf("timer: %s preempt leak: %08x -> %08x", name, count, after),
			Lines: []string{"timer function: " + oops.Name(fn)},
			Why:   "what a timer's function disabled or locked it must enable or unlock before it returns"})
	}
}
