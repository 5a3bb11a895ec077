package apic

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt"
)

// SendReschedule models native_smp_send_reschedule: CPU n is to look whether
// it must switch. A processor that is not up yet will look when it is.
func SendReschedule(c *cpu.CPU, n int) {
	if shared.Of(c).online.Has(n) {
		Send(c, n, idt.Reschedule)
	}
}

// Send models apic->send_IPI: a vector for one processor.
func Send(c *cpu.CPU, n int, v cpu.Vector) { SendMask(c, MaskOf(n), v) }

// SendMask models apic->send_IPI_mask.
func SendMask(c *cpu.CPU, m Mask, v cpu.Vector) {
	s := shared.Of(c)
	if s.sendsByPart(v) {
		sendByPart(c, m, v)
		return
	}
	s.drv.sendMask(c, m, v)
}

// SendSelf models apic->send_IPI_self.
func SendSelf(c *cpu.CPU, v cpu.Vector) {
	if shared.Of(c).sendsByPart(v) {
		sendByPart(c, MaskOf(c.ID), v)
		return
	}
	if shared.Of(c).mode {
		wrmsr(c, msrFirst+regSelfIPI>>4, uint64(v))
		return
	}
	sendShorthand(c, icrSelf, v)
}

// SendAllButSelf models apic_send_IPI_allbutself: one message that names
// nobody, once all processors that are there have been booted.
func SendAllButSelf(c *cpu.CPU, v cpu.Vector) {
	s := shared.Of(c)
	if s.online.Count() < 2 {
		return
	}
	if s.shorthand {
		sendShorthand(c, icrOthers, v)
		return
	}
	others := s.online
	others.Remove(c.ID)
	SendMask(c, others, v)
}

// UpdateShorthand models apic_smt_update: broadcasts are safe when no
// processor is left that has never been booted, because such a one's local
// APIC is in a state that nobody knows.
func UpdateShorthand(c *cpu.CPU) {
	s := shared.Of(c)
	s.bootedOnce = s.bootedOnce.Or(s.online)
	s.shorthand = !s.cfg.NoShorthand && s.online.Count() > 1 && s.bootedOnce == s.possible
}

// prepareICR models __prepare_ICR.
func prepareICR(shorthand uint32, v cpu.Vector, logical bool) uint32 {
	icr := shorthand | uint32(v)
	if v == cpu.NMIVector {
		icr = shorthand | modeNMI
	}
	if logical {
		icr |= icrLogical
	}
	return icr
}

// sendShorthand models __default_send_IPI_shortcut and
// __x2apic_send_IPI_shorthand: the destination field does not count, and the
// page's is not even written.
func sendShorthand(c *cpu.CPU, shorthand uint32, v cpu.Vector) {
	waitIdle(c)
	if shared.Of(c).mode {
		writeICR(c, prepareICR(shorthand, v, false), 0)
		return
	}
	Write(c, regICR, prepareICR(shorthand, v, false))
}

// sendTo models __default_send_IPI_dest_field and __x2apic_send_IPI_dest.
func sendTo(c *cpu.CPU, dest uint32, v cpu.Vector, logical bool) {
	waitIdle(c)
	writeICR(c, prepareICR(0, v, logical), dest)
}

// sendFlat models flat_send_IPI_mask: one message for any set of the eight.
func sendFlat(c *cpu.CPU, m Mask, v cpu.Vector) {
	flags := c.SaveFlags()
	sendTo(c, uint32(m[0]), v, true)
	c.RestoreFlags(flags)
}

// sendEach models default_send_IPI_mask_sequence_phys and its x2APIC twin: a
// message for each processor.
func sendEach(c *cpu.CPU, m Mask, v cpu.Vector) {
	flags := c.SaveFlags()
	for n := m.Next(0); n >= 0; n = m.Next(n + 1) {
		sendTo(c, physicalID(n), v, false)
	}
	c.RestoreFlags(flags)
}

// sendClusters models __x2apic_send_IPI_mask of x2apic_cluster.c: a message
// for each cluster of sixteen that has one of the processors.
func sendClusters(c *cpu.CPU, m Mask, v cpu.Vector) {
	flags := c.SaveFlags()
	for n := m.Next(0); n >= 0; n = m.Next(n&^15 + 16) {
		dest := uint32(0)
		for k := n; k >= 0 && k>>4 == n>>4; k = m.Next(k + 1) {
			dest |= clusterID(k)
		}
		sendTo(c, dest, v, true)
	}
	c.RestoreFlags(flags)
}
