package affinity

import (
	"math/rand"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/cpumask"
)

// smt is n CPUs in cores of two threads, the second thread of a core apart
// from the first by a stride.
func smt(n, stride int) Topology {
	t := Flat(n)
	for id := range n {
		first := id - id/stride%2*stride
		t.Siblings = append(t.Siblings, MaskOf(first, first+stride))
	}
	return t
}

func nodes(masks ...CPUMask) Topology {
	var t Topology
	for _, m := range masks {
		t.Present = t.Present.Or(m)
	}
	t.Possible, t.Nodes = t.Present, masks
	return t
}

func absentFrom(n, present int) Topology {
	t := Flat(n)
	t.Present = FirstN(present)
	return t
}

func text(masks []CPUMask) string {
	var list []string
	for _, m := range masks {
		list = append(list, m.String())
	}
	return strings.Join(list, " · ")
}

// The spreads that were recorded or computed for Linux 6.1.
func TestGroupCPUsEvenly(t *testing.T) {
	for _, tt := range []struct {
		name string
		top  Topology
		n    int
		want string
	}{
		{"4 CPUs (recorded: vectors/smp4)", Flat(4), 4, "0 · 1 · 2 · 3"},
		{"4 CPUs (recorded: vectors/smp4-nvme2)", Flat(4), 2, "0-1 · 2-3"},
		{"4 CPUs", Flat(4), 3, "0-1 · 2 · 3"},
		{"4 CPUs", Flat(4), 1, "0-3"},
		{"6 CPUs", Flat(6), 4, "0-1 · 2-3 · 4 · 5"},
		{"8 CPUs", Flat(8), 3, "0-2 · 3-5 · 6-7"},
		{"8 CPUs", Flat(8), 5, "0-1 · 2-3 · 4-5 · 6 · 7"},
		{"12 CPUs", Flat(12), 5, "0-2 · 3-5 · 6-7 · 8-9 · 10-11"},
		{"8 CPUs, threads 4 apart", smt(8, 4), 4, "0,4 · 1,5 · 2,6 · 3,7"},
		{"8 CPUs, threads 4 apart", smt(8, 4), 3, "0-1,4 · 2-3,6 · 5,7"},
		{"8 CPUs, threads 4 apart", smt(8, 4), 6, "0,4 · 1,5 · 2 · 3 · 6 · 7"},
		{"8 CPUs, threads side by side (recorded: vectors/smt-4x2)", smt(8, 1), 3, "0-2 · 3-5 · 6-7"},
		{"2 nodes of 4", Numa(8, 2), 1, "0-7"},
		{"2 nodes of 4", Numa(8, 2), 2, "0-3 · 4-7"},
		{"2 nodes of 4", Numa(8, 2), 3, "4-7 · 0-1 · 2-3"},
		{"2 nodes of 4 (recorded: vectors/numa-2x4-nvme4)", Numa(8, 2), 4, "4-5 · 6-7 · 0-1 · 2-3"},
		{"2 nodes of 4 (recorded: vectors/numa-2x4)", Numa(8, 2), 8, "4 · 5 · 6 · 7 · 0 · 1 · 2 · 3"},
		{"nodes of 6 and 2", nodes(FirstN(6), MaskOf(6, 7)), 4, "6-7 · 0-1 · 2-3 · 4-5"},
		{"4 nodes of 2, 3 groups", Numa(8, 4), 3, "0-1,6-7 · 2-3 · 4-5"},
		{"8 possible, 4 present", absentFrom(8, 4), 4, "0,4 · 1,5 · 2,6 · 3,7"},
		{"8 possible, 4 present", absentFrom(8, 4), 6, "0,6 · 1,7 · 2 · 3 · 4 · 5"},
		{"8 possible, 4 present", absentFrom(8, 4), 8, "0 · 1 · 2 · 3 · 4 · 5 · 6 · 7"},
		{"no groups", Flat(4), 0, ""},
		{"more groups than CPUs", Flat(2), 4, "0 · 1 ·  · "},
	} {
		if got := text(GroupCPUsEvenly(&tt.top, tt.n)); got != tt.want {
			t.Errorf("%s, %d groups: %s, want %s", tt.name, tt.n, got, tt.want)
		}
	}
}

