package vector

import "bothhalves/kernelsim/hw/cpu"

// FixupIRQs models fixup_irqs (arch/x86/kernel/irq.c).
func FixupIRQs(c *cpu.CPU) {}

// Offline models lapic_offline (arch/x86/kernel/apic/vector.c).
func Offline(c *cpu.CPU) {}

// CanUnplug models lapic_can_unplug_cpu.
func CanUnplug(c *cpu.CPU) error { return nil }
