package entry

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/softirq"
)

// Sizes of the stacks (arch/x86/include/asm/page_64_types.h).
const (
	ThreadSize         = 16 << 10 // THREAD_SIZE
	IRQStackSize       = 16 << 10 // IRQ_STACK_SIZE
	ExceptionStackSize = 8 << 10  // EXCEPTION_STKSZ
)

// chainBytes is what the C functions between a gate and a handler take from
// the stack. Chosen: a dozen frames of some forty bytes.
const chainBytes = 512

// stacks is the interrupt stack of a CPU and those that its TSS names.
type stacks struct {
	irq   cpu.Stack
	inUse bool // hardirq_stack_inuse
	ist   [idt.ISTVC + 1]cpu.Stack
}

var cpuStacks = percpu.New[stacks]("hardirq_stacks")

// The addresses: the interrupt stack is mapped behind irq_stack_backing_store,
// the exception stacks lie in the CPU entry area (arch/x86/include/asm/
// cpu_entry_area.h), each with a guard page below: behind the GDT, the entry
// stack and the TSS with its I/O bitmap.
const (
	irqStackBase = 0xffffc90000000000
	cpuEntryArea = 0xfffffe0000001000 // CPU_ENTRY_AREA_PER_CPU, where the recorded GDTR points
	areaStride   = 0x3b000            // CPU_ENTRY_AREA_SIZE: the recorded GDTs are that far apart
	areaTSS      = 0x2000             // where the recorded TR points, from the area's begin
	tssPages     = 0x5000             // 0x4088 bytes, in whole pages
	stackStride  = ExceptionStackSize + 4096
)

// InitStacks models irq_init_percpu_irqstack and the part of
// cpu_init_exception_handling that fills the TSS: each gate with an IST index
// finds its stack.
func InitStacks(c *cpu.CPU) {
	s := cpuStacks.Raw(c)
	id := uint64(c.ID)
	s.irq = cpu.NewStack("IRQ", irqStackBase+id*(IRQStackSize+4096), IRQStackSize)
	c.TSS.Base = cpuEntryArea + id*areaStride + areaTSS
	for i, name := range [...]string{1: "#DF", 2: "NMI", 3: "#DB", 4: "#MC", 5: "#VC"} {
		if i == 0 {
			continue
		}
		guard := c.TSS.Base + tssPages + uint64(i-1)*stackStride
		s.ist[i] = cpu.NewStack(name, guard+4096, ExceptionStackSize)
		c.TSS.IST[i] = &s.ist[i]
	}
}

// IRQStack is the interrupt stack of p.
func IRQStack(p *cpu.CPU) *cpu.Stack { return &cpuStacks.Raw(p).irq }

// onIRQStack models run_irq_on_irqstack_cond (include/asm/irq_stack.h): the
// handler and what irq_exit does after it run on the CPU's interrupt stack,
// unless the interrupt came from a program, whose kernel stack is empty, or
// the interrupt stack is in use below already.
func onIRQStack(c *cpu.CPU, f *cpu.Frame, body func(c *cpu.CPU, f *cpu.Frame)) {
	s := cpuStacks.Raw(c)
	if f.CPL != 0 || s.inUse || s.irq.Top == 0 {
		nested(c, f, body)
		return
	}
	was := c.Stack
	s.inUse = true
	c.Stack = &s.irq
	s.irq.SP = s.irq.Top - 8 // the old stack pointer is saved in the first word
	nested(c, f, body)
	c.Stack = was
	s.inUse = false
}

// nested runs a body as a hard interrupt on the stack that is in use.
func nested(c *cpu.CPU, f *cpu.Frame, body func(c *cpu.CPU, f *cpu.Frame)) {
	on := room(c)
	softirq.IRQEnter(c)
	body(c, f)
	softirq.IRQExit(c)
	on.Pop(chainBytes)
}

// raw models what surrounds a simple system vector (DEFINE_IDTENTRY_SYSVEC_
// SIMPLE): nothing is done for what its function never does, so no softirq
// runs at its end.
func raw(c *cpu.CPU, f *cpu.Frame, body func(c *cpu.CPU, f *cpu.Frame)) {
	on := room(c)
	preempt.Add(c, preempt.HardIRQOffset)
	body(c, f)
	preempt.Sub(c, preempt.HardIRQOffset)
	on.Pop(chainBytes)
}

// OnOwnStack models do_softirq_own_stack: softirqs that a task lets run do so
// on the processor's interrupt stack, for the task's may be deep in use.
// Interrupts that come meanwhile stay on it. Context: IF clear, and the
// interrupt stack is free, unless a part runs softirqs where it must not.
func OnOwnStack(c *cpu.CPU, fn func(c *cpu.CPU)) {
	s := cpuStacks.Raw(c)
	if s.inUse || s.irq.Top == 0 {
		fn(c)
		return
	}
	was := c.Stack
	s.inUse = true
	c.Stack = &s.irq
	s.irq.SP = s.irq.Top - 8
	on := room(c)
	fn(c)
	on.Pop(chainBytes)
	c.Stack = was
	s.inUse = false
}

// room takes from the stack what the calls of a handler need. Where the stack
// ends is a guard page: the store that hits it leaves no room for the page
// fault's frame either.
func room(c *cpu.CPU) *cpu.Stack {
	on := c.Stack
	if !on.Push(chainBytes) {
		on.SP = on.Base
		c.PageFault(on.Base-8, writeFault)
	}
	return on
}

// writeFault is the error code of a write to a page that is not there.
const writeFault = 1 << 1