// Whatever the machine looks like, every possible CPU is in exactly one group,
// no group is empty while CPUs suffice, and within one node no group is more
// than one CPU larger than another.
func TestGroupsOfRandomMachines(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 3000 {
		top := randomMachine(rnd)
		n := 1 + rnd.Intn(70)
		masks := GroupCPUsEvenly(&top, n)
		var all CPUMask
		for i, m := range masks {
			if all.Intersects(m) {
				t.Fatalf("%+v, %d groups: %s is in two groups", top, n, all.And(m))
			}
			all = all.Or(m)
			if m.Empty() && n <= top.Possible.Count() && top.Present == top.Possible {
				t.Fatalf("%+v, %d groups: group %d is empty", top, n, i)
			}
		}
		if all != top.Possible {
			t.Fatalf("%+v, %d groups: covers %s", top, n, all)
		}
		if bad := uneven(&top, n, masks); bad != "" {
			t.Fatalf("%+v, %d groups: %s", top, n, bad)
		}
	}
}

func randomMachine(rnd *rand.Rand) Topology {
	n := 1 + rnd.Intn(cpumask.Max)
	top := Flat(n)
	top.Nodes = make([]CPUMask, 1+rnd.Intn(8))
	for id := range n {
		node := rnd.Intn(len(top.Nodes))
		top.Nodes[node] = top.Nodes[node].With(id)
	}
	if rnd.Intn(3) == 0 {
		top.Present = top.Present.And(CPUMask{rnd.Uint64() | 1, rnd.Uint64(), rnd.Uint64(), rnd.Uint64()})
	}
	if rnd.Intn(2) == 0 && n%2 == 0 {
		top.Siblings = smt(n, n/2).Siblings
	}
	return top
}

func uneven(top *Topology, n int, masks []CPUMask) string {
	if top.Present != top.Possible || n <= len(top.Nodes) {
		return ""
	}
	for _, node := range top.Nodes {
		least, most := MaxCPUs, 0
		for _, m := range masks {
			if k := m.And(node).Count(); k > 0 {
				least, most = min(least, k), max(most, k)
			}
		}
		if most > least+1 {
			return "node " + node.String() + " is dealt unevenly: " + text(masks)
		}
	}
	return ""
}

// The sort sorts by size, whatever it does to equals: those the recorded
// spreads pin down.
func TestHeapSortSorts(t *testing.T) {
	rnd := rand.New(rand.NewSource(2))
	for range 2000 {
		list := make([]share, rnd.Intn(9))
		for i := range list {
			list[i] = share{id: i, cpus: uint32(1 + rnd.Intn(4))}
		}
		heapSort(list)
		seen := map[int]bool{}
		for i, s := range list {
			if i > 0 && s.cpus < list[i-1].cpus {
				t.Fatalf("%v is not sorted", list)
			}
			seen[s.id] = true
		}
		if len(seen) != len(list) {
			t.Fatalf("%v has lost an element", list)
		}
	}
}

// What the kernel's sort makes of equal elements, by an implementation in bytes
// and pointers as the original is. -1 stands for a node without CPUs.
func TestHeapSortOfEquals(t *testing.T) {
	for _, tt := range []struct {
		sizes []int
		want  string
	}{
		{[]int{4}, "0"}, {[]int{4, 4}, "10"}, {[]int{4, 4, 4}, "120"}, {[]int{4, 4, 4, 4}, "1230"},
		{[]int{4, 4, 4, 4, 4, 4, 4, 4}, "12345670"},
		{[]int{1, 0, 1, 1, 1, 1, 1, 0}, "71245630"},
		{[]int{1, 0, 0, 0, 2, -1, -1, 1}, "56213704"},
		{[]int{1, 2, -1, 1, -1, 0, 2, 1}, "24573061"},
		{[]int{-1, 1, 1, -1, 0, 2, 2, -1}, "07342165"},
		{[]int{1, 2, 0, 2, 0, 0, 0, -1}, "72645031"},
		{[]int{0, 0, -1, 2, 2, 1, 0, 1}, "26105743"},
	} {
		var list []share
		for i, n := range tt.sizes {
			list = append(list, share{id: i, cpus: uint32(n)})
		}
		heapSort(list)
		got := ""
		for _, s := range list {
			got += string(rune('0' + s.id))
		}
		if got != tt.want {
			t.Errorf("%v come as %q, want %q", tt.sizes, got, tt.want)
		}
	}
}
