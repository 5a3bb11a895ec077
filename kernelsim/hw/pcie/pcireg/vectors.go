package pcireg

// Vectors is the part of MSI-X that decides: which entry sends its message
// now, and which one waits with its pending bit set (PCIe base specification,
// "MSI-X and MSI-X Table ... Per-vector Masking and Function Masking"). The
// registers around it hold addresses, data and masks; they tell Vectors of
// every event and of every write that may let a message go.
type Vectors interface {
	// Notify: the function wants to signal entry k.
	Notify(k int)
	// Clear: what caused the signal of entry k was satisfied by other means.
	Clear(k int)
	// EntryWritten: the vector control of entry k was written.
	EntryWritten(k int)
	// ControlWritten: MSI-X enable, the function mask or the bus master bit
	// was written.
	ControlWritten()
	// Pending is bit k of the pending bit array, which software reads.
	Pending(k int) bool
	// Reset is a reset of the function: nothing waits.
	Reset()
}

// Entries is what Vectors sees of the function that it decides for.
type Entries interface {
	// Len is the number of entries in the table, 1 to 2048.
	Len() int
	// EntryMasked is bit 0 of the vector control of entry k.
	EntryMasked(k int) bool
	// FunctionMasked is bit 14 of the message control.
	FunctionMasked() bool
	// Enabled is bit 15 of the message control.
	Enabled() bool
	// BusMaster is bit 2 of the command register: without it the function
	// may not write to memory.
	BusMaster() bool
	// Send writes the data of entry k to the address of entry k, as the table
	// has them at this moment.
	Send(k int)
}
