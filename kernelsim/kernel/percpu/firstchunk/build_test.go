package firstchunk_test

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"

	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/firstchunk"
	"bothhalves/kernelsim/kernel/percpu/image"
)

func distanceOf(node []int) func(a, b int) int {
	return func(a, b int) int {
		if node[a] == node[b] {
			return 10
		}
		return 20
	}
}

// nodes gives node 0 its CPUs, then node 1 and so on.
func nodes(counts ...int) (of []int) {
	for n, c := range counts {
		for range c {
			of = append(of, n)
		}
	}
	return of
}

// Unit sizes for the recorded static size. The counts without a recorded run
// (6, 7, 16 CPUs; 8+8 and 3+5 on two nodes) were computed by hand from
// pcpu_build_alloc_info.
func TestUnitSizes(t *testing.T) {
	for _, c := range []struct {
		counts            []int
		upa, unit, allocs int
	}{
		{[]int{1}, 1, 2097152, 1},
		{[]int{2}, 2, 1048576, 1},
		{[]int{3}, 4, 524288, 1},
		{[]int{4}, 4, 524288, 1},
		{[]int{5}, 2, 1048576, 3},
		{[]int{6}, 8, 262144, 1},
		{[]int{7}, 8, 262144, 1},
		{[]int{8}, 8, 262144, 1},
		{[]int{9}, 4, 524288, 3},
		{[]int{12}, 8, 262144, 2},
		{[]int{16}, 8, 262144, 2},
		{[]int{4, 4}, 4, 524288, 2},
		{[]int{8, 8}, 8, 262144, 2},
		{[]int{3, 5}, 2, 1048576, 5},
	} {
		of := nodes(c.counts...)
		sec := image.Default().Section()
		ai, err := firstchunk.BuildAllocInfo(sec, sec.Dynamic, 2<<20, len(of), distanceOf(of))
		if err != nil {
			t.Fatal(err)
		}
		units := 0
		for _, g := range ai.Groups {
			units += len(g.CPUs)
		}
		upa := ai.AllocSize / ai.UnitSize
		if upa != c.upa || ai.UnitSize != c.unit || units/upa != c.allocs || len(ai.Groups) != len(c.counts) {
			t.Errorf("%v CPUs: upa %d, unit %d, %d allocations, %d groups; want %+v", c.counts, upa, ai.UnitSize, units/upa, len(ai.Groups), c)
		}
	}
}

// Three CPUs need one piece of 96 pages, cut in 4 units or in 3: of equals the
// larger units win.
func TestLargerUnitsWinWhenEqual(t *testing.T) {
	ai, err := firstchunk.BuildAllocInfo(percpu.Section{Image: make([]byte, 4096)}, 0, 96*4096, 3, nil)
	if err != nil || ai.UnitSize != 32*4096 || len(ai.Groups[0].CPUs) != 3 {
		t.Errorf("%+v (%v), want 3 units of 32 pages", ai, err)
	}
}

func TestBuildRefuses(t *testing.T) {
	sec := image.Default().Section()
	neg := sec
	neg.Reserved = -1
	for i, f := range []func() (*percpu.Layout, error){
		func() (*percpu.Layout, error) { return firstchunk.BuildAllocInfo(sec, 0, 4096, 0, nil) },
		func() (*percpu.Layout, error) { return firstchunk.BuildAllocInfo(sec, 0, 4096, -5, nil) },
		func() (*percpu.Layout, error) { return firstchunk.BuildAllocInfo(sec, 0, 4096, 8193, nil) },
		func() (*percpu.Layout, error) { return firstchunk.BuildAllocInfo(sec, -1, 4096, 1, nil) },
		func() (*percpu.Layout, error) { return firstchunk.BuildAllocInfo(sec, 0, 100, 1, nil) },
		func() (*percpu.Layout, error) { return firstchunk.BuildAllocInfo(sec, 1<<62, 4096, 1, nil) },
		func() (*percpu.Layout, error) { return firstchunk.BuildAllocInfo(sec, 0, 1<<62, 1, nil) },
		func() (*percpu.Layout, error) { return firstchunk.BuildAllocInfo(sec, 0, 0, 1, nil) },
		func() (*percpu.Layout, error) { return firstchunk.BuildAllocInfo(neg, 0, 4096, 1, nil) },
	} {
		if ai, err := f(); err == nil {
			t.Errorf("case %d gave %+v", i, ai)
		}
	}
}

