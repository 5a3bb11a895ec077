package standin

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/percpu"
)

// bottom is what the handlers of all network cards do beside: see SetBottom.
var bottom = percpu.Shared[func(c *cpu.CPU, n irq.Number)]("standin_bottom")

// SetBottom has the handlers of the cards' interrupts call fn, as real ones call
// napi_schedule: a recorded run can so be repeated without packets. nil: nothing.
// Context of fn: that of the handler, a hard interrupt or its thread.
func SetBottom(c *cpu.CPU, fn func(c *cpu.CPU, n irq.Number)) { *bottom.Of(c) = fn }

// handled is the handler of a device that always has a reason.
func handled(c *cpu.CPU, n irq.Number, _ any) irq.Return {
	if fn := *bottom.Of(c); fn != nil {
		fn(c, n)
	}
	return irq.Handled
}
