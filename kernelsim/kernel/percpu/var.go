package percpu

import (
	"fmt"
	"unsafe"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
)

// A Var is a per-CPU variable of any type, one Go value a CPU. It has an
// offset in the unit as every per-CPU variable has; only its contents are
// kept beside the bytes.
type Var[T any] struct{ d *Declaration }

// New models DEFINE_PER_CPU(T, name) for the kernel image.
func New[T any](name string) Var[T] { return NewIn[T]("", name) }

// NewIn is New for a module's variable.
func NewIn[T any](module, name string) Var[T] {
	var zero T
	d := &Declaration{Name: name, Module: module, Size: max(int(unsafe.Sizeof(zero)), 1),
		Type: fmt.Sprintf("%T", zero), word: -1, slot: declared.slots,
		fresh: func() any { return new(T) }}
	declared.slots++
	return Var[T]{declared.add(d)}
}

// This models this_cpu_ptr: a pointer to the copy of the CPU that c is. It is
// good for as long as the code cannot be preempted, and its use while it can
// is reported, as Linux does with CONFIG_DEBUG_PREEMPT.
func (v Var[T]) This(c *cpu.CPU) *T {
	checkPreemption(c, "smp_processor_id")
	return c.GS.Slots[v.d.slot].(*T)
}

// Raw models raw_cpu_ptr: the same without the check.
func (v Var[T]) Raw(c *cpu.CPU) *T { return c.GS.Slots[v.d.slot].(*T) }

// On models per_cpu_ptr: CPU n's copy, whoever asks. c pays for the cache
// line.
func (v Var[T]) On(c *cpu.CPU, n int) *T {
	if n != c.ID {
		c.Spend(cost.RemotePerCPU)
	}
	return v.Raw(c.Peers[n])
}

// A Global is a static variable of the kernel image that all CPUs share.
type Global[T any] struct{ d *Declaration }

// Shared declares a static variable. It lives in the machine, not in the
// program: two machines have two of it.
func Shared[T any](name string) Global[T] {
	d := &Declaration{Name: name, Module: sharedSection, word: -1, slot: declared.slots,
		fresh: func() any { return new(T) }}
	declared.slots++
	return Global[T]{declared.add(d)}
}

// sharedSection marks the variables of .data and .bss among the declarations.
const sharedSection = ".data"

// Of is the machine's copy.
func (g Global[T]) Of(c *cpu.CPU) *T { return c.GS.Slots[g.d.slot].(*T) }
