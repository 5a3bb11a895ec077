package pit

import "bothhalves/kernelsim/reg"

// Control is the layout of a control word (82C54 data sheet, "Control Word
// Format"; Linux writes 0x34: channel 0, both bytes, mode 2).
func Control() reg.Layout {
	return reg.Layout{
		reg.Flag("bcd", 0),
		reg.Enum("mode", 3, 1, "one-event", "one-shot", "rate", "square", "strobe", "triggered-strobe", "rate", "square"),
		reg.Enum("access", 5, 4, "latch", "low-byte", "high-byte", "both-bytes"),
		reg.Enum("channel", 7, 6, "channel-0", "channel-1", "channel-2", "read-back"),
	}
}

// A channel is one counter. Points of time are clock pulses.
type channel struct {
	control uint8 // the control word's low six bits
	gate    bool

	count  int64 // the number of pulses that it counts; 0: none was written yet
	start  int64 // the pulse at which it held count
	paused int64 // while gate is low: pulses counted before

	next      int64 // a count that waits for its turn; 0: none
	nextAt    int64 // the pulse that brings it, while gate is high
	nextStart int64 // the pulse at which its first period would have begun

	low       uint8 // first byte of a count of two, once written
	writeHigh bool  // the next byte written is the high one
	readHigh  bool  // the next byte read is the high one

	latch      uint16
	latched    bool
	status     uint8
	hasStatus  bool
	programmed bool
}

// The modes with a meaning here; 6 and 7 are 2 and 3.
const (
	oneEvent = 0
	rate     = 2
	square   = 3
	strobe   = 4
)

// The ways to read and write a count.
const (
	lowByte  = 1
	highByte = 2
)

// mode is bits 3:1 of the control word.
func (c *channel) mode() uint8 {
	if m := c.control >> 1 & 7; m < 6 {
		return m
	}
	return c.control >> 1 & 3
}

// access is bits 5:4 of the control word.
func (c *channel) access() uint8 { return c.control >> 4 & 3 }

// modulus is the number of values that a counter has.
func (c *channel) modulus() int64 {
	if c.control&1 != 0 {
		return 10000
	}
	return 1 << 16
}

// periodic reports whether the counter starts again by itself.
func (c *channel) periodic() bool { return c.mode() == rate || c.mode() == square }

// program takes a control word. Nothing counts until a count is written.
func (c *channel) program(v uint8) {
	*c = channel{control: v & 0x3f, gate: c.gate, programmed: true}
}

// write takes a byte of a count.
func (c *channel) write(v uint8, now int64) {
	switch {
	case !c.programmed:
	case c.access() == lowByte:
		c.load(uint16(v), now)
	case c.access() == highByte:
		c.load(uint16(v)<<8, now)
	case c.writeHigh:
		c.writeHigh = false
		c.load(uint16(v)<<8|uint16(c.low), now)
	default:
		c.low, c.writeHigh = v, true
		if c.mode() == oneEvent {
			c.count = 0 // the first byte stops it, its output falls
		}
	}
}

// load takes a whole count. It is in the counter one pulse later, and another
// that is written before that pulse takes its place. A periodic counter that
// runs goes on to the end of its period, or of its half of a square wave; one
// whose gate is low waits for the gate.
func (c *channel) load(v uint16, now int64) {
	n := c.decode(v)
	c.advance(now)
	if c.periodic() && c.count != 0 && now >= c.start {
		c.wait(n, now)
		return
	}
	c.count, c.start, c.paused = n, now+1, 0
}

// wait keeps a count until the counter loads again. A square wave loads twice
// in a period: a count that comes in the middle begins with its low half.
func (c *channel) wait(n, now int64) {
	turn, end := c.turns()
	begin := now - c.elapsed(now)%c.count
	c.next, c.nextAt, c.nextStart = n, begin+end, begin+end
	if c.mode() == square && now < begin+turn {
		c.nextAt = begin + turn
		c.nextStart = c.nextAt - (n+1)/2
	}
}

// decode is the number of pulses that a written count means: zero is the
// greatest.
func (c *channel) decode(v uint16) int64 {
	n := int64(v)
	if c.control&1 != 0 {
		n = int64(v>>12)*1000 + int64(v>>8&15)*100 + int64(v>>4&15)*10 + int64(v&15)
	}
	if n == 0 {
		return c.modulus()
	}
	return n
}

