package vector

import (
	"runtime"
	"strings"
	"testing"

	"bothhalves/kernelsim/internal/explore"
)

// TestMovesInEveryOrder: a message that is moved, and moved back, while it
// comes: whatever the order, none is lost on a vector that has been given up,
// and no vector is left behind.
func TestMovesInEveryOrder(t *testing.T) {
	for _, tt := range []struct {
		name   string
		moves  [2][]int
		events byte
	}{
		{"by CPU 0", [2][]int{{1}}, 3},
		{"by CPU 1", [2][]int{nil, {1}}, 3},
		{"there and back", [2][]int{{1}, {0}}, 2},
	} {
		if testing.Short() || runtime.GOOS == "js" { // the same functions, at a tenth of the speed
			if tt.events--; tt.name == "by CPU 0" {
				continue
			}
		}
		r := explore.Run(func() *explore.Model { return newPair(tt.moves).model(tt.events) }, explore.Options{States: 1 << 17})
		t.Logf("%s, %d events: %v", tt.name, tt.events, r)
		if r.Failure != nil {
			t.Error(r.Failure)
		}
	}
}

// TestHastyCleanup: a vector that is given back before what was under way has
// come is found.
func TestHastyCleanup(t *testing.T) {
	r := explore.Run(func() *explore.Model {
		p := newPair([2][]int{nil, {1}})
		p.hasty = true
		return p.model(2)
	}, explore.Options{States: 1 << 17})
	if r.Failure == nil || !strings.Contains(r.Failure.Error(), "on a vector that nobody has") {
		t.Errorf("%v: %v", r, r.Failure)
	}
}
