// Package dyn models alloc_percpu and free_percpu (include/linux/percpu.h,
// mm/percpu.c): per-CPU memory at run time. Package chunk decides where; this
// package is what kernel code calls, with its charges, its trace and its
// work.
package dyn

import (
	"errors"
	"unsafe"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/chunk"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/trace"
)

// A heap is the machine's allocator and what it needs to find the bytes.
type heap struct {
	chunks  *chunk.Allocator
	areas   percpu.Areas
	mem     chunk.Memory
	async   bool // pcpu_async_enabled
	balance workqueue.Work
}

var pcpu = percpu.Shared[heap]("pcpu_chunk_lists")

// Init models the end of pcpu_setup_first_chunk: what the first chunk leaves
// is now served.
func Init(c *cpu.CPU, layout percpu.Layout, areas percpu.Areas, mem chunk.Memory) error {
	chunks, err := chunk.New(layout, mem)
	if err == nil {
		*pcpu.Of(c) = heap{chunks: chunks, areas: areas, mem: mem}
	}
	return err
}

// EnableAsync models percpu_enable_async: a work restocks from now on.
func EnableAsync(c *cpu.CPU) {
	h := pcpu.Of(c)
	h.chunks.EnableAsync()
	workqueue.Init(&h.balance, "pcpu_balance_workfn", balance)
	h.async = true
}

// balance models pcpu_balance_workfn.
func balance(t *sched.Task, _ *workqueue.Work) {
	if h := pcpu.Of(t.CPU()); h.chunks.BalanceWanted() {
		chunks(t.CPU(), h, h.chunks.Balance)
	}
}

// chunks runs an operation and records the chunks that it made or destroyed.
func chunks(c *cpu.CPU, h *heap, op func()) {
	before := h.chunks.Stats().Chunks
	op()
	after := h.chunks.Stats().Chunks
	for n := before; n < after; n++ {
		sched.Record(c, trace.PercpuCreateChunk, uint32(n+1), 0, 0, 0)
	}
	for n := before; n > after; n-- {
		sched.Record(c, trace.PercpuDestroyChunk, uint32(n), 0, 0, 0)
	}
}

// Alloc models alloc_percpu(T): a zeroed word on every possible CPU. ENOMEM
// when there is no room, EINVAL for what no chunk could hold. Context: process
// context; it may sleep.
func Alloc[T percpu.Integer](c *cpu.CPU) (percpu.Ptr[T], error) {
	var zero T
	return words[T](c, chunk.Request{Size: int(unsafe.Sizeof(zero)), Align: int(unsafe.Sizeof(zero))})
}

// AllocAtomic models alloc_percpu_gfp(T, GFP_ATOMIC): only pages that are
// populated already can serve it. Context: any.
func AllocAtomic[T percpu.Integer](c *cpu.CPU) (percpu.Ptr[T], error) {
	var zero T
	return words[T](c, chunk.Request{Size: int(unsafe.Sizeof(zero)), Align: int(unsafe.Sizeof(zero)), Atomic: true})
}

func words[T percpu.Integer](c *cpu.CPU, r chunk.Request) (percpu.Ptr[T], error) {
	off, err := AllocBytes(c, r)
	if err != nil {
		return percpu.Ptr[T]{}, err
	}
	h := pcpu.Of(c)
	copies := make([][]byte, len(c.Peers))
	for n := range c.Peers {
		if copies[n], err = h.mem.Bytes(h.areas.Addr(n, off), uint64(r.Size)); err != nil {
			return percpu.Ptr[T]{}, err
		}
	}
	return percpu.PtrTo[T](off, copies), nil
}

// AllocBytes models pcpu_alloc: see chunk.Allocator.Alloc for the rules.
func AllocBytes(c *cpu.CPU, r chunk.Request) (percpu.Off, error) {
	if t := sched.Current(c); !r.Atomic && t != nil && t.Policy != sched.Idle {
		sched.MightSleep(t)
		c = t.CPU()
	}
	c.Spend(cost.PercpuAlloc)
	return Place(c, r)
}

// Place is AllocBytes without a charge: for the boot, and for modprobe, which
// places a module's variables before the module runs. Queueing the work comes
// last, because a fully preemptible kernel may switch there.
func Place(c *cpu.CPU, r chunk.Request) (percpu.Off, error) {
	h := pcpu.Of(c)
	off, err := h.place(c, r)
	h.kick(c)
	return off, err
}

// place asks the allocator and records what it said.
func (h *heap) place(c *cpu.CPU, r chunk.Request) (off percpu.Off, err error) {
	chunks(c, h, func() { off, err = h.chunks.Alloc(r) })
	if err != nil {
		sched.Record(c, trace.PercpuAllocFail, uint32(r.Size), uint32(r.Align), 0, flags(r))
		return 0, explain(c, err)
	}
	sched.Record(c, trace.PercpuAlloc, uint32(r.Size), uint32(r.Align), uint32(off), flags(r))
	return off, nil
}

// flags are the two booleans of the trace record: reserved, is_atomic.
func flags(r chunk.Request) (f uint32) {
	if r.Reserved {
		f |= trace.PercpuReserved
	}
	if r.Atomic {
		f |= trace.PercpuAtomic
	}
	return f
}

// kick models pcpu_schedule_balance_work, if the allocator wants it.
func (h *heap) kick(c *cpu.CPU) {
	if h.async && h.chunks.BalanceWanted() && c.Running() {
		workqueue.Schedule(c, &h.balance)
	}
}

// explain prints what the kernel would and turns a refusal into an errno.
func explain(c *cpu.CPU, err error) error {
	var f *chunk.Failure
	if !errors.As(err, &f) {
		return err
	}
	for _, m := range f.Messages {
		printk.Printk(c, printk.ParseLevel(m.Level), "%s", m.Text)
	}
	if f.Warn {
		return errno.EINVAL
	}
	return errno.ENOMEM
}

// Free models free_percpu. Context: any.
func Free[T percpu.Integer](c *cpu.CPU, p percpu.Ptr[T]) error {
	c.Spend(cost.PercpuAlloc)
	return Release(c, p.Off)
}

// Release is Free without a charge.
func Release(c *cpu.CPU, off percpu.Off) (err error) {
	h := pcpu.Of(c)
	chunks(c, h, func() { err = h.chunks.Free(off) })
	if err == nil {
		sched.Record(c, trace.PercpuFree, 0, 0, uint32(off), 0)
		h.kick(c)
	}
	return err
}

// Allocator is the machine's allocator, for its views; nil before Init.
func Allocator(c *cpu.CPU) *chunk.Allocator { return pcpu.Of(c).chunks }
