package apic

import (
	"bothhalves/kernelsim/hw/i8259/i8259reg"
	"bothhalves/labs/lab"
)

// A pair is what the two 8259A do when the processor asks for a vector.
type pair struct{}

// spuriousInput is the input that a chip names when none asks any more.
const spuriousInput = 7

// Ack is the acknowledge cycle. spurious says that the chip which drives the
// vector had no request left.
func (pair) Ack(master, slave i8259reg.Chip) (vec uint8, spurious bool) {
	panic(lab.TODO("let the master choose, and let the slave choose where one sits behind the input"))
}
