// Package preempt models preempt_count (include/linux/preempt.h,
// arch/x86/include/asm/preempt.h): one per-CPU word whose bit fields say in
// what context the CPU is, and whether its task may be taken off it.
package preempt

import (
	"encoding/binary"
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/oops"
)

// What one level of each context adds to preempt_count.
const (
	Offset        = 1       // PREEMPT_OFFSET
	SoftIRQOffset = 1 << 8  // SOFTIRQ_OFFSET
	DisableOffset = 1 << 9  // SOFTIRQ_DISABLE_OFFSET
	HardIRQOffset = 1 << 16 // HARDIRQ_OFFSET
	NMIOffset     = 1 << 20 // NMI_OFFSET
)

// The fields of preempt_count.
const (
	PreemptMask uint32 = 0xff << 0 // PREEMPT_MASK: how often preemption was disabled
	SoftIRQMask uint32 = 0xff << 8 // SOFTIRQ_MASK: serving in the lowest bit, above it how often disabled
	HardIRQMask uint32 = 0xf << 16 // HARDIRQ_MASK
	NMIMask     uint32 = 0xf << 20 // NMI_MASK
	interrupts         = SoftIRQMask | HardIRQMask | NMIMask
	disabled           = SoftIRQMask &^ SoftIRQOffset // who has disabled bottom halves
)

// Count models preempt_count(): the word without the need_resched bit.
func Count(c *cpu.CPU) uint32 {
	return Word(c) &^ percpu.NeedReschedInverted
}

// order is how x86 keeps a word in memory.
var order = binary.LittleEndian

// Add models __preempt_count_add: d is one of the offsets. Nothing is
// charged; whoever enters a context charges that. It returns what the word
// holds now.
func Add(c *cpu.CPU, d uint32) uint32 {
	word := percpu.PreemptCountBytes(c)
	v := order.Uint32(word[:]) + d
	order.PutUint32(word[:], v)
	return v
}

// Sub models __preempt_count_sub. It says whether the word is zero now:
// nothing forbids preemption, and somebody wants it. A preempt_enable too many
// must not borrow from the fields above, whichever context they say the CPU is
// in, nor must a local_bh_enable too many.
func Sub(c *cpu.CPU, d uint32) bool {
	word := percpu.PreemptCountBytes(c)
	v := order.Uint32(word[:])
	if v&^percpu.NeedReschedInverted < d || v&PreemptMask < d&PreemptMask || v&disabled < d&disabled {
		underflow(c, d)
	}
	order.PutUint32(word[:], v-d)
	return v == d
}

// Exchange models __preempt_count_sub(SOFTIRQ_DISABLE_OFFSET - 1): a level of
// disabled bottom halves ends, and one of disabled preemption begins. It
// returns what the word holds now.
func Exchange(c *cpu.CPU) uint32 {
	word := percpu.PreemptCountBytes(c)
	v := order.Uint32(word[:])
	if v&disabled == 0 {
		underflow(c, DisableOffset-Offset)
	}
	v -= DisableOffset - Offset
	order.PutUint32(word[:], v)
	return v
}

func underflow(c *cpu.CPU, d uint32) {
	oops.Raise(oops.Report{Rule: "preempt_count underflow", CPU: c.ID,
		Title: "DEBUG_LOCKS_WARN_ON(val > preempt_count())",
		Lines: []string{fmt.Sprintf("preempt_count %08x, taking away %08x", Count(c), d)},
		Why:   "something was enabled or unlocked more often than it was disabled or locked"})
}

// Disable models preempt_disable: the task stays on this CPU until Enable.
// Calls nest.
func Disable(c *cpu.CPU) {
	Add(c, Offset)
	c.Spend(cost.Instruction)
}

// Enable models preempt_enable. When the last level goes and a reschedule is
// due, a fully preemptible kernel switches here; the caller may go on
// on another CPU, so c is stale afterwards.
func Enable(c *cpu.CPU) {
	if Sub(c, Offset) {
		c.Hooks.Preempt(c)
		return
	}
	c.Spend(cost.Instruction)
}

// EnableNoResched models preempt_enable_no_resched: Enable that never
// switches.
func EnableNoResched(c *cpu.CPU) { Sub(c, Offset) }

// Drop is the end of a lock: Enable without a charge of its own.
func Drop(c *cpu.CPU) {
	word := percpu.PreemptCountBytes(c)
	v := order.Uint32(word[:])
	if v&PreemptMask == 0 {
		underflow(c, Offset)
	}
	order.PutUint32(word[:], v-Offset)
	if v == Offset {
		c.Hooks.Preempt(c)
	}
}

// NeedResched models tif_need_resched as folded into preempt_count.
func NeedResched(c *cpu.CPU) bool {
	return Word(c)&percpu.NeedReschedInverted == 0
}

// SetNeedResched models set_preempt_need_resched.
func SetNeedResched(c *cpu.CPU) {
	percpu.PreemptCount.Poke(c, percpu.PreemptCount.Peek(c)&^uint32(percpu.NeedReschedInverted))
}

// ClearNeedResched models clear_preempt_need_resched.
func ClearNeedResched(c *cpu.CPU) {
	percpu.PreemptCount.Poke(c, percpu.PreemptCount.Peek(c)|percpu.NeedReschedInverted)
}

// InHardIRQ models in_hardirq().
func InHardIRQ(c *cpu.CPU) bool { return Word(c)&HardIRQMask != 0 }

// InSoftIRQ models in_softirq(): serving one, or with bottom halves disabled.
func InSoftIRQ(c *cpu.CPU) bool { return Word(c)&SoftIRQMask != 0 }

// InServingSoftIRQ models in_serving_softirq(): bit 8 is set only while one
// runs, disabling adds twice as much.
func InServingSoftIRQ(c *cpu.CPU) bool { return Word(c)&SoftIRQOffset != 0 }

// InNMI models in_nmi().
func InNMI(c *cpu.CPU) bool { return Word(c)&NMIMask != 0 }

// InInterrupt models in_interrupt(): NMI, hard interrupt or softirq, serving
// one or with bottom halves disabled.
func InInterrupt(c *cpu.CPU) bool { return Word(c)&interrupts != 0 }

// InTask models in_task(): none of them, but bottom halves may be disabled.
func InTask(c *cpu.CPU) bool { return Word(c)&(NMIMask|HardIRQMask|SoftIRQOffset) == 0 }

// Level models interrupt_context_level(): 0 for a task, 1 for a softirq, 2 for
// a hard interrupt, 3 for an NMI.
func Level(c *cpu.CPU) int {
	switch {
	case InNMI(c):
		return 3
	case InHardIRQ(c):
		return 2
	case InServingSoftIRQ(c):
		return 1
	}
	return 0
}

// InAtomic models in_atomic(): the task may not sleep.
func InAtomic(c *cpu.CPU) bool { return Count(c) != 0 }

// Preemptible models preemptible(): nothing keeps the task on this CPU.
func Preemptible(c *cpu.CPU) bool { return Count(c) == 0 && c.IF() }
