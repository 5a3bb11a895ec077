package pci

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
)

// A msiDesc is a message of a function, or with MSI all of them (struct
// msi_desc, include/linux/msi.h).
type msiDesc struct {
	dev   *Dev
	index int        // msi_index: the entry of the table
	used  int        // nvec_used: how many interrupts it stands for
	irq   irq.Number // the first of them; 0: none yet
	masks []affinity.Desc
	msix  bool
	// control is the entry's vector control as last written; of MSI, the
	// mask register.
	control  uint32
	canMask  bool
	multiple uint16 // log2 of how many messages MSI lets the function use
	wide     bool   // MSI with an address of 64 bits
	pinIRQ   int    // dev->irq before: the pin's
}

// DevName models dev_name of the function that has the message
// (irq_debugfs_copy_devname).
func (m *msiDesc) DevName() string { return "0000:" + m.dev.BDF.String() }

// Registers of the MSI capability behind its message control
// (PCI_MSI_ADDRESS_LO and so on).
const (
	msiAddressLow  = 4
	msiAddressHigh = 8
	msiData32      = 8
	msiData64      = 12
	msiMask32      = 12
	msiMask64      = 16
)

// entry is where the message's entry lies in memory (pci_msix_desc_addr).
func (m *msiDesc) entry() bus.Addr { return m.dev.entryAt(m.index) }

func (d *Dev) entryAt(k int) bus.Addr { return d.msixAt + bus.Addr(k*pcireg.MSIXEntrySize) }

// maskReg is the offset of MSI's mask register.
func (m *msiDesc) maskReg() uint16 {
	if m.wide {
		return m.dev.MSICap + msiMask64
	}
	return m.dev.MSICap + msiMask32
}

// mask models pci_msi_mask_irq and pci_msix_mask: the read behind the write
// makes sure that it has arrived.
func (m *msiDesc) mask(c *cpu.CPU, n int) {
	if m.msix {
		m.control |= pcireg.VectorControlMask
		m.writeControl(c, m.control)
		bus.ReadL(c, m.entry())
		return
	}
	m.updateMask(c, m.control|1<<n)
}

// unmask models pci_msi_unmask_irq: nobody waits for the write.
func (m *msiDesc) unmask(c *cpu.CPU, n int) {
	if m.msix {
		m.control &^= pcireg.VectorControlMask
		m.writeControl(c, m.control)
		return
	}
	m.updateMask(c, m.control&^(1<<n))
}

// writeControl models pci_msix_write_vector_ctrl.
func (m *msiDesc) writeControl(c *cpu.CPU, v uint32) {
	if m.canMask {
		bus.WriteL(c, m.entry()+pcireg.MSIXEntryVectorCtl, v)
	}
}

// updateMask models pci_msi_update_mask. A function without the register
// cannot be told.
func (m *msiDesc) updateMask(c *cpu.CPU, v uint32) {
	if m.canMask {
		m.control = v
		m.dev.Write32(c, m.maskReg(), v)
	}
}

// all has a bit for each message (msi_multi_mask).
func (m *msiDesc) all() uint32 { return uint32(1<<(1<<m.multiple) - 1) }

// write models __pci_write_msi_msg.
func (m *msiDesc) write(c *cpu.CPU, msg irq.Message) {
	if m.msix {
		m.writeEntry(c, msg)
		return
	}
	d, at := m.dev, m.dev.MSICap
	control := d.Read16(c, at+pcireg.MSIControlReg)
	d.Write16(c, at+pcireg.MSIControlReg, uint16(pcireg.MSIGranted.Put(uint64(control), uint64(m.multiple))))
	d.Write32(c, at+msiAddressLow, uint32(msg.Address))
	if m.wide {
		d.Write32(c, at+msiAddressHigh, uint32(msg.Address>>32))
		d.Write16(c, at+msiData64, uint16(msg.Data))
	} else {
		d.Write16(c, at+msiData32, uint16(msg.Data))
	}
	d.Read16(c, at+pcireg.MSIControlReg)
}

// writeEntry models pci_write_msg_msix: what an entry says must not change
// while it is not masked.
func (m *msiDesc) writeEntry(c *cpu.CPU, msg irq.Message) {
	open := m.control&pcireg.VectorControlMask == 0
	if open {
		m.writeControl(c, m.control|pcireg.VectorControlMask)
	}
	at := m.entry()
	bus.WriteL(c, at+pcireg.MSIXEntryAddrLow, uint32(msg.Address))
	bus.WriteL(c, at+pcireg.MSIXEntryAddrHigh, uint32(msg.Address>>32))
	bus.WriteL(c, at+pcireg.MSIXEntryData, msg.Data)
	if open {
		m.writeControl(c, m.control)
	}
	bus.ReadL(c, at+pcireg.MSIXEntryData)
}
