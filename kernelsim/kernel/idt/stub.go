package idt

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt/idtabi"
)

// Push is the operand of the stub's push instruction (irq_entries_start,
// arch/x86/entry/entry_64.S, include/asm/idtentry.h): a signed byte, because
// the form with four bytes would not leave room for the jump.
func Push(v cpu.Vector, abi idtabi.ABI) int8 {
	if abi == idtabi.Not {
		return int8(^int(v) + 0x80)
	}
	return int8(v)
}

// Pushed is what C finds in the slot of the error code after the stub of v and
// the common part behind it have run: the processor extends the byte with its
// sign, and common_interrupt of the older kernels adds -0x80 in place.
func Pushed(v cpu.Vector, abi idtabi.ABI) int64 {
	slot := int64(Push(v, abi))
	if abi == idtabi.Not {
		slot -= 0x80
	}
	return slot
}

// VectorFromFrame models the first line of do_IRQ, and of common_interrupt
// from 5.8 on (arch/x86/kernel/irq.c): back from the slot to the vector.
func VectorFromFrame(origAX int64, abi idtabi.ABI) cpu.Vector {
	if abi == idtabi.Not {
		return cpu.Vector(^origAX)
	}
	return cpu.Vector(origAX) // the mask to a byte undoes the sign extension
}

// Stub is the address of a device vector's entry stub.
func Stub(v cpu.Vector) uint64 { return IRQEntries + Align*uint64(v-FirstExternal) }

// SpuriousStub is the address of an unused system vector's stub.
func SpuriousStub(v cpu.Vector) uint64 {
	return SpuriousEntries + Align*(uint64(v)-uint64(FirstSystem))
}

// EarlyStub is the address of an exception's early handler.
func EarlyStub(v cpu.Vector) uint64 { return EarlyHandlers + earlyAlign*uint64(v) }
