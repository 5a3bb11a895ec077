package timer

import "math/bits"

// The shape of the wheel. A level has 64 buckets; a bucket of the next level
// lasts eight times as long. With HZ above 100 there are nine levels, else
// eight.
const (
	lvlClkShift = 3                  // LVL_CLK_SHIFT
	lvlClkDiv   = 1 << lvlClkShift   // LVL_CLK_DIV
	lvlClkMask  = lvlClkDiv - 1      // LVL_CLK_MASK
	lvlBits     = 6                  // LVL_BITS
	lvlSize     = 1 << lvlBits       // LVL_SIZE
	lvlMask     = lvlSize - 1        // LVL_MASK
	maxDepth    = 9                  // LVL_DEPTH
	wheelSize   = lvlSize * maxDepth // WHEEL_SIZE
	maxDelta    = uint64(1)<<30 - 1  // NEXT_TIMER_MAX_DELTA
	highHZ      = 100                // above it there are maxDepth levels
)

// depthOf is LVL_DEPTH for a HZ.
func depthOf(hz int) int {
	if hz > highHZ {
		return maxDepth
	}
	return maxDepth - 1
}

// lvlShift is LVL_SHIFT: how many bits of a jiffy a level does not see.
func lvlShift(lvl int) uint { return uint(lvl) * lvlClkShift }

// lvlStart is LVL_START: how far away a timer of that level is at least.
func lvlStart(lvl int) uint64 { return lvlMask << (uint(lvl-1) * lvlClkShift) }

// before models time_before: a comes earlier than b, counters that overflow or
// not.
func before(a, b uint64) bool { return int64(a-b) < 0 }

// bucketAt models calc_index: the level's bucket for a time, and when that is
// looked at. It is the bucket after the one that the time lies in: a timer that
// is armed at the end of a tick, and one whose level is coarse, must not be
// early.
func bucketAt(expires uint64, lvl int) (idx int, at uint64) {
	n := expires>>lvlShift(lvl) + 1
	return lvl*lvlSize + int(n&lvlMask), n << lvlShift(lvl)
}

// wheelIndex models calc_wheel_index: the bucket of a wheel of so many levels,
// whose clock is clk, for a timer, and the jiffy at which it is looked at. One
// that is late already comes with the next; one too far away comes when the
// wheel ends.
func wheelIndex(expires, clk uint64, depth int) (idx int, at uint64) {
	delta := expires - clk
	if int64(delta) < 0 {
		return int(clk & lvlMask), clk
	}
	for lvl := range depth - 1 {
		if delta < lvlStart(lvl+1) {
			return bucketAt(expires, lvl)
		}
	}
	if cutoff := lvlStart(depth); delta >= cutoff { // WHEEL_TIMEOUT_CUTOFF
		expires = clk + cutoff - 1<<lvlShift(depth-1) // WHEEL_TIMEOUT_MAX
	}
	return bucketAt(expires, depth-1)
}

// A pendingMap says which buckets have timers, a word for each level.
type pendingMap [maxDepth]uint64

func (m *pendingMap) set(idx int)      { m[idx/lvlSize] |= 1 << (idx % lvlSize) }
func (m *pendingMap) clear(idx int)    { m[idx/lvlSize] &^= 1 << (idx % lvlSize) }
func (m *pendingMap) has(idx int) bool { return m[idx/lvlSize]&(1<<(idx%lvlSize)) != 0 }

// nextBucket models next_pending_bucket: how many buckets lie between a level's
// clock and its next one with timers, -1 if it has none.
func (m *pendingMap) nextBucket(lvl int, clk uint64) int {
	if m[lvl] == 0 {
		return -1
	}
	return bits.TrailingZeros64(bits.RotateLeft64(m[lvl], -int(clk&lvlMask)))
}

// next models __next_timer_interrupt: the jiffy at which the first bucket with
// timers is looked at, some 50 days from now if there is none. A level's clock
// stands at the bucket that comes next: unless the finer one is at its
// beginning, that is the one after the present.
func (m *pendingMap) next(base uint64, depth int) uint64 {
	next, clk := base+maxDelta, base
	for lvl := range depth {
		inLevel := clk & lvlClkMask
		if pos := m.nextBucket(lvl, clk); pos >= 0 {
			if at := (clk + uint64(pos)) << lvlShift(lvl); before(at, next) {
				next = at
			}
			if uint64(pos) <= (lvlClkDiv-inLevel)&lvlClkMask {
				break // it comes before the next level is looked at
			}
		}
		clk >>= lvlClkShift
		if inLevel != 0 {
			clk++
		}
	}
	return next
}
