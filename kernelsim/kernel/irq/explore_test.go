package irq

import (
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/internal/explore"
)

// brief is for runs that are slow or repeated often: of the orders it leaves
// the two, on four controllers, that between them find most mistakes.
func brief() bool { return testing.Short() || runtime.GOOS == "js" }

// A trial is a setting and what tasks do meanwhile.
type trial struct {
	name string
	setting
}

// kinds are the controllers with the flows that Linux gives them. Those with
// fewer events are variants of one before.
func kinds() []trial {
	return []trial{
		{"edge, a message moved when it comes next", setting{flow: HandleEdge, chip: newMessageChip, arrivals: 3}},
		{"edge, a message moved at once", setting{flow: HandleEdge, chip: newMessageChip, arrivals: 3, anytime: true}},
		{"edge, a latch", setting{flow: HandleEdge, chip: newLatchChip, arrivals: 2}},
		{"edge, a latch moved at once", setting{flow: HandleEdge, chip: newLatchChip, arrivals: 2, anytime: true}},
		{"fasteoi, a pin", setting{flow: HandleFastEOI, chip: newPinChip, arrivals: 3}},
		{"fasteoi, a pin moved at once", setting{flow: HandleFastEOI, chip: newPinChip, arrivals: 2, anytime: true}},
		{"level, a line moved at once", setting{flow: HandleLevel, chip: newPlainChip, arrivals: 3, anytime: true}},
	}
}

// trials are what is explored: on each controller the interrupt is moved from
// CPU 0 to CPU 1 once, and disabled and enabled by a task of either; then the
// device's own mask in place of that.
func trials() (list []trial) {
	for i, k := range kinds() {
		if brief() && slices.Contains([]int{2, 3, 5}, i) {
			continue
		}
		for _, o := range orders() {
			t := trial{k.name + "/" + o.name, k.setting}
			t.programs, t.arrivals = o.programs, min(k.arrivals, o.arrivals)
			list = append(list, t)
		}
	}
	if brief() {
		return list
	}
	for n := range 2 {
		t := trial{fmt.Sprintf("edge, a message/its function masked, moved by CPU %d", n), setting{flow: HandleEdge, chip: newMessageChip, mask: true, arrivals: 3}}
		t.programs[n] = []op{moveTo(1)}
		list = append(list, t)
	}
	both := trial{"edge, a message/its function masked, and off and on", setting{flow: HandleEdge, chip: newMessageChip, mask: true, arrivals: 1}}
	both.programs = [2][]op{{moveTo(1)}, {disable, enable}}
	return append(list, both)
}

// orders are what tasks do, with the most events for which that is explored.
// Not to wait is the first half of waiting: fewer are enough.
func orders() []trial {
	if brief() {
		return []trial{
			{"moved by CPU 1", setting{programs: [2][]op{nil, {moveTo(1)}}, arrivals: 2}},
			{"moved while it is off, by CPU 1", setting{programs: [2][]op{nil, {disable, moveTo(1), enable}}, arrivals: 1}},
		}
	}
	return []trial{
		{"off and on at CPU 0, moved by CPU 1", setting{programs: [2][]op{{disable, enable}, {moveTo(1)}}, arrivals: 3}},
		{"off and on at CPU 1, moved by CPU 0", setting{programs: [2][]op{{moveTo(1)}, {disable, enable}}, arrivals: 3}},
		{"moved while it is off, by CPU 0", setting{programs: [2][]op{{disable, moveTo(1), enable}}, arrivals: 3}},
		{"moved while it is off, by CPU 1", setting{programs: [2][]op{nil, {disable, moveTo(1), enable}}, arrivals: 3}},
		{"off without waiting, at CPU 0", setting{programs: [2][]op{{disableNoSync, enable}, {moveTo(1)}}, arrivals: 2}},
		{"off without waiting, at CPU 1", setting{programs: [2][]op{{moveTo(1)}, {disableNoSync, enable}}, arrivals: 2}},
	}
}

// explored explores one setting to its end.
func explored(s setting, o explore.Options) explore.Result {
	shop := newShop()
	o.States = 1 << 18
	return explore.Run(func() *explore.Model { return shop.bench(s).model() }, o)
}

// TestEveryOrder: whatever the order of events, interrupts, tasks and
// processors, no event is lost, no handler runs twice at once, none runs where
// disable_irq has returned, nobody waits for ever, and all is at rest in the
// end, the interrupt where it was moved.
func TestEveryOrder(t *testing.T) {
	for _, tt := range trials() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := explored(tt.setting, explore.Options{})
			t.Logf("%d events: %v", tt.arrivals, r)
			if r.Failure != nil {
				t.Error(r.Failure)
			}
		})
	}
}

// TestEdgeOnFastEOI shows what Linux 6.1 does: handle_fasteoi_irq ends and
// forgets an interrupt that comes while the handlers run on another processor.
// A level comes again by itself; an edge behind such a flow, as messages behind
// some controllers, is lost if the interrupt has been moved in between.
func TestEdgeOnFastEOI(t *testing.T) {
	s := setting{flow: HandleFastEOI, chip: newMessageChip, arrivals: 2, anytime: true}
	s.programs[0] = []op{moveTo(1)}
	r := explored(s, explore.Options{})
	if r.Failure == nil || !strings.Contains(r.Failure.Error(), "lost: 2 events, and the last handler began after 1") {
		t.Fatalf("%v: %v", r, r.Failure)
	}
	t.Log(r.Failure)
}

// TestMergingLosesNothing holds the merging of states by where the code stands
// against the one that is certain: both come to the same states and ends.
func TestMergingLosesNothing(t *testing.T) {
	if brief() {
		t.Skip("it is about the explorer, not about what is explored")
	}
	for i, k := range kinds() {
		s := k.setting
		if i == 2 { // a latch that asks again and again: too many pasts
			continue
		}
		s.arrivals, s.programs = 1, [2][]op{{moveTo(1)}}
		if i == 0 {
			s.programs = [2][]op{{disableNoSync, enable}, {moveTo(1)}}
		}
		seed := maphash.MakeSeed()
		cheap, exact := explored(s, explore.Options{Seed: seed}), explored(s, explore.Options{Seed: seed, Exact: true})
		t.Logf("%s: %v; exact: %v", k.name, cheap, exact)
		missed := 0
		for key := range exact.Keys {
			if !cheap.Keys[key] {
				missed++
			}
		}
		if missed > 0 || len(cheap.Keys) != len(exact.Keys) || cheap.States >= exact.States {
			t.Errorf("%s: %d states of %d are missed", k.name, missed, len(exact.Keys))
		}
	}
}
