package entry

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/trace"
)

// A vectorOf is what a system vector does. None of them is found through a
// table: each has its own gate and its own function.
type vectorOf struct {
	enter, exit trace.Kind // None: without a tracepoint
	handler     func(c *cpu.CPU, v cpu.Vector)
	simple      bool // DEFINE_IDTENTRY_SYSVEC_SIMPLE: no switch of stacks
}

// sysvec models DEFINE_IDTENTRY_SYSVEC: what surrounds the function of a
// system vector.
func sysvec(v cpu.Vector, r idt.Release) cpu.Code {
	h := handlerOf(v, r)
	body := func(c *cpu.CPU, f *cpu.Frame) {
		if h.enter != trace.None {
			sched.Record(c, h.enter, uint32(v), 0, 0, 0)
		}
		h.handler(c, v)
		if h.exit != trace.None {
			sched.Record(c, h.exit, uint32(v), 0, 0, 0)
		}
	}
	return func(c *cpu.CPU, f *cpu.Frame) {
		in(c, f)
		if h.simple {
			raw(c, f, body)
		} else {
			onIRQStack(c, f, body)
		}
		out(c)
		sched.PreemptIRQ(c)
	}
}

// handlerOf lists the functions of the system vectors.
func handlerOf(v cpu.Vector, r idt.Release) vectorOf {
	switch v {
	case r.Timer:
		return vectorOf{trace.LocalTimerEntry, trace.LocalTimerExit, localTimer, false}
	case idt.Reschedule:
		return vectorOf{trace.RescheduleEntry, trace.RescheduleExit, reschedule, true}
	case idt.CallFunction:
		return vectorOf{trace.CallFunctionEntry, trace.CallFunctionExit, callFunction, false}
	case idt.CallFunctionSingle:
		return vectorOf{trace.CallFunctionSingleEntry, trace.CallFunctionSingleExit, callFunction, false}
	case idt.IRQWork:
		return vectorOf{trace.IRQWorkEntry, trace.IRQWorkExit, counted(func(s *Stats) *uint64 { return &s.IRQWork }), false}
	case idt.PlatformIPI:
		return vectorOf{trace.PlatformIPIEntry, trace.PlatformIPIExit, counted(func(s *Stats) *uint64 { return &s.PlatformIPI }), false}
	case idt.Posted:
		return vectorOf{handler: counted(func(s *Stats) *uint64 { return &s.Posted }), simple: true}
	case idt.PostedNested:
		return vectorOf{handler: counted(func(s *Stats) *uint64 { return &s.PostedNest }), simple: true}
	case idt.PostedWakeup:
		return vectorOf{handler: counted(func(s *Stats) *uint64 { return &s.PostedWake })}
	case idt.Thermal:
		return vectorOf{trace.ThermalEntry, trace.ThermalExit, thermal, false}
	case idt.Threshold:
		return vectorOf{trace.ThresholdEntry, trace.ThresholdExit, threshold, false}
	case idt.DeferredError:
		return vectorOf{trace.DeferredErrorEntry, trace.DeferredErrorExit, deferredError, false}
	case idt.ErrorAPIC:
		return vectorOf{trace.ErrorAPICEntry, trace.ErrorAPICExit, errorInterrupt, false}
	case idt.SpuriousAPIC:
		return vectorOf{trace.SpuriousAPICEntry, trace.SpuriousAPICExit, spuriousInterrupt, false}
	case idt.Reboot:
		return vectorOf{handler: reboot}
	}
	return vectorOf{handler: moveCleanup}
}

// moveCleanup models sysvec_irq_move_cleanup.
func moveCleanup(c *cpu.CPU, _ cpu.Vector) {
	ack(c)
	vector.Cleanup(c)
}

// localTimer models sysvec_apic_timer_interrupt.
func localTimer(c *cpu.CPU, _ cpu.Vector) {
	ack(c)
	irqStat.This(c).Timer++
	tick.Interrupt(c)
}

// reschedule models sysvec_reschedule_ipi: scheduler_ipi folds the task's
// need_resched into the CPU's preempt_count; the way out of the interrupt does
// the rest.
func reschedule(c *cpu.CPU, _ cpu.Vector) {
	ack(c)
	irqStat.This(c).Reschedule++
	sched.FoldNeedResched(c)
}

