package machine

import "bothhalves/kernelsim/kernel/apic/icrabi"

// APICParts are the replaceable parts of the kernel's side of the APICs; those
// of the hardware are the board's. What is nil is the default.
type APICParts struct {
	Send icrabi.Send
}

// WithSendIPI replaces what writes the interrupt command register for one
// vector and a set of processors, in xAPIC mode.
func WithSendIPI(f icrabi.Send) Part {
	return func(p *Parts) { p.APIC.Send = f }
}
