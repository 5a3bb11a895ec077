package chunk

import "math/bits"

// A bitmap is a row of bits (include/linux/bitmap.h).
type bitmap []uint64

func newBitmap(n int) bitmap { return make(bitmap, (n+63)/64) }

func (b bitmap) test(i int) bool { return b[i/64]>>(i%64)&1 != 0 }

func (b bitmap) put(i int, v bool) {
	if v {
		b[i/64] |= 1 << (i % 64)
	} else {
		b[i/64] &^= 1 << (i % 64)
	}
}

// fill sets or clears n bits from i on.
func (b bitmap) fill(i, n int, v bool) {
	for end := i + n; i < end; {
		if i%64 == 0 && end-i >= 64 {
			b[i/64] = 0
			if v {
				b[i/64] = ^uint64(0)
			}
			i += 64
			continue
		}
		b.put(i, v)
		i++
	}
}

// next is the first bit from i on that equals v, end if there is none
// (find_next_bit, find_next_zero_bit).
func (b bitmap) next(i, end int, v bool) int {
	for i < end {
		w := b[i/64]
		if !v {
			w = ^w
		}
		if w >>= i % 64; w != 0 {
			return min(i+bits.TrailingZeros64(w), end)
		}
		i = i/64*64 + 64
	}
	return end
}

// lastSet is the last bit set in [from, end), end if there is none
// (find_last_bit).
func (b bitmap) lastSet(from, end int) int {
	for i := end - 1; i >= from; i-- {
		if i%64 == 63 && b[i/64] == 0 {
			i -= 63
			continue
		}
		if b.test(i) {
			return i
		}
	}
	return end
}
