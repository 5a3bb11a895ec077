package cpu

// ReadPhys is a load from a physical address as this core makes it: its own
// local APIC's page first, then the platform. Nothing is charged.
func (c *CPU) ReadPhys(addr uint64, size int) uint64 {
	if c.APIC != nil {
		if off, ok := c.APIC.Claims(addr); ok {
			return c.APIC.MMIORead(off, size)
		}
	}
	return c.Platform.ReadPhys(addr, size)
}

// WritePhys is a store to a physical address.
func (c *CPU) WritePhys(addr uint64, size int, v uint64) {
	if c.APIC != nil {
		if off, ok := c.APIC.Claims(addr); ok {
			c.APIC.MMIOWrite(off, size, v)
			return
		}
	}
	c.Platform.WritePhys(addr, size, v)
}

// In is the instruction IN.
func (c *CPU) In(port uint16, size int) uint32 { return c.Platform.In(port, size) }

// Out is the instruction OUT.
func (c *CPU) Out(port uint16, size int, v uint32) { c.Platform.Out(port, size, v) }
