package affinity

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// machine is the least that a per-CPU variable needs: n processors whose GS
// bases lead to their units.
func machine(n int) []*cpu.CPU {
	eng, ring := sim.New(n), trace.NewRing(1024)
	b := percpu.Link(func(string) (percpu.Off, bool) { return 0, false }, 0)
	cpus := make([]*cpu.CPU, n)
	for i := range cpus {
		cpus[i] = cpu.New(cpu.Setup{Proc: eng.Proc(i), Ring: ring})
	}
	for i, c := range cpus {
		c.Peers = cpus
		b.Load(c, percpu.Addr(i<<20), make([]byte, 1<<16))
	}
	return cpus
}

func masksOf(list []Desc) (s string, managed int) {
	var masks []CPUMask
	for _, d := range list {
		masks = append(masks, d.Mask)
		if d.Managed {
			managed++
		}
	}
	return text(masks), managed
}

func TestCreateMasks(t *testing.T) {
	two := func(a *Affinity, n int) { a.Sets, a.SetSize = 2, [MaxSets]int{n / 2, n - n/2} }
	for _, tt := range []struct {
		name    string
		n       int
		a       Affinity
		want    string
		managed int
	}{
		{"nvme of 4 queues (recorded: vectors/smp4)", 5, Affinity{PreVectors: 1}, "0-3 · 0 · 1 · 2 · 3", 4},
		{"nothing reserved", 4, Affinity{}, "0 · 1 · 2 · 3", 4},
		{"both ends", 4, Affinity{PreVectors: 1, PostVectors: 1}, "0-3 · 0-1 · 2-3 · 0-3", 2},
		{"all reserved", 2, Affinity{PreVectors: 1, PostVectors: 1}, "", 0},
		{"more reserved than there are", 1, Affinity{PreVectors: 2}, "", 0},
		{"two sets", 6, Affinity{PreVectors: 1, CalcSets: two}, "0-3 · 0-1 · 2-3 · 0-1 · 2 · 3", 5},
		{"a set that leaves some", 4, Affinity{CalcSets: func(a *Affinity, n int) { a.Sets, a.SetSize[0] = 1, 2 }},
			"0-1 · 2-3 · 0-3 · 0-3", 4},
		{"too many sets", 4, Affinity{CalcSets: func(a *Affinity, n int) { a.Sets = MaxSets + 1 }}, "", 0},
	} {
		c := machine(4)[0]
		if got, managed := masksOf(CreateMasks(c, tt.n, &tt.a)); got != tt.want || managed != tt.managed {
			t.Errorf("%s: %s with %d managed, want %s with %d", tt.name, got, managed, tt.want, tt.managed)
		}
	}
}

// A SpreadFunc that takes the place of the kernel's is asked, and one that
// answers with the wrong number of masks counts as one that failed.
func TestSetSpread(t *testing.T) {
	c := machine(4)[0]
	SetDefault(c, MaskOf(2))
	var asked Request
	SetSpread(c, func(r Request) []CPUMask {
		asked = r
		return []CPUMask{MaskOf(0), MaskOf(1), MaskOf(2)}
	})
	if got, _ := masksOf(CreateMasks(c, 3, &Affinity{PreVectors: 1})); got != "0 · 1 · 2" {
		t.Errorf("masks %s", got)
	}
	if asked.Vectors != 3 || asked.Pre != 1 || asked.Default != MaskOf(2) || asked.Topology.Possible != FirstN(4) {
		t.Errorf("asked for %+v", asked)
	}
	if list := CreateMasks(c, 4, &Affinity{}); list != nil {
		t.Errorf("three masks for four vectors: %v", list)
	}
	SetSpread(c, nil)
	if got, _ := masksOf(CreateMasks(c, 4, &Affinity{PreVectors: 1})); got != "2 · 0-1 · 2 · 3" {
		t.Errorf("without it: %s", got)
	}
}

func TestCalcVectors(t *testing.T) {
	sets := func(a *Affinity, n int) {}
	for _, tt := range []struct {
		least, most int
		a           Affinity
		want        int
	}{
		{1, 32, Affinity{}, 4},
		{1, 32, Affinity{PreVectors: 1}, 5},
		{1, 3, Affinity{PreVectors: 1}, 3},
		{1, 32, Affinity{PreVectors: 1, PostVectors: 1}, 0},
		{2, 32, Affinity{PreVectors: 1, PostVectors: 1}, 6},
		{1, 32, Affinity{CalcSets: sets}, 32},
		{1, 32, Affinity{PreVectors: 1, CalcSets: sets}, 32},
	} {
		if got := CalcVectors(machine(4)[0], tt.least, tt.most, &tt.a); got != tt.want {
			t.Errorf("%d to %d with %+v: %d, want %d", tt.least, tt.most, tt.a, got, tt.want)
		}
	}
}

// What is known of one machine's processors is not known of another's, and a
// node's mask has only the CPUs that were brought up.
func TestMachineState(t *testing.T) {
	c, other := machine(8)[3], machine(2)[0]
	SetTopology(c, Numa(8, 2))
	for _, n := range []int{0, 1, 4} {
		SetOnline(c, n, true)
		AddToNode(c, n)
	}
	SetOnline(c, 1, false)
	RemoveFromNode(c, 1)
	if Online(c) != MaskOf(0, 4) || !Online(other).Empty() || Default(c) != FirstN(8) || Default(other) != FirstN(2) {
		t.Errorf("online %s, %s; default %s, %s", Online(c), Online(other), Default(c), Default(other))
	}
	if NodeMask(c, 0) != MaskOf(0) || NodeMask(c, 1) != MaskOf(4) || !NodeMask(c, 2).Empty() || !NodeMask(c, NoNode).Empty() {
		t.Errorf("node masks %s and %s", NodeMask(c, 0), NodeMask(c, 1))
	}
}
