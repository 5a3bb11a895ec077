package pci

import (
	"fmt"
	"math/bits"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/affinity"
)

// MessageCount models pci_msi_vec_count; 0 of a function without MSI.
func (d *Dev) MessageCount(c *cpu.CPU) int {
	if d.MSICap == 0 {
		return 0
	}
	return 1 << pcireg.MSICapable.Get(uint64(d.Read16(c, d.MSICap+pcireg.MSIControlReg)))
}

// enableMSIRange models __pci_enable_msi_range.
func (d *Dev) enableMSIRange(c *cpu.CPU, least, most int, a *affinity.Affinity) (int, error) {
	switch {
	case least < 1 || shared.Of(c).cfg.NoMSI || d.MSICap == 0:
		return 0, fmt.Errorf("pci: %v cannot have %d messages of MSI: %w", d.BDF, least, errno.EINVAL)
	case d.MSIXEnabled:
		d.info(c, "can't enable MSI (MSI-X already enabled)")
		return 0, fmt.Errorf("pci: %v uses MSI-X: free its vectors first: %w", d.BDF, errno.EINVAL)
	case most < least:
		return 0, fmt.Errorf("pci: %v: at least %d vectors and at most %d: %w", d.BDF, least, most, errno.ERANGE)
	case d.MSIEnabled:
		return 0, fmt.Errorf("pci: %v uses MSI already: free its vectors first: %w", d.BDF, errno.EINVAL)
	}
	n := d.MessageCount(c)
	if n < least {
		return 0, d.tooFew(least, n)
	}
	for n = min(n, most); ; {
		if a != nil {
			if n = affinity.CalcVectors(c, least, n, a); n < least {
				return 0, d.tooFew(least, n)
			}
		}
		worth, err := d.initMSI(c, n, a)
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

// initMSI models msi_capability_init: MSI off, all messages masked, address
// and data written, INTx off, MSI on.
func (d *Dev) initMSI(c *cpu.CPU, n int, a *affinity.Affinity) (worth int, err error) {
	d.enableMSI(c, false)
	d.MSIEnabled = true
	m := d.newMSI(c, n)
	if a != nil {
		m.masks = affinity.CreateMasks(c, n, a)
	}
	d.msi = []*msiDesc{m}
	m.updateMask(c, m.control|m.all())
	if worth, err = d.setupIRQs(c); err != nil {
		m.updateMask(c, m.control&^m.all())
		d.freeIRQs(c)
		d.MSIEnabled = false
		return worth, err
	}
	d.INTx(c, false)
	d.enableMSI(c, true)
	d.IRQ = int(m.irq)
	return 0, nil
}

// newMSI models msi_setup_msi_desc.
func (d *Dev) newMSI(c *cpu.CPU, n int) *msiDesc {
	control := d.Read16(c, d.MSICap+pcireg.MSIControlReg)
	m := &msiDesc{dev: d, used: n, multiple: uint16(bits.Len(uint(n - 1))), pinIRQ: d.IRQ,
		wide: control&pcireg.MSI64 != 0, canMask: control&pcireg.MSIMaskable != 0}
	if m.canMask {
		m.control = d.Read32(c, m.maskReg())
	}
	return m
}

// enableMSI models pci_msi_set_enable.
func (d *Dev) enableMSI(c *cpu.CPU, on bool) {
	at := d.MSICap + pcireg.MSIControlReg
	control := d.Read16(c, at) &^ pcireg.MSIEnable
	if on {
		control |= pcireg.MSIEnable
	}
	d.Write16(c, at, control)
}

// disableMSI models pci_disable_msi: MSI off, the pin may be used again, and
// the messages are left unmasked, as they were found.
func (d *Dev) disableMSI(c *cpu.CPU) {
	m := d.msi[0]
	d.enableMSI(c, false)
	d.INTx(c, true)
	d.MSIEnabled = false
	m.updateMask(c, m.control&^m.all())
	d.IRQ = m.pinIRQ
	d.freeIRQs(c)
}
