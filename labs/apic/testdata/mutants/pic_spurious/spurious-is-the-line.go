// Fails: a spurious 7 puts nothing into service
// Misconception: the line that asked is remembered, so it can be named

package apic

import "bothhalves/kernelsim/hw/i8259/i8259reg"

// A pair is what the two 8259A do when the processor asks for a vector.
type pair struct{}

// spuriousInput is the input that a chip names when none asks any more.
const spuriousInput = 3

// Ack is the acknowledge cycle. spurious says that the chip which drives the
// vector had no request left.
func (pair) Ack(master, slave i8259reg.Chip) (vec uint8, spurious bool) {
	n, ok := master.Request()
	if !ok {
		return master.Vector(spuriousInput), true
	}
	master.Serve(n)
	if !master.HasSlave(n) {
		return master.Vector(n), false
	}
	if n, ok = slave.Request(); !ok {
		return slave.Vector(spuriousInput), true
	}
	slave.Serve(n)
	return slave.Vector(n), false
}
