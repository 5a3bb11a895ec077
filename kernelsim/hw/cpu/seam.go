package cpu

// A LocalAPIC is what a core sees of its own local APIC: the interrupt
// controller, the register page that only this core can reach, and the model
// specific registers that the APIC answers.
type LocalAPIC interface {
	IntController
	// Claims reports whether a physical address of this core lies in the
	// APIC's register page (IA32_APIC_BASE), and where in it.
	Claims(addr uint64) (off uint32, ok bool)
	MMIORead(off uint32, size int) uint64
	MMIOWrite(off uint32, size int, v uint64)
	// HasMSR says which registers are the APIC's; an access that its present
	// mode or the value does not allow returns ok false: #GP(0).
	HasMSR(index uint32) bool
	ReadMSR(index uint32) (v uint64, ok bool)
	WriteMSR(index uint32, v uint64) (ok bool)
	// CR8 is bits 7:4 of TPR (SDM volume 3, "Task Priority").
	CR8() uint8
	SetCR8(v uint8)
}

// Signals are the lines from a local APIC to its core. What is not a fixed
// interrupt goes straight through: no IRR, no priority.
type Signals interface {
	Interrupt() // INTR: look at Pending at the next boundary
	NMI()
	SMI()
	INIT()              // reset, then wait for a start-up IPI
	StartUp(page uint8) // start-up IPI: start at page<<12, if it waits for one
	ExtINT()            // an external controller (8259A) has the vector
}

// A Platform is what lies outside the pins of the processors: the physical
// addresses, the I/O ports, and the 8259A pair's acknowledge cycle. Package
// bus has the one implementation.
type Platform interface {
	ReadPhys(addr uint64, size int) uint64
	WritePhys(addr uint64, size int, v uint64)
	In(port uint16, size int) uint32
	Out(port uint16, size int, v uint32)
	// INTA is the acknowledge cycle that answers an ExtINT.
	INTA() Vector
}
