package percpu

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
)

// Integer is what a this_cpu operation can work on: one register's worth.
// Linux refuses other sizes at link time (__bad_size_call_parameter).
type Integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int | ~uint
}

// A Word is a per-CPU integer. Its copies are bytes in the CPUs' units.
type Word[T Integer] struct{ d *Declaration }

// NewWord models DEFINE_PER_CPU(T, name) = init for the kernel image
// (include/linux/percpu-defs.h). Call it in a package-level declaration.
func NewWord[T Integer](name string, init T) Word[T] {
	return NewWordIn("", name, init)
}

// NewWordIn is NewWord for a module's variable: its copies lie in the
// reserved part of the first chunk, from modprobe to rmmod.
func NewWordIn[T Integer](module, name string, init T) Word[T] {
	d := &Declaration{Name: name, Module: module, Size: int(unsafe.Sizeof(init)),
		Type: fmt.Sprintf("%T", init), word: declared.words, slot: -1}
	d.initial = make([]byte, d.Size)
	store(d.initial, init)
	declared.words++
	return Word[T]{declared.add(d)}
}

// load and store are the only places that know how a word lies in memory:
// little-endian, as on x86.
func load[T Integer](b []byte) T {
	switch unsafe.Sizeof(T(0)) {
	case 8:
		return T(binary.LittleEndian.Uint64(b))
	case 4:
		return T(binary.LittleEndian.Uint32(b))
	case 2:
		return T(binary.LittleEndian.Uint16(b))
	}
	return T(b[0])
}

func store[T Integer](b []byte, v T) {
	switch unsafe.Sizeof(v) {
	case 8:
		binary.LittleEndian.PutUint64(b, uint64(v))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	default:
		b[0] = byte(v)
	}
}

// at is the word's bytes in the unit that c's GS base points to: the address
// arithmetic of %gs:offset.
func (w Word[T]) at(c *cpu.CPU) []byte {
	off := c.GS.Offsets[w.d.word]
	return c.GS.Mem[off:]
}

// Read models this_cpu_read: mov %gs:v,r. The value is the copy of the CPU
// that executed it; in preemptible code it may be another CPU's copy by the
// time it is used.
func (w Word[T]) Read(c *cpu.CPU) T {
	v := load[T](w.at(c))
	c.Spend(cost.ThisCPUOp)
	return v
}

// Write models this_cpu_write: mov r,%gs:v.
func (w Word[T]) Write(c *cpu.CPU, v T) {
	store(w.at(c), v)
	c.Spend(cost.ThisCPUOp)
}

// Add models this_cpu_add: add r,%gs:v. One instruction: no interrupt and no
// migration gets in between its read and its write. It has no LOCK prefix:
// another CPU that writes this copy does get in between.
func (w Word[T]) Add(c *cpu.CPU, d T) {
	b := w.at(c)
	store(b, load[T](b)+d)
	c.Spend(cost.ThisCPUOp)
}

// Inc models this_cpu_inc: inc %gs:v.
func (w Word[T]) Inc(c *cpu.CPU) { w.Add(c, 1) }

// Dec models this_cpu_dec: dec %gs:v.
func (w Word[T]) Dec(c *cpu.CPU) {
	b := w.at(c)
	store(b, load[T](b)-1)
	c.Spend(cost.ThisCPUOp)
}

// AddReturn models this_cpu_add_return: xadd r,%gs:v. It returns the new
// value.
func (w Word[T]) AddReturn(c *cpu.CPU, d T) T {
	b := w.at(c)
	v := load[T](b) + d
	store(b, v)
	c.Spend(cost.ThisCPUOp)
	return v
}

// And models this_cpu_and: and r,%gs:v.
func (w Word[T]) And(c *cpu.CPU, mask T) {
	b := w.at(c)
	store(b, load[T](b)&mask)
	c.Spend(cost.ThisCPUOp)
}

// Or models this_cpu_or: or r,%gs:v.
func (w Word[T]) Or(c *cpu.CPU, bits T) {
	b := w.at(c)
	store(b, load[T](b)|bits)
	c.Spend(cost.ThisCPUOp)
}

// Xchg models this_cpu_xchg: a loop around cmpxchg without LOCK, because a
// plain XCHG with memory would lock the bus. It returns the old value.
func (w Word[T]) Xchg(c *cpu.CPU, v T) T {
	b := w.at(c)
	old := load[T](b)
	store(b, v)
	c.Spend(cost.ThisCPUOp)
	return old
}

// Cmpxchg models this_cpu_cmpxchg: it writes v if the word holds old, and
// returns what the word held.
func (w Word[T]) Cmpxchg(c *cpu.CPU, old, v T) T {
	b := w.at(c)
	was := load[T](b)
	if was == old {
		store(b, v)
	}
	c.Spend(cost.ThisCPUOp)
	return was
}

// RawRead models __this_cpu_read: the caller holds preemption off, and that
// is checked, as Linux does with CONFIG_DEBUG_PREEMPT.
func (w Word[T]) RawRead(c *cpu.CPU) T {
	checkPreemption(c, "__this_cpu_read")
	return w.Read(c)
}

// RawWrite models __this_cpu_write; see RawRead.
func (w Word[T]) RawWrite(c *cpu.CPU, v T) {
	checkPreemption(c, "__this_cpu_write")
	w.Write(c, v)
}

// RawAdd models __this_cpu_add; see RawRead. It may be split by an interrupt
// on machines without such an instruction, so a word that interrupts write
// too needs them off.
func (w Word[T]) RawAdd(c *cpu.CPU, d T) {
	checkPreemption(c, "__this_cpu_add")
	w.Add(c, d)
}

// RawOr models __this_cpu_or; see RawAdd.
func (w Word[T]) RawOr(c *cpu.CPU, bits T) {
	checkPreemption(c, "__this_cpu_or")
	w.Or(c, bits)
}

// On models READ_ONCE(per_cpu(v, n)): another CPU's copy, as it is now. Only
// its owner should write it; c pays for the cache line.
func (w Word[T]) On(c *cpu.CPU, n int) T {
	v := load[T](w.at(c.Peers[n]))
	if n != c.ID {
		c.Spend(cost.RemotePerCPU)
	}
	return v
}

// SetOn models WRITE_ONCE(per_cpu(v, n), x). The owner's this_cpu operations
// are not atomic against it: a write from here can get lost, or lose one.
func (w Word[T]) SetOn(c *cpu.CPU, n int, v T) {
	store(w.at(c.Peers[n]), v)
	if n != c.ID {
		c.Spend(cost.RemotePerCPU)
	}
}

// Peek is the word on c as an outsider sees it (the host, a report): nothing
// is charged.
func (w Word[T]) Peek(c *cpu.CPU) T { return load[T](w.at(c)) }

// Poke sets the word on c without a charge, for the set-up of a CPU by the
// boot code.
func (w Word[T]) Poke(c *cpu.CPU, v T) { store(w.at(c), v) }

// Decl is the word's declaration.
func (w Word[T]) Decl() *Declaration { return w.d }

// WordValue reads a declared word whatever its type is; ok is false for a
// variable that is no word.
func WordValue(c *cpu.CPU, d *Declaration) (v uint64, ok bool) {
	if d.word < 0 {
		return 0, false
	}
	var b [8]byte
	copy(b[:], c.GS.Mem[c.GS.Offsets[d.word]:][:d.Size])
	return binary.LittleEndian.Uint64(b[:]), true
}
