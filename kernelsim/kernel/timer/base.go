package timer

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/trace"
)

// A base is one wheel of a processor (struct timer_base).
type base struct {
	lock    lock.Spin
	cpu     *cpu.CPU
	running *Timer // running_timer: whose function runs
	clk     uint64 // the jiffy that is looked at next
	next    uint64 // next_expiry: when the first bucket with timers is
	recalc  bool   // next_expiry_recalc: it may be later
	idle    bool   // is_idle: the tick is stopped, so who arms a timer wakes the processor
	waiting bool   // timers_pending: there are timers
	pending pendingMap
	vectors [wheelSize]*Timer
	depth   int
	expired [maxDepth]*Timer // what expire has still to call
}

// The wheels of a processor: of timers that wake it when it idles, and of those
// that wait until somebody else does.
const (
	std = iota // BASE_STD
	def        // BASE_DEF
	numBases
)

var bases = percpu.New[[numBases]base]("timer_bases")

// system is the package's state that all processors share.
type system struct {
	lastID uint32
	free   []*Timer // of ScheduleTimeout
}

var shared = percpu.Shared[system]("timer_system")

var baseClass = lock.NewClass("timer_bases.lock")

// Init models init_timers: the wheels of all processors are empty. Context:
// once, at boot.
func Init(c *cpu.CPU) {
	for _, p := range c.Peers {
		for i := range numBases {
			b := &bases.Raw(p)[i]
			b.lock.Init(c, baseClass)
			b.cpu, b.depth = p, depthOf(sched.HZ(c))
			b.clk = sched.Jiffies(c)
			b.next = b.clk + maxDelta
		}
	}
	softirq.Open(c, softirq.Timer, runSoftIRQ)
}

// baseOf models get_timer_cpu_base.
func baseOf(p *cpu.CPU, f Flags) *base {
	if f&Deferrable != 0 {
		return &bases.Raw(p)[def]
	}
	return &bases.Raw(p)[std]
}

// target models get_target_base: where a timer that is armed here goes.
func target(c *cpu.CPU, f Flags) *base {
	if f&Pinned != 0 {
		return baseOf(c, f)
	}
	return baseOf(sched.NoHZTimerTarget(c), f)
}

// lockBase models lock_timer_base: it locks the wheel that t is on when the lock
// is got; meanwhile t may move, and the task that asks too, so that it returns
// the processor.
func lockBase(c *cpu.CPU, t *Timer) (*cpu.CPU, *base, cpu.Flags) {
	if t.base == nil { // it has not been armed before
		t.base = baseOf(c, t.Flags)
	}
	for self := sched.Current(c); ; c = self.CPU() {
		if !t.migrating {
			b := t.base
			flags := b.lock.LockIRQSave(c)
			if t.base == b && !t.migrating {
				return c, b, flags
			}
			b.lock.UnlockIRQRestore(c, flags)
			c = self.CPU()
		}
		c.Spend(cost.CPURelax)
	}
}

// forward models forward_timer_base: the wheel of a processor whose tick is
// stopped has stood still, and an old clock makes coarse buckets. Context:
// locked.
func (b *base) forward(c *cpu.CPU) {
	now := sched.Jiffies(c)
	if int64(now-b.clk) < 1 {
		return
	}
	if before(now, b.next) {
		b.clk = now
	} else if !before(b.next, b.clk) {
		b.clk = b.next
	}
}

// add models internal_add_timer. Context: locked.
func (b *base) add(c *cpu.CPU, t *Timer) {
	idx, at := wheelIndex(t.Expires, b.clk, b.depth)
	b.enqueue(c, t, idx, at)
}

// enqueue models enqueue_timer: t is the first of its bucket from now on. If it
// is the first of the wheel too, a processor that idles is woken to see that.
// Context: locked.
func (b *base) enqueue(c *cpu.CPU, t *Timer, idx int, at uint64) {
	t.link(&b.vectors[idx])
	b.pending.set(idx)
	t.idx = uint16(idx)
	recordStart(c, b, t)
	c.Spend(cost.TimerEnqueue)
	if before(at, b.next) {
		b.next, b.waiting, b.recalc = at, true, false
		if t.Flags&Deferrable == 0 && b.idle { // trigger_dyntick_cpu
			sched.WakeUpNoHZ(c, b.cpu)
		}
	}
}

// recordStart records timer_start.
func recordStart(c *cpu.CPU, b *base, t *Timer) {
	initial := sched.InitialJiffies(sched.HZ(c))
	w0, w1, w2, w3 := trace.TimerArm{Timer: t.id, Function: t.symbol,
		Expires: uint32(t.Expires - initial), Now: uint32(sched.Jiffies(c) - initial),
		CPU: uint32(b.cpu.ID), Index: uint32(t.idx), Flags: uint32(t.Flags) << 1}.Pack()
	sched.Record(c, trace.TimerStart, w0, w1, w2, w3)
}

// link models hlist_add_head.
func (t *Timer) link(head **Timer) {
	t.next, t.pprev = *head, head
	if t.next != nil {
		t.next.pprev = &t.next
	}
	*head = t
}

// detach models detach_timer. With clear t does not wait any more.
func (t *Timer) detach(c *cpu.CPU, clear bool) {
	sched.Record(c, trace.TimerCancel, t.id, 0, 0, 0)
	*t.pprev = t.next
	if t.next != nil {
		t.next.pprev = t.pprev
	}
	t.next = nil
	if clear {
		t.pprev = nil
	}
}

// detachIfPending models detach_if_pending: true if t waited. Context: locked.
func (b *base) detachIfPending(c *cpu.CPU, t *Timer, clear bool) bool {
	if !t.Pending() {
		return false
	}
	if t.next == nil && t.pprev == &b.vectors[t.idx] { // hlist_is_singular_node
		b.pending.clear(int(t.idx))
		b.recalc = true
	}
	t.detach(c, clear)
	return true
}
