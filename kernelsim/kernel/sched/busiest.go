package sched

import (
	"math/bits"

	"bothhalves/kernelsim/hw/cpu"
)

// A groupType says how busy a CPU is (enum group_type, kernel/sched/fair.c).
// Linux asks for utilization too; a CPU with one task counts as fully busy here,
// whether or not the task sleeps between.
type groupType uint8

const (
	hasSpare groupType = iota
	fullyBusy
	groupOverloaded
)

func typeOf(p *cpu.CPU) groupType { return groupType(min(load(p), int(groupOverloaded))) }

// busiest models find_busiest_group: the CPU to pull from, nil if there is none
// from which pulling would make things better. It sets how much to pull.
func (env *pulling) busiest() *cpu.CPU {
	src := env.mostLoaded()
	if src == nil || typeOf(src) != groupOverloaded {
		return nil // nobody waits there
	}
	switch typeOf(env.dst) {
	case hasSpare: // let both have as many
		env.byLoad = false
		env.imbalance = int64(load(src)-load(env.dst)) / 2
	case fullyBusy:
		env.toAverage(src)
	default:
		env.toAverage(src)
		if 100*weightOf(src) <= imbalancePct*weightOf(env.dst) {
			env.imbalance = 0
		}
	}
	if env.imbalance <= 0 {
		return nil
	}
	return src
}

// mostLoaded models update_sd_pick_busiest.
func (env *pulling) mostLoaded() (src *cpu.CPU) {
	for _, p := range env.c.Peers {
		if p == env.dst || !Active(p) || runqueues.Raw(p).lb.pinned == env.id || weightOf(p) == 0 {
			continue
		}
		if src == nil || typeOf(p) > typeOf(src) || typeOf(p) == typeOf(src) && weightOf(p) > weightOf(src) {
			src = p
		}
	}
	return src
}

// toAverage models the end of calculate_imbalance: neither of the two shall come
// to the other side of the average.
func (env *pulling) toAverage(src *cpu.CPU) {
	var total, n int64
	for _, p := range env.c.Peers {
		if Active(p) {
			total += weightOf(p)
			n++
		}
	}
	average := total / n
	env.byLoad = true
	env.imbalance = min(weightOf(src)-average, average-weightOf(env.dst))
}

func weightOf(p *cpu.CPU) int64 { return int64(runqueues.Raw(p).weight()) }

// detach models detach_tasks and attach_tasks: tasks that wait on src go to
// dst, those that have waited longest first.
func (env *pulling) detach(src *cpu.CPU, failed int) (moved int) {
	q := runqueues.Raw(src)
	if env.may(q.curr) {
		env.pinned = false
	}
	looked := 0
	for i := 0; i < len(q.fair) && looked < migrateMax && env.imbalance > 0; looked++ {
		if env.idle != notIdle && load(src) <= 1 {
			break
		}
		t := q.fair[i]
		if !env.wants(t, failed) {
			i++
			continue
		}
		env.move(q, t)
		moved++
		if env.idle == newlyIdle {
			break
		}
	}
	return moved
}

// may says whether the task may run on dst at all. The others of its kind, the
// CPU's own threads, are where they belong.
func (env *pulling) may(t *Task) bool {
	return t.Policy == Normal && !t.pinned && t.Allowed(env.dst.ID)
}

// wants models can_migrate_task, and the choice by load that follows it: not
// too much, and nobody whose data is in src's cache. Every attempt that failed
// makes it less choosy.
func (env *pulling) wants(t *Task, failed int) bool {
	if !env.may(t) {
		return false
	}
	env.pinned = false
	hot := env.c.Now()-t.exec.start < migrationCost
	if hot && failed <= cacheNiceTries {
		return false
	}
	if env.byLoad && int64(t.weight()>>min(failed, bits.Len64(t.weight())-1)) > env.imbalance {
		return false
	}
	return true
}

// move takes a waiting task from q to dst.
func (env *pulling) move(q *runqueue, t *Task) {
	if env.byLoad {
		env.imbalance -= int64(t.weight())
	} else {
		env.imbalance--
	}
	q.dequeue(t)
	setCPU(env.c, t, env.dst)
	q = runqueues.Raw(env.dst)
	q.update(env.c.Now())
	q.enqueue(t)
	if checkPreempt(env.c, t) {
		env.c.Hooks.Reschedule(env.c, env.dst.ID)
	}
}
