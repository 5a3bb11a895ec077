package cpu

import (
	"testing"

	"bothhalves/kernelsim/sim"
)

// A seed makes each charge 0 to 99 % longer, evenly, short charges too.
func TestStretch(t *testing.T) {
	for _, d := range []sim.Time{1, 7, 300} {
		for seed := uint64(2); seed < 30; seed++ {
			s := newStretcher(seed, 3)
			var sum sim.Time
			const n = 4000
			for range n {
				x := s.extra(d)
				if x < 0 || x > d {
					t.Fatalf("seed %d: a charge of %d stretched by %d", seed, d, x)
				}
				sum += x
			}
			if mean := float64(sum) / float64(n*d); mean < 0.47 || mean > 0.52 {
				t.Errorf("seed %d, charges of %d: stretched by %.3f on average, want about a half", seed, d, mean)
			}
		}
	}
}

func TestStretchSequences(t *testing.T) {
	seen := map[[20]sim.Time]bool{}
	for seed := uint64(2); seed < 500; seed++ {
		for id := range 4 {
			s, again := newStretcher(seed, id), newStretcher(seed, id)
			var list [20]sim.Time
			for i := range list {
				list[i] = s.extra(1000)
				if again.extra(1000) != list[i] {
					t.Fatal("one seed gives two sequences")
				}
			}
			if seen[list] {
				t.Errorf("seed %d CPU %d repeats another's sequence", seed, id)
			}
			seen[list] = true
		}
	}
	for _, seed := range []uint64{0, 1} {
		if newStretcher(seed, 0).on {
			t.Errorf("seed %d stretches", seed)
		}
	}
}
