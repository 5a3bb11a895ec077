package softirq_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
)

// emptyPass raises a softirq in a hard interrupt that does nothing else, and
// leaves the interrupt.
func emptyPass(c *cpu.CPU) {
	softirq.IRQEnter(c)
	softirq.RaiseIRQOff(c, softirq.NetRX)
	softirq.IRQExit(c)
}

// BenchmarkEmptyPass is the cost of a softirq on the host: raise, irq_exit, the
// loop, an action that does nothing.
func BenchmarkEmptyPass(b *testing.B) {
	m, err := machine.Boot(machine.Config{CPUs: 1, Append: "watchdog_thresh=0"})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	b.ReportAllocs()
	if err := m.Do("bench", func(c *cpu.CPU) {
		softirq.Open(c, softirq.NetRX, func(*cpu.CPU) {})
		c.CLI()
		b.ResetTimer()
		for range b.N {
			emptyPass(c)
		}
		b.StopTimer()
		c.STI()
	}); err != nil {
		b.Fatal(err)
	}
}
