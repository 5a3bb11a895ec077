// Package idt models the interrupt descriptor table of the kernel
// (arch/x86/kernel/idt.c): which vector belongs to whom, what its gate looks
// like, and the stages in which boot fills the table. The code behind the
// gates is package entry's.
package idt

import "bothhalves/kernelsim/hw/cpu"

// The vectors of Linux 6.1 (arch/x86/include/asm/irq_vectors.h).
const (
	FirstExternal      cpu.Vector = 0x20 // FIRST_EXTERNAL_VECTOR, and the clean-up IPI after a move
	MoveCleanup        cpu.Vector = 0x20 // IRQ_MOVE_CLEANUP_VECTOR
	ISA                cpu.Vector = 0x30 // ISA_IRQ_VECTOR(0)
	Syscall            cpu.Vector = 0x80 // IA32_SYSCALL_VECTOR
	FirstSystem        cpu.Vector = 0xec // FIRST_SYSTEM_VECTOR
	LocalTimer         cpu.Vector = 0xec // LOCAL_TIMER_VECTOR
	HyperVStimer0      cpu.Vector = 0xed
	HyperVReenlighten  cpu.Vector = 0xee
	ManagedShutdown    cpu.Vector = 0xef // MANAGED_IRQ_SHUTDOWN_VECTOR: in messages only, it has no gate of its own
	PostedNested       cpu.Vector = 0xf0
	PostedWakeup       cpu.Vector = 0xf1
	Posted             cpu.Vector = 0xf2
	HypervisorCallback cpu.Vector = 0xf3
	DeferredError      cpu.Vector = 0xf4
	UVBau              cpu.Vector = 0xf5 // until 5.12
	IRQWork            cpu.Vector = 0xf6
	PlatformIPI        cpu.Vector = 0xf7 // X86_PLATFORM_IPI_VECTOR
	Reboot             cpu.Vector = 0xf8
	Threshold          cpu.Vector = 0xf9 // THRESHOLD_APIC_VECTOR
	Thermal            cpu.Vector = 0xfa // THERMAL_APIC_VECTOR
	CallFunctionSingle cpu.Vector = 0xfb
	CallFunction       cpu.Vector = 0xfc
	Reschedule         cpu.Vector = 0xfd
	ErrorAPIC          cpu.Vector = 0xfe
	SpuriousAPIC       cpu.Vector = 0xff
)
