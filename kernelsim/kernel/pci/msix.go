package pci

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/affinity"
)

// VectorCount models pci_msix_vec_count; 0 of a function without MSI-X.
func (d *Dev) VectorCount(c *cpu.CPU) int {
	if d.MSIXCap == 0 {
		return 0
	}
	return int(d.Read16(c, d.MSIXCap+pcireg.MSIXControlReg)&0x7ff) + 1
}

// enableMSIXRange models __pci_enable_msix_range: as many entries as can be
// had, between least and most.
func (d *Dev) enableMSIXRange(c *cpu.CPU, least, most int, a *affinity.Affinity) (int, error) {
	switch {
	case most < least:
		return 0, fmt.Errorf("pci: %v: at least %d vectors and at most %d: %w", d.BDF, least, most, errno.ERANGE)
	case d.MSIXEnabled:
		return 0, fmt.Errorf("pci: %v uses MSI-X already: free its vectors first: %w", d.BDF, errno.EINVAL)
	}
	for n := most; ; {
		if a != nil {
			if n = affinity.CalcVectors(c, least, n, a); n < least {
				return 0, d.tooFew(least, n)
			}
		}
		worth, err := d.enableMSIX(c, n, a)
		switch {
		case err == nil:
			return n, nil
		case worth == 0:
			return 0, err
		case worth < least:
			return 0, d.tooFew(least, worth)
		}
		n = worth
	}
}

// tooFew is the answer to one who wants more than there is.
func (d *Dev) tooFew(least, n int) error {
	return fmt.Errorf("pci: %v can have %d vectors, and %d are the least asked for: %w", d.BDF, n, least, errno.ENOSPC)
}

// enableMSIX models __pci_enable_msix. With an error it says which number is
// worth another try; 0: none.
func (d *Dev) enableMSIX(c *cpu.CPU, n int, a *affinity.Affinity) (worth int, err error) {
	size := d.VectorCount(c)
	switch {
	case n < 1 || size == 0 || shared.Of(c).cfg.NoMSI:
		return 0, fmt.Errorf("pci: %v cannot have %d MSI-X vectors: %w", d.BDF, n, errno.EINVAL)
	case n > size:
		return size, fmt.Errorf("pci: %v has %d MSI-X entries: %w", d.BDF, size, errno.ENOSPC)
	case d.MSIEnabled:
		d.info(c, "can't enable MSI-X (MSI IRQ already assigned)")
		return 0, fmt.Errorf("pci: %v uses MSI: free its vectors first: %w", d.BDF, errno.EINVAL)
	}
	return d.initMSIX(c, n, size, a)
}

// initMSIX models msix_capability_init (drivers/pci/msi/msi.c), in its order
// of writes: function mask and enable, a message into each of the first n
// entries, INTx off, the mask bit of every entry of the table, function mask
// off.
func (d *Dev) initMSIX(c *cpu.CPU, n, size int, a *affinity.Affinity) (worth int, err error) {
	control := d.MSIXCap + pcireg.MSIXControlReg
	d.clearAndSet(c, control, 0, pcireg.MSIXFunctionMask|pcireg.MSIXEnable)
	d.MSIXEnabled = true
	if d.mapTable(c) {
		worth, err = d.setupMSIX(c, n, a)
	} else {
		err = fmt.Errorf("pci: %v has its MSI-X table in no memory: %w", d.BDF, errno.ENOMEM)
	}
	if err != nil {
		d.MSIXEnabled = false
		d.clearAndSet(c, control, pcireg.MSIXFunctionMask|pcireg.MSIXEnable, 0)
		return worth, err
	}
	d.INTx(c, false)
	for k := range size { // msix_mask_all
		bus.WriteL(c, d.entryAt(k)+pcireg.MSIXEntryVectorCtl, pcireg.VectorControlMask)
	}
	d.clearAndSet(c, control, pcireg.MSIXFunctionMask, 0)
	return 0, nil
}

// setupMSIX models msix_setup_interrupts.
func (d *Dev) setupMSIX(c *cpu.CPU, n int, a *affinity.Affinity) (worth int, err error) {
	var masks []affinity.Desc
	if a != nil {
		masks = affinity.CreateMasks(c, n, a)
	}
	for k := range n {
		m := &msiDesc{dev: d, index: k, used: 1, msix: true, canMask: true, pinIRQ: d.IRQ}
		if masks != nil {
			m.masks = masks[k : k+1]
		}
		m.control = bus.ReadL(c, m.entry()+pcireg.MSIXEntryVectorCtl)
		d.msi = append(d.msi, m)
	}
	worth, err = d.setupIRQs(c)
	if err != nil {
		d.freeIRQs(c)
		return worth, err
	}
	return 0, nil
}

// disableMSIX models pci_disable_msix: the entries in use are masked, MSI-X
// goes off, the pin may be used again, and the interrupts are no more.
func (d *Dev) disableMSIX(c *cpu.CPU) {
	for _, m := range d.msi {
		m.mask(c, 0)
	}
	d.clearAndSet(c, d.MSIXCap+pcireg.MSIXControlReg, pcireg.MSIXEnable, 0)
	d.INTx(c, true)
	d.MSIXEnabled = false
	d.freeIRQs(c)
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
