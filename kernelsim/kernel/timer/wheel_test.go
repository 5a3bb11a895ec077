package timer_test

import (
	"math/rand/v2"
	"testing"

	"bothhalves/kernelsim/kernel/timer"
)

// A place is where the rules say that a timer waits.
type place struct {
	level, bucket int
	at            uint64
}

// naive finds it by the rules alone. Level n takes what is less than 63 of its
// buckets away, a bucket of it lasts 8^n jiffies, and it ends, which is when it
// is looked at, after the timer's jiffy. What has passed comes at once; what is
// further away than the last level reaches, comes when the wheel ends.
func naive(expires, clk uint64, depth int) place {
	if int64(expires-clk) < 0 {
		return place{0, int(clk % 64), clk}
	}
	gran := uint64(1)
	for level := 0; ; level++ {
		last := level == depth-1
		if last && expires-clk >= 63*gran {
			expires = clk + 63*gran - gran
		}
		if last || expires-clk < 63*gran {
			at := expires - expires%gran + gran
			return place{level, int(at / gran % 64), at}
		}
		gran *= 8
	}
}

// around are distances at which something changes: the ends of all levels, and
// what lies beside them.
func around(depth int) []uint64 {
	list := []uint64{0, 1, 2}
	for level := range depth + 1 {
		end := uint64(63) << (3 * level)
		list = append(list, end-9, end-8, end-1, end, end+1, end+8, end+64)
	}
	return append(list, 1<<30-1, 1<<40, 1<<62)
}

// checkIndex holds one timer against the rules.
func checkIndex(t *testing.T, expires, clk uint64, depth int) {
	t.Helper()
	idx, at := timer.WheelIndex(expires, clk, depth)
	want := naive(expires, clk, depth)
	if idx != want.level*64+want.bucket || at != want.at {
		t.Fatalf("expires %d, clock %d, %d levels: bucket %d at %d, want level %d, bucket %d, at %d",
			expires, clk, depth, idx, at, want.level, want.bucket, want.at)
	}
	delta := int64(expires - clk)
	if reach := int64(63) << (3 * (depth - 1)); delta < 0 || delta >= reach {
		return
	}
	if late := int64(at - expires); late <= 0 || late > 1<<(3*want.level) || late > max(delta/7, 1) {
		t.Fatalf("expires %d, %d from now: %d late", expires, delta, late)
	}
}

// A timer goes where the rules say, is never early, and late by no more than
// its level's bucket, an eighth of its time.
func TestIndex(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for depth := 8; depth <= 9; depth++ {
		for _, clk := range []uint64{0, 1, 7, 8, 63, 64, 511, 1<<32 - 75000, 1<<32 - 1, 1 << 32, 1<<64 - 70} {
			for _, d := range around(depth) {
				checkIndex(t, clk+d, clk, depth)
				checkIndex(t, clk-d, clk, depth)
			}
		}
		for range 200_000 {
			clk := rnd.Uint64()
			checkIndex(t, clk+rnd.Uint64()>>(rnd.IntN(64)), clk, depth)
		}
	}
}

// FuzzIndex holds any timer against the rules.
func FuzzIndex(f *testing.F) {
	f.Add(uint64(100), uint64(99), true)
	f.Add(uint64(1)<<32, uint64(1)<<32-75000, false)
	f.Fuzz(func(t *testing.T, expires, clk uint64, small bool) {
		depth := 9
		if small {
			depth = 8
		}
		checkIndex(t, expires, clk, depth)
	})
}

// The first bucket with timers is found, however far away, as the clock moves
// towards it, and as buckets empty.
func TestNextBucket(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		depth := 8 + rnd.IntN(2)
		clk := rnd.Uint64() >> 1
		var m timer.Map
		left := map[int]uint64{} // when each bucket is looked at
		if next := m.Next(clk, depth); next != clk+timer.MaxDelta {
			t.Fatalf("an empty wheel at %d: next at %d", clk, next)
		}
		for range 1 + rnd.IntN(12) {
			idx, at := timer.WheelIndex(clk+rnd.Uint64()>>(34+rnd.IntN(30)), clk, depth)
			m.Set(idx)
			left[idx] = at
		}
		for len(left) > 0 {
			first := uint64(1<<64 - 1)
			for _, at := range left {
				first = min(first, at)
			}
			first = min(first, clk+timer.MaxDelta)
			if next := m.Next(clk, depth); next != first {
				t.Fatalf("clock %d: next at %d, want %d of %v", clk, next, first, left)
			}
			if rnd.IntN(2) == 0 && first > clk { // time passes, not as far as that
				clk += rnd.Uint64N(first - clk)
				continue
			}
			clk = first
			for idx, at := range left {
				if at == first {
					m.Clear(idx)
					delete(left, idx)
				}
			}
		}
	}
}

// The wheel has nine levels above HZ=100, else eight.
func TestDepth(t *testing.T) {
	for hz, want := range map[int]int{100: 8, 101: 9, 250: 9, 300: 9, 1000: 9} {
		if got := timer.DepthOf(hz); got != want {
			t.Errorf("HZ=%d: %d levels", hz, got)
		}
	}
}
