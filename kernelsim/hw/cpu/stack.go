package cpu

// A Stack is a range of addresses that a stack pointer walks down. The
// simulator keeps the pointer and no bytes: what nests on what, and where it
// ends, is what interrupts are about.
type Stack struct {
	Name string // as stack_type_name prints it: "task", "IRQ", "#DF", "NMI"…
	Base uint64 // lowest address; below it lies a guard page
	Top  uint64
	SP   uint64
	Low  uint64 // the lowest SP that was ever reached
}

// NewStack returns an empty stack of size bytes from base.
func NewStack(name string, base, size uint64) Stack {
	return Stack{Name: name, Base: base, Top: base + size, SP: base + size, Low: base + size}
}

// Push moves the pointer down by n bytes. It reports whether the stack has
// them; if not nothing moves: the store hit the guard page.
func (s *Stack) Push(n uint64) bool {
	if s.SP < s.Base+n {
		return false
	}
	s.SP -= n
	s.Low = min(s.Low, s.SP)
	return true
}

// Pop moves the pointer up again.
func (s *Stack) Pop(n uint64) { s.SP += n }

// A TSS holds the stack pointers that the processor loads by itself (Linux:
// struct x86_hw_tss). Index 0 of IST is not used.
type TSS struct {
	Base uint64    // that TR holds
	RSP0 *Stack    // when an interrupt comes from user mode
	IST  [8]*Stack // for gates that name one
}

// A Frame is what an interruption leaves on the stack (SDM, "64-Bit Mode Stack
// Frame"; Linux: struct pt_regs), and where the interrupted code goes on.
type Frame struct {
	// ErrorCode is what the processor pushed behind the five words, if it
	// did. Without one, the entry stub pushes something into its place.
	ErrorCode    uint32
	HasErrorCode bool
	// OrigAX is pt_regs.orig_ax, that same place as software sees it: the
	// error code, or what the stub pushed. The hardware tells nobody which
	// vector it was.
	OrigAX int64
	IF     bool   // of the pushed RFLAGS
	CPL    uint8  // privilege of the interrupted code: 0 kernel, 3 user
	SP     uint64 // pushed RSP
	Addr   uint64 // of a page fault: CR2
	Saved  bool   // the handler has copied the frame away: an overwrite does no harm

	vector Vector
	stack  *Stack // interrupted
	on     *Stack // where the frame lies
	ist    uint8  // the gate's
	under  *Frame // that lay on the IST stack before
	lost   bool   // a later event on the same IST stack has overwritten it
	next   *Frame // in the list of free ones
}

// Event is the vector that the frame was made for. It is for traces and
// reports: no instruction can read it.
func (f *Frame) Event() Vector { return f.vector }

// Interrupted is the stack of the interrupted code.
func (f *Frame) Interrupted() *Stack { return f.stack }

// On is the stack that the frame lies on.
func (f *Frame) On() *Stack { return f.on }

// frameBytes is SS, RSP, RFLAGS, CS and RIP; in 64-bit mode always all five.
const frameBytes = 5 * 8

// place chooses the stack by the gate's IST index and pushes the frame. It reports
// whether there was room; if not, the frame is nowhere and f.on is the stack
// that ended.
func (c *CPU) place(f *Frame, ist uint8) bool {
	f.stack, f.SP = c.Stack, c.Stack.SP
	f.on = c.stackFor(f, ist)
	n := uint64(frameBytes)
	if f.HasErrorCode {
		n += 8
	}
	if !f.on.Push(f.on.SP&15 + n) { // aligned down to 16 first
		return false
	}
	if f.ist = ist; ist != 0 {
		f.under = c.ist[f.ist]
		if f.under != nil {
			f.under.lost = true
		}
		c.ist[f.ist] = f
	}
	c.Stack = f.on
	return true
}

// stackFor is the stack that a gate with an IST index leads to (SDM volume 3, "64-Bit Mode Stack
// Frame", "Interrupt Stack Table"). What comes from the TSS begins at its top
// each time anew.
func (c *CPU) stackFor(f *Frame, ist uint8) *Stack {
	on := c.Stack
	switch {
	case ist != 0:
		on = c.TSS.IST[ist]
	case f.CPL != 0 && c.TSS.RSP0 != nil:
		on = c.TSS.RSP0
	default:
		return on
	}
	if on == nil { // the TSS holds zero
		return &Stack{Name: "none"}
	}
	on.SP = on.Top
	return on
}

// unplace takes the frame off at IRET.
func (c *CPU) unplace(f *Frame) {
	if f.ist != 0 {
		c.ist[f.ist] = f.under
	}
	c.Stack = f.stack
	c.Stack.SP = f.SP
}
