package ioapicreg

// A Table is what the answer to an EOI may see and do: the redirection
// entries and the state of the pins behind them.
type Table interface {
	Len() int
	// Entry is redirection entry n with its status bits.
	Entry(n int) RedirectionEntry
	// Active reports whether pin n is at its active level, as the entry's
	// polarity has it.
	Active(n int) bool
	// ClearRemoteIRR makes entry n ready to send again.
	ClearRemoteIRR(n int)
	// Send sends the message of entry n; a level-triggered one sets its
	// remote IRR.
	Send(n int)
}

// An EOIResponder decides what the end of an interrupt does to the entries,
// whether a local APIC broadcast it or software wrote it to the EOI register.
// This is the seam of the lab task ioapic-level.
type EOIResponder interface {
	EOIBroadcast(t Table, vec uint8)
}
