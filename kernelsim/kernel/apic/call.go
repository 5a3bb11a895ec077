package apic

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/percpu"
)

// A call is a function that a processor is to run (call_single_data_t).
type call struct {
	fn   func(c *cpu.CPU)
	left *int // how many processors have not run it yet; nil: nobody waits
}

// queue models call_single_queue, the per-CPU list of what to run.
var queue = percpu.New[[]call]("call_single_queue")

// CallOn models smp_call_function_single (kernel/smp.c): fn runs on CPU n, in
// interrupt context there. With wait the caller spins until it has run.
// Context: preemption disabled, interrupts on.
func CallOn(c *cpu.CPU, n int, fn func(c *cpu.CPU), wait bool) {
	if n == c.ID {
		runHere(c, fn)
		return
	}
	left := 1
	if enqueue(c, n, call{fn, &left}) {
		Send(c, n, idt.CallFunctionSingle)
	}
	for wait && left > 0 {
		c.Spend(cost.CPURelax)
	}
}

// CallAll models smp_call_function: fn runs on all other processors. When all
// of them are to be told, one message with the shorthand tells them.
// Context: as for CallOn.
func CallAll(c *cpu.CPU, fn func(c *cpu.CPU), wait bool) {
	s := shared.Of(c)
	others := s.online
	others.Remove(c.ID)
	left, tell := others.Count(), Mask{}
	for n := others.Next(0); n >= 0; n = others.Next(n + 1) {
		if enqueue(c, n, call{fn, &left}) {
			tell.Add(n)
		}
	}
	sendCalls(c, tell, others)
	for wait && left > 0 {
		c.Spend(cost.CPURelax)
	}
}

// sendCalls models the choice at the end of smp_call_function_many_cond and
// native_send_call_func_ipi.
func sendCalls(c *cpu.CPU, tell, others Mask) {
	switch {
	case tell.Count() == 0:
	case tell.Count() == 1:
		Send(c, tell.Next(0), idt.CallFunctionSingle)
	case tell == others && shared.Of(c).shorthand:
		sendShorthand(c, icrOthers, idt.CallFunction)
	default:
		SendMask(c, tell, idt.CallFunction)
	}
}

// enqueue models llist_add: it reports whether the list was empty. If it was
// not, an interrupt is under way already.
func enqueue(c *cpu.CPU, n int, x call) (first bool) {
	c.Spend(cost.AtomicRMW)
	list := queue.On(c, n)
	*list = append(*list, x)
	return len(*list) == 1
}

// runHere runs a function on the caller's own processor, with interrupts off.
func runHere(c *cpu.CPU, fn func(c *cpu.CPU)) {
	flags := c.SaveFlags()
	fn(c)
	c.RestoreFlags(flags)
}

// FlushCalls models flush_smp_call_function_queue: what others have asked for
// is done, in the order of asking. Context: hard interrupt.
func FlushCalls(c *cpu.CPU) {
	list := queue.Raw(c)
	for len(*list) > 0 {
		x := (*list)[0]
		*list = append((*list)[:0], (*list)[1:]...)
		x.fn(c)
		*x.left--
	}
}

// A CSD is a function that a processor is to run, kept by whoever asks for it
// (call_single_data_t): asking allocates nothing.
type CSD struct {
	Fn   func(c *cpu.CPU)
	left int
}

// CallAsync models smp_call_function_single_async (kernel/smp.c): x runs on
// CPU n, in interrupt context there, and nobody waits. Context: any;
// preemption disabled.
func CallAsync(c *cpu.CPU, n int, x *CSD) {
	if n == c.ID {
		runHere(c, x.Fn)
		return
	}
	x.left = 1
	if enqueue(c, n, call{x.Fn, &x.left}) {
		Send(c, n, idt.CallFunctionSingle)
	}
}