// spec is the layout said in another way: the groups' sizes first, then all
// candidates listed, the unfit crossed out, the rest compared.
type spec struct {
	static, reserved, dyn, atom, cpus int
	near                              func(a, b int) bool
}

func (s spec) groups() [][]int {
	var groups [][]int
next:
	for cpu := range s.cpus {
		for i, g := range groups {
			if s.near(g[0], cpu) {
				groups[i] = append(g, cpu)
				continue next
			}
		}
		groups = append(groups, []int{cpu})
	}
	return groups
}

// best takes accepted numbers of units from the largest down, until one needs
// more allocations than the accepted one before it.
func (s spec) best(alloc, least int, groups [][]int) (best int) {
	bestAllocs := 0
	for upa := alloc / least; upa > 0; upa-- {
		allocs := 0
		for _, g := range groups {
			for n := len(g); n > 0; n -= upa {
				allocs++
			}
		}
		if alloc%(upa*4096) != 0 || allocs*upa-s.cpus > s.cpus/3 {
			continue
		}
		if best != 0 && allocs > bestAllocs {
			break
		}
		best, bestAllocs = upa, allocs
	}
	return best
}

func (s spec) layout() *percpu.Layout {
	pages := 0
	for pages*4096 < s.static+s.reserved+max(s.dyn, 12288) {
		pages++
	}
	least, alloc := max(pages*4096, 32768), s.atom
	for alloc < least {
		alloc += s.atom
	}
	groups := s.groups()
	upa := s.best(alloc, least, groups)
	ai := &percpu.Layout{Static: s.static, Reserved: s.reserved, Dynamic: pages*4096 - s.static - s.reserved,
		UnitSize: alloc / upa, AtomSize: s.atom, AllocSize: alloc}
	at := uint64(0)
	for _, g := range groups {
		for len(g)%upa != 0 {
			g = append(g, percpu.EmptyUnit)
		}
		ai.Groups = append(ai.Groups, percpu.Group{BaseOffset: at, CPUs: g})
		at += uint64(len(g) * ai.UnitSize)
	}
	return ai
}

func TestBuildAgainstSecondSpecification(t *testing.T) {
	r := rand.New(rand.NewSource(6))
	for i := range 3000 {
		cpus := 1 + i%256
		of := make([]int, cpus)
		for c := range of {
			of[c] = r.Intn(1 + r.Intn(8))
		}
		sec := percpu.Section{Image: make([]byte, 1+r.Intn(600000)), Reserved: r.Intn(4) * 4096}
		dyn := r.Intn(60000)
		atom := []int{4096, 2 << 20, 1 << 20, 3 * 4096}[r.Intn(4)]
		if i%3 == 0 {
			sec, dyn, atom = image.Default().Section(), 28672, 2<<20
		}
		got, err := firstchunk.BuildAllocInfo(sec, dyn, atom, cpus, distanceOf(of))
		if err != nil {
			t.Fatal(err)
		}
		want := spec{len(sec.Image), sec.Reserved, dyn, atom, cpus, func(a, b int) bool { return of[a] == of[b] }}.layout()
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%d CPUs on nodes %v, s%d r%d d%d atom %d:\n got %+v\nwant %+v", cpus, of, len(sec.Image), sec.Reserved, dyn, atom, got, want)
		}
	}
}

// A distance that is not the same both ways does not join two CPUs.
func TestDistanceBothWays(t *testing.T) {
	sec := image.Default().Section()
	oneWay := func(a, b int) int {
		if a < b {
			return 10
		}
		return 20
	}
	ai, err := firstchunk.BuildAllocInfo(sec, 0, 2<<20, 3, oneWay)
	if err != nil || len(ai.Groups) != 3 {
		t.Errorf("%d groups (%v), want 3", len(ai.Groups), err)
	}
}

func ExampleBuildAllocInfo() {
	sec := image.Default().Section()
	ai, err := firstchunk.BuildAllocInfo(sec, sec.Dynamic, 2<<20, 5, nil)
	fmt.Println(ai.UnitSize, ai.Groups[0].CPUs, err)
	// Output: 1048576 [0 1 2 3 4 -1] <nil>
}
