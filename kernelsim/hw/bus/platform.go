package bus

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
)

var _ cpu.Platform = (*Bus)(nil)

// ReadPhys answers a core's read of a physical address; see cpu.Platform.
func (b *Bus) ReadPhys(addr uint64, size int) uint64 { return b.Read(Addr(addr), size) }

// WritePhys takes a core's write; see cpu.Platform.
func (b *Bus) WritePhys(addr uint64, size int, v uint64) { b.Write(Addr(addr), size, v) }

// In answers IN: ports on which nothing answers read as all ones.
func (b *Bus) In(port uint16, size int) uint32 { return uint32(b.ports.Read(Addr(port), size)) }

// Out takes OUT.
func (b *Bus) Out(port uint16, size int, v uint32) { b.ports.Write(Addr(port), size, uint64(v)) }

// OnINTA installs what answers the acknowledge cycle of an ExtINT: the 8259A
// pair.
func (b *Bus) OnINTA(f func() uint8) { b.inta = f }

// INTA runs the acknowledge cycle. Without a PIC nobody drives the data bus:
// the vector reads as 0xff.
func (b *Bus) INTA() cpu.Vector {
	if b.inta == nil {
		return 0xff
	}
	return cpu.Vector(b.inta())
}

// The accessors of kernel code. Each charges its price; the local APIC's page
// leads to the core's own APIC.

// ReadL models readl (include/asm-generic/io.h): a 32-bit read of a device
// register. It waits for the answer.
func ReadL(c *cpu.CPU, a Addr) uint32 {
	c.Spend(cost.MMIORead)
	return uint32(c.ReadPhys(uint64(a), 4))
}

// WriteL models writel: a posted 32-bit write.
func WriteL(c *cpu.CPU, a Addr, v uint32) {
	c.Spend(cost.MMIOWrite)
	c.WritePhys(uint64(a), 4, uint64(v))
}

// ReadQ models readq, WriteQ writeq.
func ReadQ(c *cpu.CPU, a Addr) uint64 {
	c.Spend(cost.MMIORead)
	return c.ReadPhys(uint64(a), 8)
}

// WriteQ models writeq.
func WriteQ(c *cpu.CPU, a Addr, v uint64) {
	c.Spend(cost.MMIOWrite)
	c.WritePhys(uint64(a), 8, v)
}

// InB models inb, OutB outb: the slow legacy ports.
func InB(c *cpu.CPU, port uint16) uint8 {
	c.Spend(cost.PortIO)
	return uint8(c.In(port, 1))
}

// OutB models outb.
func OutB(c *cpu.CPU, port uint16, v uint8) {
	c.Spend(cost.PortIO)
	c.Out(port, 1, uint32(v))
}

// InL models inl, OutL outl: mechanism #1 of PCI configuration uses them.
func InL(c *cpu.CPU, port uint16) uint32 {
	c.Spend(cost.PortIO)
	return c.In(port, 4)
}

// OutL models outl.
func OutL(c *cpu.CPU, port uint16, v uint32) {
	c.Spend(cost.PortIO)
	c.Out(port, 4, v)
}
