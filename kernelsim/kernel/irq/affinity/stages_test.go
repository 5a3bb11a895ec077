package affinity

import (
	"slices"
	"testing"
)

// TestStages: where the CPUs that are not there yet are dealt depends on how
// many groups those that are there have filled.
func TestStages(t *testing.T) {
	for _, tt := range []struct {
		name    string
		present CPUMask
		nodes   []CPUMask
		groups  int
		want    string
	}{
		{"none is there yet", CPUMask{}, []CPUMask{FirstN(2)}, 2, "0 · 1"},
		{"more nodes than groups: both stages begin at the first", MaskOf(0, 2, 4), []CPUMask{MaskOf(0, 1), MaskOf(2, 3), MaskOf(4, 5)}, 2, "0-1,4-5 · 2-3"},
		{"two nodes of one size, the heap sort lets the second go first, fill two of four groups", MaskOf(0, 2), []CPUMask{MaskOf(0, 1), MaskOf(2, 3)}, 4, "2 · 0 · 3 · 1"},
	} {
		top := nodes(tt.nodes...)
		top.Present = tt.present
		if got := text(GroupCPUsEvenly(&top, tt.groups)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestFourSets: as many sets as there may be, and one whole spread that is
// asked for at once.
func TestFourSets(t *testing.T) {
	c := machine(4)[0]
	four := func(a *Affinity, n int) { a.Sets, a.SetSize = 4, [MaxSets]int{1, 1, 1, n - 3} }
	if got, _ := masksOf(CreateMasks(c, 4, &Affinity{CalcSets: four})); got != "0-3 · 0-3 · 0-3 · 0-3" {
		t.Error(got)
	}
	var asked []Request
	SetSpread(c, func(r Request) []CPUMask { asked = append(asked, r); return Spread(r) })
	CreateMasks(c, 5, &Affinity{PreVectors: 1, PostVectors: 1})
	if len(asked) != 1 || asked[0].Vectors != 5 || asked[0].Pre != 1 || asked[0].Post != 1 {
		t.Errorf("%+v", asked)
	}
}

// TestHousekeeping: what is isolated is kept free, and nothing is where
// nothing was said.
func TestHousekeeping(t *testing.T) {
	c := machine(4)[0]
	if keep, isolated := Housekeeping(c); keep != FirstN(4) || isolated {
		t.Errorf("%s %v", keep, isolated)
	}
	Isolate(c, MaskOf(1, 2))
	if keep, isolated := Housekeeping(c); keep != MaskOf(0, 3) || !isolated {
		t.Errorf("%s %v", keep, isolated)
	}
}

// TestThreaded: neighbors in number share a core, the last one as many as are
// left; one thread a core is no news.
func TestThreaded(t *testing.T) {
	for threads, want := range map[int][]CPUMask{
		1: nil,
		2: {MaskOf(0, 1), MaskOf(0, 1), MaskOf(2, 3), MaskOf(2, 3), MaskOf(4)},
		3: {FirstN(3), FirstN(3), FirstN(3), MaskOf(3, 4), MaskOf(3, 4)},
	} {
		top := Flat(5).Threaded(4).Threaded(threads)
		if !slices.Equal(top.Siblings, want) {
			t.Errorf("%d threads: %v, want %v", threads, top.Siblings, want)
		}
	}
}
