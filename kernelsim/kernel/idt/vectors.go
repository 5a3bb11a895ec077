// Package idt models the interrupt descriptor table of the kernel
// (arch/x86/kernel/idt.c): which vector belongs to whom, what its gate looks
// like, and the stages in which boot fills the table. The code behind the
// gates is package entry's.
package idt

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt/idtabi"
)

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

// Pushed is what C finds in the slot of the error code after the stub of v has
// run.
func Pushed(v cpu.Vector, abi idtabi.ABI) int64 {
	if abi == idtabi.Not {
		return ^int64(v)
	}
	return int64(int8(v))
}

// VectorFromFrame models the first line of do_IRQ, and of common_interrupt
// from 5.8 on (arch/x86/kernel/irq.c): back from the slot to the vector.
func VectorFromFrame(origAX int64, abi idtabi.ABI) cpu.Vector {
	if abi == idtabi.Not {
		return cpu.Vector(^origAX)
	}
	return cpu.Vector(origAX) // the mask to a byte undoes the sign extension
}

// A Release is what differs between kernel versions at the table and its
// stubs.
type Release struct {
	Name        string
	ABI         idtabi.ABI
	Timer       cpu.Vector // LOCAL_TIMER_VECTOR, the first system vector
	MoveCleanup bool       // 0x20 is the clean-up IPI's
	NoHandler   string     // the function that complains about a vector without a handler
	DebugOnBP   bool       // #BP runs on the debug stack too (until 4.16)
}

// Releases lists the versions that boot -kernel knows, the oldest first.
func Releases() []Release {
	return []Release{
		{Name: "4.9", ABI: idtabi.Not, Timer: 0xef, MoveCleanup: true, NoHandler: "do_IRQ", DebugOnBP: true},
		{Name: "4.20", ABI: idtabi.Not, Timer: LocalTimer, MoveCleanup: true, NoHandler: "do_IRQ"},
		{Name: "5.14", ABI: idtabi.Byte, Timer: LocalTimer, MoveCleanup: true, NoHandler: "__common_interrupt"},
		{Name: "6.1", ABI: idtabi.Byte, Timer: LocalTimer, MoveCleanup: true, NoHandler: "__common_interrupt"},
		{Name: "6.12", ABI: idtabi.Byte, Timer: LocalTimer, NoHandler: "__common_interrupt"},
	}
}

// FindRelease is the release of that name; "" is 6.1, the reference.
func FindRelease(name string) (Release, error) {
	if name == "" {
		name = "6.1"
	}
	var names string
	for _, r := range Releases() {
		if r.Name == name {
			return r, nil
		}
		names += " " + r.Name
	}
	return Release{}, fmt.Errorf("kernel %s: not one of%s", name, names)
}
