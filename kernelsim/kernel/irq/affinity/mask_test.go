package affinity

import (
	"slices"
	"testing"
)

func TestMaskText(t *testing.T) {
	for _, tt := range []struct {
		m         CPUMask
		n         int
		hex, list string
	}{
		{0, 4, "0", ""},
		{0xf, 4, "f", "0-3"},
		{0xfff, 12, "fff", "0-11"},
		{1, 12, "001", "0"},
		{MaskOf(0, 2, 3, 5), 8, "2d", "0,2-3,5"},
		{MaskOf(31), 32, "80000000", "31"},
		{MaskOf(1, 33), 34, "2,00000002", "1,33"},
		{^CPUMask(0), 64, "ffffffff,ffffffff", "0-63"},
		{MaskOf(0), 48, "0000,00000001", "0"},
	} {
		if got := tt.m.Hex(tt.n); got != tt.hex {
			t.Errorf("%#x of %d CPUs: %q, want %q", uint64(tt.m), tt.n, got, tt.hex)
		}
		if got := tt.m.String(); got != tt.list {
			t.Errorf("%#x: list %q, want %q", uint64(tt.m), got, tt.list)
		}
	}
}

func TestMaskSets(t *testing.T) {
	m := MaskOf(1, 5, 63)
	if got := slices.Collect(m.All()); !slices.Equal(got, []int{1, 5, 63}) {
		t.Errorf("All: %v", got)
	}
	for range m.All() {
		break
	}
	if m.First() != 1 || CPUMask(0).First() != MaxCPUs || m.Count() != 3 || !m.Has(63) || m.Has(2) {
		t.Errorf("first %d, count %d", m.First(), m.Count())
	}
	if m.Without(5) != MaskOf(1, 63) || m.Without(2) != m || FirstN(64) != ^CPUMask(0) || FirstN(0) != 0 {
		t.Error("Without or FirstN")
	}
}

func TestNumaDeals(t *testing.T) {
	for _, tt := range []struct {
		n, nodes int
		want     string
	}{{8, 2, "0-3 · 4-7"}, {5, 2, "0-2 · 3-4"}, {3, 3, "0 · 1 · 2"}, {4, 1, "0-3"}} {
		top := Numa(tt.n, tt.nodes)
		if got := text(top.Nodes); got != tt.want {
			t.Errorf("%d CPUs on %d nodes: %s, want %s", tt.n, tt.nodes, got, tt.want)
		}
		if top.NodeOf(0) != 0 || top.NodeOf(tt.n-1) != tt.nodes-1 || top.NodeOf(tt.n) != NoNode {
			t.Errorf("%d CPUs on %d nodes: NodeOf", tt.n, tt.nodes)
		}
	}
}
