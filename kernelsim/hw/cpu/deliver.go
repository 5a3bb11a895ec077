package cpu

import (
	"encoding/binary"
	"fmt"

	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/oops"
)

// A source is where an event came from: it decides about the privilege check,
// the error code and its EXT bit.
type source uint8

const (
	fromHardware source = iota // an interrupt, an NMI
	fromFault                  // an exception
	fromINT                    // INT n, INT3, INTO
)

// An occurrence is an event on its way through the IDT.
type occurrence struct {
	vector Vector
	from   source
	code   uint32
	addr   uint64 // CR2 of a page fault
}

// class is the occurrence's for the rules of double faults: an interrupt is
// benign even on a vector that is an exception's.
func (o occurrence) class() Class {
	if o.from == fromFault {
		return ClassOf(o.vector)
	}
	return Benign
}

// serve takes what waits, the most urgent first, until nothing is left that
// may be taken. A handler may end in the scheduler, so the code that was
// interrupted may find itself on another processor afterwards: the loop asks
// each time.
func (c *CPU) serve() {
	eng := c.Proc.Engine()
	for {
		here := c.Peers[eng.Running().ID()]
		if f := here.injected; f != nil {
			here.injected = nil
			here.events.settle()
			f(here)
			continue
		}
		ev := here.events.Next(here.intr)
		if ev == NoEvent {
			return
		}
		here.events.Take(ev)
		here.take(ev)
	}
}

// Inject makes the core execute f at its next boundary, as if the instruction
// stream held it there: the way for who stands outside to raise an exception
// or an INT n. It ends a halt. A core that has not yet executed the last one
// refuses.
func (c *CPU) Inject(f func(c *CPU)) error {
	if c.injected != nil {
		return fmt.Errorf("cpu %d: has yet to execute what was injected before: let time pass", c.ID)
	}
	c.injected = f
	c.events.poke()
	c.Wake()
	return nil
}

// take lets one event happen.
func (c *CPU) take(ev Event) {
	switch ev {
	case FixedIntr:
		c.deliver(occurrence{vector: c.intr.Acknowledge()})
	case ExtIntr:
		c.deliver(occurrence{vector: c.Platform.INTA()})
	case NMIEvent:
		c.deliver(occurrence{vector: NMIVector})
	case InitEvent:
		c.waitForStartUp()
	case SMIEvent: // the firmware's handler is invisible to the kernel
	}
}

// Exception raises a fault, a trap or an abort at the present instruction. The
// error code is pushed for the vectors that have one.
func (c *CPU) Exception(v Vector, code uint32) {
	c.deliver(occurrence{vector: v, from: fromFault, code: code})
}

// PageFault raises #PF for an address.
func (c *CPU) PageFault(addr uint64, code uint32) {
	c.deliver(occurrence{vector: PF, from: fromFault, code: code, addr: addr})
}

// INT is the instruction INT n: the same gate, no error code, no trace in the
// local APIC, and the one case in which the gate's DPL counts.
func (c *CPU) INT(v Vector) { c.deliver(occurrence{vector: v, from: fromINT}) }

// deliver leads an event through its gate. What goes wrong on the way is an
// exception itself, which takes the event's place.
func (c *CPU) deliver(o occurrence) {
	for {
		fault, bad := c.tryGate(o)
		if !bad {
			return
		}
		switch Combine(o.class(), ClassOf(fault.vector)) {
		case Serial:
			o = fault
		case Double:
			o = occurrence{vector: DF, from: fromFault}
		case Shutdown:
			c.shutdown(fault)
		}
	}
}

// tryGate goes through the gate of an event, runs what it leads to, and
// returns after the IRET. If the gate or the stack stops it, it says which
// exception that is.
func (c *CPU) tryGate(o occurrence) (fault occurrence, bad bool) {
	d, fault, bad := c.gate(o)
	if bad {
		return fault, true
	}
	f := c.newFrame()
	f.vector, f.CPL, f.Addr = o.vector, c.CPL, o.addr
	if f.HasErrorCode = o.from == fromFault && HasErrorCode(o.vector); f.HasErrorCode {
		f.ErrorCode, f.OrigAX = o.code, int64(o.code)
	}
	if !c.place(f, d.gate.IST) {
		guard := f.on.Base - 8
		c.freeFrame(f)
		return occurrence{vector: PF, from: fromFault, code: 2, addr: guard}, true
	}
	f.IF = c.events.Enter(d.gate.Type)
	c.CPL = 0
	d.code(c, f)
	c.Peers[c.Proc.Engine().Running().ID()].iret(f)
	return fault, false
}

