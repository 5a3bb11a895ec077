// Package icrabi is what the code that sends an interprocessor interrupt and
// the processor that it runs on say to each other. Nothing here acts.
package icrabi

import "bothhalves/kernelsim/kernel/cpumask"

// A Port is the sender's own local APIC, by its page, and what the kernel
// knows of the processors by then (arch/x86/include/asm/apic.h).
type Port interface {
	// Read and Write are apic_read and apic_write: a register by its offset
	// in the page (lapicreg.RegICR).
	Read(off uint32) uint32
	Write(off, v uint32)
	// CPU is the sender (smp_processor_id), Online cpu_online.
	CPU() int
	Online(cpu int) bool
	// ID is a processor's APIC ID, LogicalID the value that stands in its
	// LDR: one bit, and there are eight.
	ID(cpu int) uint32
	LogicalID(cpu int) uint32
}

// A Dest is whom a vector is for (dest_mode_logical of struct apic says how
// they are named).
type Dest struct {
	CPUs    cpumask.Mask
	Logical bool
}

// A Send models apic->send_IPI_mask and send_IPI_self: one fixed, edge
// triggered interrupt for each processor of the destination. Context:
// interrupts off. This is the seam of the lab task ipi-icr.
type Send func(p Port, to Dest, vec uint8)
