package irq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
)

// A finding is one that is told once (WARN_ON_ONCE).
type finding uint8

const (
	noSecondary finding = 1 << iota
	sharedNoAutoEnable
	spuriousPerCPU
)

// complain models WARN without the registers and the stack: somebody has called
// what he must not.
func complain(c *cpu.CPU, format string, args ...any) {
	printk.Printk(c, printk.Warning, format, args...)
}

// complainOnce models WARN_ONCE.
func complainOnce(c *cpu.CPU, f finding, format string, args ...any) {
	if s := shared.Of(c); s.told&f == 0 {
		s.told |= f
		complain(c, format, args...)
	}
}
