package matrix

import (
	"math/bits"
	"strconv"
	"strings"
)

// vectors is a set of the 256 vectors.
type vectors [4]uint64

func (b *vectors) has(v int) bool { return b[v>>6]>>(v&63)&1 != 0 }
func (b *vectors) set(v int)      { b[v>>6] |= 1 << (v & 63) }
func (b *vectors) clear(v int)    { b[v>>6] &^= 1 << (v & 63) }

// or is the union of two sets.
func (b vectors) or(o *vectors) vectors {
	for i := range b {
		b[i] |= o[i]
	}
	return b
}

// without is the set less those of another.
func (b vectors) without(o *vectors) vectors {
	for i := range b {
		b[i] &^= o[i]
	}
	return b
}

// first is the lowest vector of the set below end, end if there is none.
func (b vectors) first(end int) int {
	for i, w := range b {
		if w != 0 {
			return min(i<<6+bits.TrailingZeros64(w), end)
		}
	}
	return end
}

// firstClear is the lowest vector from start that is not in the set, end if
// there is none below it.
func (b vectors) firstClear(start, end int) int {
	for v := start; v < end; v++ {
		if !b.has(v) {
			return v
		}
	}
	return end
}

// count is the number of vectors in the set.
func (b vectors) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// String is the set as a list of ranges (%*pbl).
func (b vectors) String() string {
	var runs []string
	for v := 0; v < 256; v++ {
		if !b.has(v) {
			continue
		}
		from := v
		for v < 255 && b.has(v+1) {
			v++
		}
		if from == v {
			runs = append(runs, strconv.Itoa(v))
		} else {
			runs = append(runs, strconv.Itoa(from)+"-"+strconv.Itoa(v))
		}
	}
	return strings.Join(runs, ",")
}
