// Package pit models the 8254 interval timer of a PC and system control port
// B (0x61) beside it. Channel 0 is the old timer interrupt, channel 1 drove
// the refresh of memory, channel 2 the speaker; Linux counts with channel 2
// to find the frequency of the TSC.
//
// Nothing here ticks. What a counter holds is computed from the virtual time
// that has passed, and one event waits for the next change of channel 0's
// output.
//
// Not modelled: modes 1 and 5, which count from a rising gate. A channel in
// such a mode keeps its output high.
package pit

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/reg"
	"bothhalves/kernelsim/sim"
)

// Hz is the frequency of the three counters (Linux: PIT_TICK_RATE,
// include/linux/timex.h).
const Hz = 1193182

// The ports (Linux: PIT_MODE, PIT_CH0 and PIT_CH2, include/linux/i8253.h).
const (
	Channel0 = 0x40 // channels 1 and 2 follow
	Command  = 0x43
	PortB    = 0x61
)

// A PIT is the timer.
type PIT struct {
	eng    *sim.Engine
	ch     [3]channel
	out    func(high bool)
	high   bool // output of channel 0, as last told
	change sim.Event
	portB  uint8 // bits 3:0 of port 0x61
}

// New returns the timer in its power-on state, counting nothing; out hears
// each change of channel 0's output.
func New(eng *sim.Engine, out func(high bool)) *PIT {
	p := &PIT{eng: eng, out: out}
	p.change = sim.Event{Name: "pit", Timer: true, Fire: func(sim.Time) { p.settle() }}
	p.Reset()
	return p
}

// Reset is power-on: no channel counts, outputs are low, the speaker is off.
func (p *PIT) Reset() {
	p.ch = [3]channel{{gate: true}, {gate: true}, {}}
	p.portB = 0
	p.settle()
}

// Map puts the registers at their ports.
func (p *PIT) Map(ports *bus.Bus) error {
	if err := ports.Map("pit", Channel0, 4, p, 0); err != nil {
		return err
	}
	return ports.Map("pcspk", PortB, 1, portB{p}, 0)
}

// Read reads a channel. The command port cannot be read.
func (p *PIT) Read(off uint32, size int) uint64 {
	if off >= 3 {
		return 0
	}
	return uint64(p.ch[off].read(p.tick()))
}

// Write writes a channel's count or the command port, a byte at a time.
func (p *PIT) Write(off uint32, size int, v uint64) {
	if off < 3 {
		p.ch[off].write(uint8(v), p.tick())
	} else {
		p.command(uint8(v))
	}
	p.settle()
}

// command takes a control word: the mode of a channel, a latch command, or
// the read-back command for several.
func (p *PIT) command(v uint8) {
	n, now := v>>6, p.tick()
	switch {
	case n == 3:
		p.readBack(v, now)
	case v&0x30 == 0:
		p.ch[n].latchCount(now)
	default:
		p.ch[n].program(v)
	}
}

// readBack latches count (bit 5 clear) and status (bit 4 clear) of each
// channel that bits 3:1 name.
func (p *PIT) readBack(v uint8, now int64) {
	for n := range p.ch {
		if v&(2<<n) == 0 {
			continue
		}
		if v&0x20 == 0 {
			p.ch[n].latchCount(now)
		}
		if v&0x10 == 0 {
			p.ch[n].latchStatus(now)
		}
	}
}

// settle tells a change of channel 0's output and waits for the next.
func (p *PIT) settle() {
	c, now := &p.ch[0], p.tick()
	if high := c.output(now); high != p.high {
		p.high = high
		if p.out != nil {
			p.out(high)
		}
	}
	if next, ok := c.nextChange(now); ok {
		p.eng.Arm(&p.change, at(next))
	} else {
		p.eng.Disarm(&p.change)
	}
}

// tick is the number of clock pulses since power-on.
func (p *PIT) tick() int64 { return ticks(p.eng.Now()) }

// ticks is the number of clock pulses in a time. Whole seconds are taken
// apart, so that no product overflows.
func ticks(t sim.Time) int64 { return int64(t/sim.Second*Hz + t%sim.Second*Hz/sim.Second) }

// at is the first time that has n clock pulses.
func at(n int64) sim.Time {
	return sim.Time(n/Hz)*sim.Second + (sim.Time(n%Hz)*sim.Second+Hz-1)/Hz
}

// A portB is port 0x61 (Linux: default_get_nmi_reason,
// arch/x86/include/asm/mach_traps.h).
type portB struct{ p *PIT }

// The bits of port 0x61 that are not simply what was written.
const (
	writable    = 0x0f
	refreshBit  = 0x10
	output2Bit  = 0x20
	refreshTick = 18 // clock pulses between two refreshes of memory
)

// PortBBits is the layout of port 0x61 (82371SB data sheet, "NMI Status and
// Control Register").
func PortBBits() reg.Layout {
	return reg.Layout{
		reg.Flag("gate-2", 0).Noted("channel 2 counts"),
		reg.Flag("speaker", 1),
		reg.Flag("serr-off", 2),
		reg.Flag("iochk-off", 3),
		reg.Flag("refresh", 4).Noted("read-only; toggles every 15 µs"),
		reg.Flag("output-2", 5).Noted("read-only"),
		reg.Flag("iochk", 6).Noted("read-only; NMI reason, always 0 here"),
		reg.Flag("serr", 7).Noted("read-only; NMI reason, always 0 here"),
	}
}

// Read gives what was written, the refresh toggle and channel 2's output. The
// two NMI reasons, bits 7:6, are clear: an NMI here never comes from a parity
// error, so that Linux calls it unknown, "reason 21" or "reason 31" after it
// has used channel 2.
func (r portB) Read(uint32, int) uint64 {
	now, v := r.p.tick(), r.p.portB
	if now/refreshTick&1 != 0 {
		v |= refreshBit
	}
	if r.p.ch[2].output(now) {
		v |= output2Bit
	}
	return uint64(v)
}

// Write sets bits 3:0. Bit 0 is the gate of channel 2.
func (r portB) Write(_ uint32, _ int, v uint64) {
	r.p.portB = uint8(v) & writable
	r.p.ch[2].setGate(v&1 != 0, r.p.tick())
}
