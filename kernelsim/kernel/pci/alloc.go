package pci

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/printk"
)

// VectorFlags say which kinds of interrupts a driver can use (PCI_IRQ_*,
// include/linux/pci.h).
type VectorFlags uint

// The kinds, and whether vectors are spread over the processors.
const (
	IRQLegacy   VectorFlags = 1 << 0
	IRQMSI      VectorFlags = 1 << 1
	IRQMSIX     VectorFlags = 1 << 2
	IRQAffinity VectorFlags = 1 << 3
	IRQAllTypes             = IRQLegacy | IRQMSI | IRQMSIX
)

// AllocIRQVectors models pci_alloc_irq_vectors (drivers/pci/msi/msi.c): it
// gives the function interrupts, at least and at most so many, of the best
// kind that there is: MSI-X, MSI, its pin. It returns how many; they are to be
// requested then. A function that has fewer than most is no error. ERANGE if
// most is below least, EINVAL for a function that has vectors or cannot have
// any, ENOSPC if least cannot be met. Context: process context.
func AllocIRQVectors(c *cpu.CPU, d *Dev, least, most int, flags VectorFlags) (int, error) {
	return AllocIRQVectorsAffinity(c, d, least, most, flags, nil)
}

// AllocIRQVectorsAffinity models pci_alloc_irq_vectors_affinity: with
// IRQAffinity the vectors are spread over the processors, but for the first
// and the last ones that a tells of.
func AllocIRQVectorsAffinity(c *cpu.CPU, d *Dev, least, most int, flags VectorFlags, a *affinity.Affinity) (n int, err error) {
	switch {
	case flags&IRQAffinity == 0 && a != nil:
		printk.Printk(c, printk.Warning, "WARNING: pci_alloc_irq_vectors_affinity without PCI_IRQ_AFFINITY: affd is ignored")
		a = nil
	case flags&IRQAffinity != 0 && a == nil:
		a = &affinity.Affinity{}
	}
	err = fmt.Errorf("pci: %v: no kind of interrupt was asked for: %w", d.BDF, errno.ENOSPC)
	if flags&IRQMSIX != 0 {
		if n, err = d.enableMSIXRange(c, least, most, a); err == nil {
			return n, nil
		}
	}
	if flags&IRQMSI != 0 {
		if n, err = d.enableMSIRange(c, least, most, a); err == nil {
			return n, nil
		}
	}
	if flags&IRQLegacy != 0 && least == 1 && d.IRQ != 0 {
		if a != nil {
			affinity.CreateMasks(c, 1, a)
		}
		d.INTx(c, true)
		return 1, nil
	}
	return 0, err
}

// FreeIRQVectors models pci_free_irq_vectors. Every interrupt must have been
// freed before. Context: process context.
func FreeIRQVectors(c *cpu.CPU, d *Dev) {
	if d.MSIXEnabled {
		d.disableMSIX(c)
	}
	if d.MSIEnabled {
		d.disableMSI(c)
	}
}

// IRQVector models pci_irq_vector: the interrupt of vector nr, with MSI-X that
// of entry nr of the table. EINVAL for one that the function was not given.
func IRQVector(d *Dev, nr int) (irq.Number, error) {
	if !d.MSIEnabled && !d.MSIXEnabled && nr == 0 {
		return irq.Number(d.IRQ), nil
	}
	m, i := d.message(nr)
	if m == nil {
		return 0, fmt.Errorf("pci: %v has no vector %d: %w", d.BDF, nr, errno.EINVAL)
	}
	return m.irq + irq.Number(i), nil
}

// IRQGetAffinity models pci_irq_get_affinity: the processors that vector nr
// was given; ok is false if nothing was said of it.
func IRQGetAffinity(c *cpu.CPU, d *Dev, nr int) (m affinity.CPUMask, ok bool) {
	desc, i := d.message(nr)
	switch {
	case desc == nil:
		return affinity.TopologyOf(c).Possible, !d.MSIEnabled && !d.MSIXEnabled && nr == 0
	case desc.masks == nil:
		return m, false
	}
	return desc.masks[i].Mask, true
}

// message finds the message of vector nr, and which one of MSI's several.
func (d *Dev) message(nr int) (*msiDesc, int) {
	for _, m := range d.msi {
		if nr >= m.index && nr < m.index+m.used {
			return m, nr - m.index
		}
	}
	return nil, 0
}

// Vectors is how many interrupts the function has for its messages.
func (d *Dev) Vectors() (n int) {
	for _, m := range d.msi {
		n += m.used
	}
	return n
}
