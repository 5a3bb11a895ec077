package affinity

import "testing"

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
