package irqremap

import (
	"errors"
	"testing"

	"bothhalves/kernelsim/kernel/errno"
)

// TestIndices: pins first, blocks aligned to their size, holes filled by
// single ones.
func TestIndices(t *testing.T) {
	u := New(Config{})
	u.reservePins()
	if u.pins[1] != 1 || u.pins[9] != 9 || u.pins[15] != 15 || u.pins[0] != 0 {
		t.Errorf("pins have indices (plus one) %v", u.pins)
	}
	for _, step := range []struct {
		count int
		want  uint16
	}{{1, 15}, {1, 16}, {4, 20}, {1, 17}, {1, 18}, {2, 24}, {1, 19}, {1, 26}, {32, 32}, {1, 27}} {
		got, err := u.Alloc(step.count)
		if err != nil || got != step.want {
			t.Errorf("%d entries begin at %d (%v), want %d", step.count, got, err, step.want)
		}
	}
	for _, bad := range []int{0, -1, 3, 1 << 17} {
		if _, err := u.Alloc(bad); !errors.Is(err, errno.ENOSPC) {
			t.Errorf("Alloc(%d): %v, want ENOSPC", bad, err)
		}
	}
}
