// Package level is what the task ioapic-level's driver sees of its line and of
// the devices on it.
package level

// A Line is an interrupt line that works by level, as its driver sees it.
type Line interface {
	// EOI ends the interrupt at the local APIC, which tells the I/O APIC.
	EOI()
}

// A Device is one of those that pull at the line: it does so as long as a bit
// of its cause register is set.
type Device interface {
	// Cause reads the cause register.
	Cause() uint32
	// Clear writes the cause register: each one in bits clears that bit.
	Clear(bits uint32)
	// Serve does what these causes ask for. It takes its time.
	Serve(bits uint32)
}