// iret goes back to what the frame says, on whatever processor that code is
// now.
func (c *CPU) iret(f *Frame) {
	if f.lost && !f.Saved {
		oops.Raise(oops.Report{Rule: "IST overwritten", CPU: c.ID,
			Title: fmt.Sprintf("IRET on CPU %d finds the frame of vector 0x%02x overwritten", c.ID, uint8(f.vector)),
			Why:   "the gate names an IST stack, whose pointer is loaded anew at each delivery: a second event through it before this IRET wrote over the first one's frame"})
	}
	c.unplace(f)
	c.CPL = f.CPL
	c.events.IRET(f.IF)
	c.freeFrame(f)
}

// gate fetches and checks the IDT entry of an event (SDM volume 2, INT n,
// "INTERRUPT-OR-TRAP-GATE"): beyond the limit or of a wrong type is #GP, INT n
// without the privilege is #GP, absent is #NP; then a selector that is null
// and an address that is not canonical are #GP without the gate's number. There
// is no descriptor table to look other selectors up in: each is taken for the
// kernel's code segment.
func (c *CPU) gate(o occurrence) (d *decoded, fault occurrence, bad bool) {
	external := o.from != fromINT
	refuse := func(v Vector) (*decoded, occurrence, bool) {
		return nil, occurrence{vector: v, from: fromFault, code: gateError(o.vector, external)}, true
	}
	at := int(o.vector) * gatereg.Size
	if at+gatereg.Size-1 > int(c.idtr.Limit) || at+gatereg.Size > len(c.idt) {
		return refuse(GP)
	}
	d = &c.text.decoded[o.vector]
	low, high := binary.LittleEndian.Uint64(c.idt[at:]), binary.LittleEndian.Uint64(c.idt[at+8:])
	if d.low != low || d.high != high || d.code == nil {
		c.decode(d, low, high, [gatereg.Size]byte(c.idt[at:at+gatereg.Size]))
	}
	switch {
	case !d.ok:
		return refuse(GP)
	case o.from == fromINT && c.CPL > d.gate.DPL:
		return refuse(GP)
	case !d.gate.Present:
		return refuse(NP)
	case d.gate.Selector&^3 == 0 || !canonical(d.gate.Offset):
		return nil, occurrence{vector: GP, from: fromFault, code: gateError(0, external) &^ ErrorIDT}, true
	}
	return d, fault, false
}

// canonical says whether bits 63:47 of an address are all alike.
func canonical(addr uint64) bool { return uint64(int64(addr<<16)>>16) == addr }

// decode fills a cached gate. An address at which no code stands is the fetch
// of an instruction that is not there.
func (c *CPU) decode(d *decoded, low, high uint64, raw [gatereg.Size]byte) {
	g, err := c.decodeGate(raw)
	c.text.used = true
	*d = decoded{low: low, high: high, gate: g, ok: err == nil, code: c.text.Code(g.Offset)}
	if d.code == nil {
		d.code = func(c *CPU, f *Frame) { c.PageFault(g.Offset, 0x10) }
	}
}

// shutdown is what a processor does after a fault in the delivery of #DF; the
// board would reset it.
func (c *CPU) shutdown(o occurrence) {
	oops.Raise(oops.Report{Rule: "triple fault", CPU: c.ID,
		Title: fmt.Sprintf("CPU %d shut down: triple fault", c.ID),
		Lines: []string{fmt.Sprintf("vector 0x%02x arose while #DF was being delivered", uint8(o.vector))},
		Why:   "the gate of an event could not be used, nor that of the double fault that came of it: no handler is left, and a real board resets here"})
}

// newFrame takes a frame from the list of free ones.
func (c *CPU) newFrame() *Frame {
	pool := c.Peers[0]
	f := pool.frames
	if f == nil {
		return &Frame{}
	}
	pool.frames, f.next = f.next, nil
	return f
}

// freeFrame takes a frame back, empty: then the next event need not wait for
// that.
func (c *CPU) freeFrame(f *Frame) {
	pool := c.Peers[0]
	*f = Frame{next: pool.frames}
	pool.frames = f
}

// waitForStartUp is the core after INIT: it does nothing until a start-up IPI
// gives it another coroutine to run. This one never goes on.
func (c *CPU) waitForStartUp() {
	c.reset()
	for {
		c.Proc.Abandon()
	}
}

// reset is what INIT does to the core.
func (c *CPU) reset() {
	c.events.Reset()
	c.ist, c.CPL, c.Stack = [8]*Frame{}, 0, resetStack()
	c.running = false
}
