package pci

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/errno"
)

// A Message models struct msi_msg (include/linux/msi.h).
type Message struct {
	Address uint64
	Data    uint32
}

// VectorCount models pci_msix_vec_count; 0 of a function without MSI-X.
func (d *Dev) VectorCount(c *cpu.CPU) int {
	if d.MSIXCap == 0 {
		return 0
	}
	return int(d.Read16(c, d.MSIXCap+pcireg.MSIXControlReg)&0x7ff) + 1
}

// EnableMSIX models msix_capability_init (drivers/pci/msi/msi.c), in its order
// of writes: function mask and enable, the placeholder message into each of
// the first n entries, INTx off, the mask bit of every entry of the table,
// function mask off. The message for an entry comes from compose; until
// interrupts are requested it is one that no handler answers.
func EnableMSIX(c *cpu.CPU, d *Dev, n int, compose func(entry int) Message) error {
	size := d.VectorCount(c)
	switch {
	case d.MSIXCap == 0, n < 1, d.MSIXEnabled, d.MSIEnabled:
		return fmt.Errorf("pci: %v cannot use %d MSI-X entries: %w", d.BDF, n, errno.EINVAL)
	case n > size:
		return fmt.Errorf("pci: %v has %d MSI-X entries and not %d: %w", d.BDF, size, n, errno.ENOSPC)
	}
	control := d.MSIXCap + pcireg.MSIXControlReg
	d.clearAndSet(c, control, 0, pcireg.MSIXFunctionMask|pcireg.MSIXEnable)
	d.MSIXEnabled = true
	if !d.mapTable(c) {
		d.MSIXEnabled = false
		d.clearAndSet(c, control, pcireg.MSIXFunctionMask|pcireg.MSIXEnable, 0)
		return fmt.Errorf("pci: %v has its MSI-X table in no memory: %w", d.BDF, errno.ENOMEM)
	}
	for k := range n {
		d.Vectors = append(d.Vectors, k)
		d.WriteMessage(c, k, compose(k))
	}
	d.INTx(c, false)
	for k := range size {
		d.MaskEntry(c, k, true)
	}
	d.clearAndSet(c, control, pcireg.MSIXFunctionMask, 0)
	return nil
}

// DisableMSIX models pci_disable_msix: the entries in use are masked, MSI-X
// goes off, and the pin may be used again.
func DisableMSIX(c *cpu.CPU, d *Dev) {
	if !d.MSIXEnabled {
		return
	}
	for _, k := range d.Vectors {
		d.MaskEntry(c, k, true)
	}
	d.clearAndSet(c, d.MSIXCap+pcireg.MSIXControlReg, pcireg.MSIXEnable, 0)
	d.INTx(c, true)
	d.MSIXEnabled, d.Vectors = false, nil
}

// clearAndSet models pci_msix_clear_and_set_ctrl.
func (d *Dev) clearAndSet(c *cpu.CPU, off, clear, set uint16) {
	d.Write16(c, off, d.Read16(c, off)&^clear|set)
}

// mapTable models msix_map_region: the table lies at an offset in one of the
// function's memory ranges.
func (d *Dev) mapTable(c *cpu.CPU) bool {
	place := d.Read32(c, d.MSIXCap+pcireg.MSIXTableReg)
	n := place & 7
	if n >= uint32(len(d.Resources)) || d.Resources[n].Flags&ResourceMem == 0 {
		return false
	}
	d.msixAt = bus.Addr(d.Resources[n].Start + uint64(place&^7))
	return true
}

// WriteMessage models the middle of pci_write_msg_msix: address, upper address
// and data. Masking is the caller's business.
func (d *Dev) WriteMessage(c *cpu.CPU, k int, m Message) {
	at := d.msixAt + bus.Addr(k*pcireg.MSIXEntrySize)
	bus.WriteL(c, at+pcireg.MSIXEntryAddrLow, uint32(m.Address))
	bus.WriteL(c, at+pcireg.MSIXEntryAddrHigh, uint32(m.Address>>32))
	bus.WriteL(c, at+pcireg.MSIXEntryData, m.Data)
}

// MaskEntry writes the vector control of an entry (pci_msix_write_vector_ctrl).
func (d *Dev) MaskEntry(c *cpu.CPU, k int, masked bool) {
	v := uint32(0)
	if masked {
		v = pcireg.VectorControlMask
	}
	bus.WriteL(c, d.msixAt+bus.Addr(k*pcireg.MSIXEntrySize)+pcireg.MSIXEntryVectorCtl, v)
}
