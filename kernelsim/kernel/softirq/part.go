package softirq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
)

// exitPart lets a part lead the way out of an interrupt.
func exitPart(c *cpu.CPU, exit softirqabi.Exit) {}
