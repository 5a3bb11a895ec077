package irq

import "bothhalves/kernelsim/hw/cpu"

// MigrateAllOffThisCPU models irq_migrate_all_off_this_cpu (kernel/irq/
// cpuhotplug.c).
func MigrateAllOffThisCPU(c *cpu.CPU) {}

// AffinityOnlineCPU models irq_affinity_online_cpu: n has come.
func AffinityOnlineCPU(c *cpu.CPU, n int) {}
