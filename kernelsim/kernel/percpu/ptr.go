package percpu

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
)

// A Ptr models T __percpu *: what alloc_percpu returns. It is no address:
// added to a CPU's offset it leads to that CPU's copy. It takes the same
// operations as a declared Word.
type Ptr[T Integer] struct {
	Off    Off
	copies [][]byte // by CPU
}

// PtrTo makes a pointer from an allocation's offset and the bytes that it
// leads to on each CPU.
func PtrTo[T Integer](off Off, copies [][]byte) Ptr[T] { return Ptr[T]{off, copies} }

// Read models this_cpu_read(*p).
func (p Ptr[T]) Read(c *cpu.CPU) T {
	v := load[T](p.copies[c.ID])
	c.Spend(cost.ThisCPUOp)
	return v
}

// Add models this_cpu_add(*p, d); see Word.Add.
func (p Ptr[T]) Add(c *cpu.CPU, d T) {
	b := p.copies[c.ID]
	store(b, load[T](b)+d)
	c.Spend(cost.ThisCPUOp)
}

// Inc models this_cpu_inc(*p).
func (p Ptr[T]) Inc(c *cpu.CPU) { p.Add(c, 1) }

// Write models this_cpu_write(*p, v).
func (p Ptr[T]) Write(c *cpu.CPU, v T) {
	store(p.copies[c.ID], v)
	c.Spend(cost.ThisCPUOp)
}

// On models READ_ONCE(*per_cpu_ptr(p, n)).
func (p Ptr[T]) On(c *cpu.CPU, n int) T {
	v := load[T](p.copies[n])
	if n != c.ID {
		c.Spend(cost.RemotePerCPU)
	}
	return v
}

// Sum adds up the copies of all possible CPUs. They are read one after the
// other while their owners go on, so the sum is none that ever stood.
func (p Ptr[T]) Sum(c *cpu.CPU) (sum T) {
	for n := range p.copies {
		sum += p.On(c, n)
	}
	return sum
}
