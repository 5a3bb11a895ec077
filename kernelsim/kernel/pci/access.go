package pci

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// Read models raw_pci_read (arch/x86/pci/common.c): the first 256 bytes are
// read by mechanism #1, the others through the window in memory. Where that is
// missing, and for an access that no configuration request carries, it gives
// all ones.
func Read(c *cpu.CPU, b pcie.BDF, off uint16, size int) uint32 {
	switch {
	case !fits(off, size):
		return ^uint32(0)
	case off < pcireg.ConfigSize:
		return conf1Read(c, b, off, size)
	}
	base := shared.Of(c).cfg.MMConfig
	if base == 0 {
		return ^uint32(0)
	}
	c.Spend(cost.MMIORead)
	return uint32(c.ReadPhys(uint64(base)+uint64(b)<<12+uint64(off), size))
}

// Write models raw_pci_write.
func Write(c *cpu.CPU, b pcie.BDF, off uint16, size int, v uint32) {
	base := shared.Of(c).cfg.MMConfig
	switch {
	case !fits(off, size):
	case off < pcireg.ConfigSize:
		conf1Write(c, b, off, size, v)
	case base != 0:
		c.Spend(cost.MMIOWrite)
		c.WritePhys(uint64(base)+uint64(b)<<12+uint64(off), size, uint64(v))
	}
}

// fits reports whether an access stays in one double word of a function's
// space.
func fits(off uint16, size int) bool {
	return (size == 1 || size == 2 || size == 4) && int(off&3)+size <= 4 && off < pcireg.ExtendedSize
}

// conf1Address models PCI_CONF1_ADDRESS (arch/x86/pci/direct.c).
func conf1Address(b pcie.BDF, off uint16) uint32 {
	return 1<<31 | uint32(b)<<8 | uint32(off&0xfc)
}

// conf1Read models pci_conf1_read: address and data are two accesses, so that
// a lock holds them together.
func conf1Read(c *cpu.CPU, b pcie.BDF, off uint16, size int) uint32 {
	l := configLock.Of(c)
	flags := l.LockIRQSave(c)
	bus.OutL(c, pcireg.ConfigAddressPort, conf1Address(b, off))
	c.Spend(cost.PortIO)
	v := c.In(pcireg.ConfigDataPort+off&3, size)
	l.UnlockIRQRestore(c, flags)
	return v
}

// conf1Write models pci_conf1_write.
func conf1Write(c *cpu.CPU, b pcie.BDF, off uint16, size int, v uint32) {
	l := configLock.Of(c)
	flags := l.LockIRQSave(c)
	bus.OutL(c, pcireg.ConfigAddressPort, conf1Address(b, off))
	c.Spend(cost.PortIO)
	c.Out(pcireg.ConfigDataPort+off&3, size, v)
	l.UnlockIRQRestore(c, flags)
}

// checkType1 models pci_check_type1: the address register holds what is
// written there, where there is one.
func checkType1(c *cpu.CPU) bool {
	flags := c.SaveFlags()
	bus.OutB(c, pcireg.ConfigAddressPort+3, 0x01)
	before := bus.InL(c, pcireg.ConfigAddressPort)
	bus.OutL(c, pcireg.ConfigAddressPort, 1<<31)
	works := bus.InL(c, pcireg.ConfigAddressPort) == 1<<31
	bus.OutL(c, pcireg.ConfigAddressPort, before)
	c.RestoreFlags(flags)
	return works
}

// Read8 models pci_read_config_byte (drivers/pci/access.c).
func (d *Dev) Read8(c *cpu.CPU, off uint16) uint8 { return uint8(Read(c, d.BDF, off, 1)) }

// Read16 models pci_read_config_word.
func (d *Dev) Read16(c *cpu.CPU, off uint16) uint16 { return uint16(Read(c, d.BDF, off, 2)) }

// Read32 models pci_read_config_dword.
func (d *Dev) Read32(c *cpu.CPU, off uint16) uint32 { return Read(c, d.BDF, off, 4) }

// Write16 models pci_write_config_word.
func (d *Dev) Write16(c *cpu.CPU, off uint16, v uint16) { Write(c, d.BDF, off, 2, uint32(v)) }

// Write32 models pci_write_config_dword.
func (d *Dev) Write32(c *cpu.CPU, off uint16, v uint32) { Write(c, d.BDF, off, 4, v) }
