package apic

import (
	"bothhalves/kernelsim/kernel/apic/icrabi"
	"bothhalves/labs/lab"
)

// Bits of the low half of the interrupt command register.
const (
	icrLogical = 1 << 11 // destination mode
	icrBusy    = 1 << 12 // delivery status: the last message is being sent
	icrSelf    = 1 << 18 // destination shorthand: the sender itself
)

// SendIPI sends one fixed, edge-triggered interrupt with this vector to each
// processor of the destination.
func SendIPI(p icrabi.Port, to icrabi.Dest, vec uint8) {
	panic(lab.TODO("write the interrupt command register, as often as there are messages to send"))
}
