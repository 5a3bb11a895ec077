package apic

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic/icrabi"
)

// sendsByPart reports whether a machine's own part sends a vector: in xAPIC
// mode, and whatever is no NMI.
func (s *system) sendsByPart(v cpu.Vector) bool {
	return s.cfg.Send != nil && !s.mode && v != cpu.NMIVector
}

// sendByPart lets the part write the ICR. Nobody may come between its halves.
func sendByPart(c *cpu.CPU, m Mask, v cpu.Vector) {
	s := shared.Of(c)
	flags := c.SaveFlags()
	s.cfg.Send(Port{c}, icrabi.Dest{CPUs: m, Logical: s.drv.logical}, uint8(v))
	c.RestoreFlags(flags)
}

// A Port is the icrabi.Port of a processor.
type Port struct{ c *cpu.CPU }

// PortOf is the port of the processor that runs (arch/x86/include/asm/apic.h).
func PortOf(c *cpu.CPU) Port { return Port{c} }

var _ icrabi.Port = Port{}

// Read models apic_read.
func (p Port) Read(off uint32) uint32 { return Read(p.c, off) }

// Write models apic_write.
func (p Port) Write(off, v uint32) { Write(p.c, off, v) }

// CPU models smp_processor_id.
func (p Port) CPU() int { return p.c.ID }

// Online models cpu_online.
func (p Port) Online(cpu int) bool { return cpu >= 0 && shared.Of(p.c).online.Has(cpu) }

// ID models the per-CPU variable x86_cpu_to_apicid.
func (p Port) ID(cpu int) uint32 { return physicalID(cpu) }

// LogicalID models apic_flat_calc_apicid.
func (p Port) LogicalID(cpu int) uint32 { return flatID(cpu) }
