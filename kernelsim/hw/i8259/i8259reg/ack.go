// Package i8259reg holds what the 8259A pair and those who program it share:
// ports, layouts of the command words, and the interface of the part that
// answers the acknowledge cycle. Nothing here acts.
package i8259reg

// A Chip is what the acknowledge cycle sees and does on one 8259A.
type Chip interface {
	// Request is the input that the priority logic puts first now; ok is
	// false when none asks any more.
	Request() (n uint8, ok bool)
	// Serve puts input n in service: its ISR bit is set, its edge is used
	// up. In automatic EOI mode the end of the cycle clears the bit again;
	// that is not the caller's business.
	Serve(n uint8)
	// Vector is what the chip drives on the bus for input n: the base of
	// ICW2 and the number.
	Vector(n uint8) uint8
	// HasSlave reports, of a master, whether a slave sits at input n (ICW3):
	// then the slave drives the vector.
	HasSlave(n uint8) bool
	// Identity is, of a slave, the master's input at which it answers (ICW3).
	Identity() uint8
}

// An Acknowledger decides what the acknowledge cycle does on the two chips.
// spurious says that the chip which drove the vector had no request left.
// This is the seam of the lab task pic-spurious.
type Acknowledger interface {
	Ack(master, slave Chip) (vec uint8, spurious bool)
}