// callFunction models sysvec_call_function and sysvec_call_function_single:
// what other CPUs have put into this one's list is done. An interrupt from
// outside finds the list empty.
func callFunction(c *cpu.CPU, _ cpu.Vector) {
	ack(c)
	irqStat.This(c).Call++
	apic.FlushCalls(c)
}

// counted is a handler that acknowledges and counts, and has nothing to do.
func counted(field func(*Stats) *uint64) func(*cpu.CPU, cpu.Vector) {
	return func(c *cpu.CPU, _ cpu.Vector) {
		ack(c)
		*field(irqStat.This(c))++
	}
}

// thermal models sysvec_thermal without a handler for it.
func thermal(c *cpu.CPU, _ cpu.Vector) {
	irqStat.This(c).Thermal++
	printk.Printk(c, printk.Err, "CPU%d: Unexpected LVT thermal interrupt!", c.ID)
	ack(c)
}

// threshold models sysvec_threshold with default_threshold_interrupt.
func threshold(c *cpu.CPU, v cpu.Vector) {
	irqStat.This(c).Threshold++
	printk.Printk(c, printk.Err, "Unexpected threshold interrupt at vector %x", uint8(v))
	ack(c)
}

// deferredError models sysvec_deferred_error with
// default_deferred_error_interrupt.
func deferredError(c *cpu.CPU, v cpu.Vector) {
	irqStat.This(c).Deferred++
	printk.Printk(c, printk.Err, "Unexpected deferred interrupt at vector %x", uint8(v))
	ack(c)
}

// errorInterrupt models sysvec_error_interrupt: the error status register is
// written so that it shows what has accumulated, then read.
func errorInterrupt(c *cpu.CPU, _ cpu.Vector) {
	if c.APIC != nil {
		apic.Errors(c)
	}
	ack(c)
	state.Of(c).errors++
}

// reboot models sysvec_reboot: the CPU stops for good (stop_this_cpu).
func reboot(c *cpu.CPU, _ cpu.Vector) {
	ack(c)
	c.CLI()
	for {
		c.Halt()
	}
}

// asmSpuriousInterrupt models asm_spurious_interrupt: the common part of the
// stubs of system vectors that the kernel does not use.
func asmSpuriousInterrupt(c *cpu.CPU, f *cpu.Frame) {
	in(c, f)
	v := state.Of(c).cfg.VectorFromFrame(f.OrigAX, idt.ReleaseOf(c).ABI)
	onIRQStack(c, f, func(c *cpu.CPU, _ *cpu.Frame) {
		sched.Record(c, trace.SpuriousAPICEntry, uint32(v), 0, 0, 0)
		spuriousInterrupt(c, v)
		sched.Record(c, trace.SpuriousAPICExit, uint32(v), 0, 0, 0)
	})
	out(c)
}

// spuriousInterrupt models handle_spurious_interrupt (arch/x86/kernel/apic/
// apic.c). Vector 0xff is the APIC's way to say that a request has vanished:
// nothing is in service, so nothing is ended. Of the others the in-service bit
// decides.
func spuriousInterrupt(c *cpu.CPU, v cpu.Vector) {
	irqStat.Raw(c).Spurious++
	if v == idt.SpuriousAPIC {
		printk.Printk(c, printk.Info, "Spurious APIC interrupt (vector 0xFF) on CPU#%d, should never happen.", c.ID)
		return
	}
	if !inService(c, v) {
		printk.Printk(c, printk.Info, "Spurious interrupt (vector 0x%02x) on CPU#%d. Not pending!", uint8(v), c.ID)
		return
	}
	printk.Printk(c, printk.Info, "Spurious interrupt (vector 0x%02x) on CPU#%d. Acked", uint8(v), c.ID)
	ack(c)
}

// inService reads the vector's bit of the in-service register.
func inService(c *cpu.CPU, v cpu.Vector) bool {
	if c.APIC == nil {
		return true
	}
	return apic.InService(c, v)
}