// encode is what a reader sees of a counter's value.
func (c *channel) encode(n int64) uint16 {
	n = (n%c.modulus() + c.modulus()) % c.modulus()
	if c.control&1 != 0 {
		return uint16(n/1000<<12 | n/100%10<<8 | n/10%10<<4 | n%10)
	}
	return uint16(n)
}

// advance puts a waiting count to work when its time has come.
func (c *channel) advance(now int64) {
	if c.next != 0 && c.gate && now >= c.nextAt {
		c.count, c.start, c.next = c.next, c.nextStart, 0
	}
}

// elapsed is the number of pulses counted so far.
func (c *channel) elapsed(now int64) int64 {
	if !c.gate {
		return c.paused
	}
	return max(now-c.start, 0)
}

// setGate drives the gate. A low gate stops the counter; a rising one starts
// a period anew, with the count that was written last, or lets the count go
// on.
func (c *channel) setGate(high bool, now int64) {
	if high == c.gate {
		return
	}
	c.advance(now)
	if !high {
		c.paused = c.elapsed(now)
		c.gate = false
		return
	}
	c.gate = true
	if !c.periodic() {
		c.start = max(c.start, now-c.paused)
		return
	}
	c.start = now + 1
	if c.next != 0 {
		c.count, c.next = c.next, 0
	}
}

// output is the level of the OUT pin.
func (c *channel) output(now int64) bool {
	c.advance(now)
	e := c.elapsed(now)
	switch {
	case !c.programmed:
		return false
	case c.mode() == oneEvent:
		return c.count != 0 && e >= c.count
	case c.count == 0 || c.periodic() && !c.gate:
		return true
	case c.mode() == rate:
		return e%c.count != c.count-1
	case c.mode() == square:
		return e%c.count < (c.count+1)/2
	case c.mode() == strobe:
		return e != c.count
	}
	return true
}

// nextChange is the pulse at which the output changes next; ok is false if it
// stays.
func (c *channel) nextChange(now int64) (at int64, ok bool) {
	if c.count == 0 || !c.gate {
		return 0, false
	}
	e := c.elapsed(now)
	turn, end := c.turns()
	if !c.periodic() {
		switch {
		case e < turn:
			return c.start + turn, true
		case e < end:
			return c.start + end, true
		}
		return 0, false
	}
	begin := c.start + e/c.count*c.count
	if e%c.count < turn {
		return begin + turn, true
	}
	return begin + end, true
}

// turns are the places in a count at which the output changes.
func (c *channel) turns() (turn, end int64) {
	switch c.mode() {
	case oneEvent:
		return c.count, c.count
	case rate:
		return c.count - 1, c.count
	case square:
		return (c.count + 1) / 2, c.count
	case strobe:
		return c.count, c.count + 1
	}
	return 0, 0
}

// value is what the counter holds. A square wave counts down by two, twice in
// a period.
func (c *channel) value(now int64) uint16 {
	c.advance(now)
	e := c.elapsed(now)
	switch {
	case c.count == 0:
		return 0
	case c.mode() == rate:
		return c.encode(c.count - e%c.count)
	case c.mode() == square:
		e %= c.count
		if half := (c.count + 1) / 2; e >= half {
			e -= half
		}
		return c.encode(c.count&^1 - 2*e)
	}
	return c.encode(c.count - e)
}

// latchCount keeps the value for the reader, until it was read.
func (c *channel) latchCount(now int64) {
	if !c.latched {
		c.latch, c.latched = c.value(now), true
	}
}

// latchStatus keeps the status byte: output, whether the last count written
// is not in the counter yet, and the control word.
func (c *channel) latchStatus(now int64) {
	if c.hasStatus {
		return
	}
	c.status, c.hasStatus = c.control, true
	if c.output(now) {
		c.status |= 0x80
	}
	if c.count == 0 || c.next != 0 || now < c.start {
		c.status |= 0x40
	}
}

// read gives the latched status, then the latched count, then the counter as
// it runs.
func (c *channel) read(now int64) uint8 {
	if c.hasStatus {
		c.hasStatus = false
		return c.status
	}
	v := c.latch
	if !c.latched {
		v = c.value(now)
	}
	high := c.access() == highByte || c.access() != lowByte && c.readHigh
	if c.access() != lowByte && c.access() != highByte {
		c.readHigh = !c.readHigh
	}
	c.latched = c.latched && c.readHigh
	if high {
		return uint8(v >> 8)
	}
	return uint8(v)
}
