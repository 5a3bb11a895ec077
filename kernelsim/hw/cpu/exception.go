package cpu

// The exceptions by vector (Intel SDM volume 3, "Exceptions and Interrupts").
const (
	DE Vector = 0  // divide error
	DB Vector = 1  // debug
	BP Vector = 3  // breakpoint
	OF Vector = 4  // overflow
	BR Vector = 5  // bound range
	UD Vector = 6  // invalid opcode
	NM Vector = 7  // device not available
	DF Vector = 8  // double fault
	TS Vector = 10 // invalid TSS
	NP Vector = 11 // segment not present
	SS Vector = 12 // stack segment
	GP Vector = 13 // general protection
	PF Vector = 14 // page fault
	MF Vector = 16 // x87 error
	AC Vector = 17 // alignment check
	MC Vector = 18 // machine check
	XM Vector = 19 // SIMD error
	VE Vector = 20 // virtualization
	CP Vector = 21 // control protection
	VC Vector = 29 // VMM communication (AMD)
	SX Vector = 30 // security exception (AMD)
)

// A Class says how two exceptions combine (SDM, "Double Fault Exception").
type Class uint8

// The classes.
const (
	Benign Class = iota // interrupts, NMI, #DB, #BP, #UD and all others
	Contributory
	PageFault
	DoubleFault
)

// ClassOf is the class of an exception's vector.
func ClassOf(v Vector) Class {
	switch v {
	case DE, TS, NP, SS, GP, CP:
		return Contributory
	case PF, VE:
		return PageFault
	case DF:
		return DoubleFault
	}
	return Benign
}

// HasErrorCode says whether the processor pushes an error code for an
// exception. For interrupts and INT n it never does, whatever the vector.
func HasErrorCode(v Vector) bool {
	switch v {
	case DF, TS, NP, SS, GP, PF, AC, CP, VC, SX:
		return true
	}
	return false
}

// A Combined is what comes of an exception that arises while another event is
// being delivered.
type Combined uint8

// The outcomes.
const (
	Serial   Combined = iota // the second is delivered; the first recurs or is lost
	Double                   // #DF instead of both
	Shutdown                 // a third one: the processor stops ("triple fault")
)

// Combine decides it from the classes of the event being delivered and of the
// exception that arose.
func Combine(first, second Class) Combined {
	switch {
	case first == DoubleFault && second != Benign:
		return Shutdown
	case first == Contributory && second == Contributory,
		first == PageFault && (second == Contributory || second == PageFault):
		return Double
	}
	return Serial
}

// The low bits of an error code that names a selector or a gate.
const (
	ErrorExternal = 1 << 0 // EXT: the event came from outside the program
	ErrorIDT      = 1 << 1 // the index is that of a gate
)

// gateError is the error code for a fault at the gate of vector v.
func gateError(v Vector, external bool) uint32 {
	code := uint32(v)<<3 | ErrorIDT
	if external {
		code |= ErrorExternal
	}
	return code
}
