// Package reg describes hardware registers once: where the bits of a field
// lie, what they are called, which of them software may change, and at which
// offset each register answers. The simulated device, the text dumps and the
// bit tables of the book are all drawn from that one description.
package reg

import "fmt"

// A Field is a run of bits, written msb..lsb as manuals print it.
type Field struct{ Hi, Lo uint8 }

// Bit is the field of one bit.
func Bit(n uint8) Field { return Field{n, n} }

// Width is the number of bits in the field; 0 for a field that is no field
// (Lo above Hi, or beyond bit 63).
func (f Field) Width() int {
	if f.Lo > f.Hi || f.Hi > 63 {
		return 0
	}
	return int(f.Hi-f.Lo) + 1
}

// Mask has a one at each bit of the field.
func (f Field) Mask() uint64 { return ones(f.Width()) << f.Lo }

// Get extracts the field from a register value.
func (f Field) Get(v uint64) uint64 { return v & f.Mask() >> f.Lo }

// Put replaces the field in v by the low bits of x; bits of x that do not
// fit are dropped, as a register drops them.
func (f Field) Put(v, x uint64) uint64 { return v&^f.Mask() | x<<f.Lo&f.Mask() }

// String is "7:0", or "16" for one bit.
func (f Field) String() string {
	if f.Hi == f.Lo {
		return fmt.Sprint(f.Lo)
	}
	return fmt.Sprintf("%d:%d", f.Hi, f.Lo)
}

// ones is a value whose low n bits are set: none if n is negative.
func ones(n int) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<max(n, 0) - 1
}
