package blkmq_test

import (
	"fmt"
	"slices"
	"testing"

	"bothhalves/kernelsim/kernel/blkmq"
	"bothhalves/kernelsim/kernel/irq/affinity"
)

// threads is a machine of n CPUs, each core with two threads that are half a
// machine apart, or neighbors.
func threads(n int, neighbors bool) affinity.Topology {
	top := affinity.Flat(n)
	for id := range n {
		other := (id + n/2) % n
		if neighbors {
			other = id ^ 1
		}
		top.Siblings = append(top.Siblings, affinity.MaskOf(id, other))
	}
	return top
}

// TestMapQueues is what blk_mq_map_queues makes of a few machines.
func TestMapQueues(t *testing.T) {
	for _, tt := range []struct {
		top  affinity.Topology
		n    int
		want []int
	}{
		{affinity.Flat(1), 1, []int{0}},
		{affinity.Flat(4), 1, []int{0, 0, 0, 0}},
		{affinity.Flat(4), 4, []int{0, 1, 2, 3}},
		{affinity.Flat(4), 9, []int{0, 1, 2, 3}},
		{affinity.Flat(8), 3, []int{0, 1, 2, 0, 1, 2, 0, 1}},
		{threads(8, false), 4, []int{0, 1, 2, 3, 0, 1, 2, 3}},
		{threads(8, false), 3, []int{0, 1, 2, 0, 0, 1, 2, 0}},
		{threads(8, true), 2, []int{0, 1, 0, 0, 1, 1, 0, 0}},
		{threads(8, true), 8, []int{0, 1, 2, 3, 4, 5, 6, 7}},
	} {
		if got := blkmq.MapQueues(&tt.top, tt.n); !slices.Equal(got, tt.want) {
			t.Errorf("%d queues on %d CPUs: %v, want %v", tt.n, tt.top.Possible.Count(), got, tt.want)
		}
	}
}

// TestMapQueuesRules: every CPU has a queue that there is, no queue is left out
// while there are CPUs for it, and threads beyond the first round follow their
// core.
func TestMapQueuesRules(t *testing.T) {
	for cpus := 2; cpus <= 64; cpus += 2 {
		for n := 1; n <= 66; n++ {
			for i, top := range []affinity.Topology{affinity.Flat(cpus), threads(cpus, false), threads(cpus, true)} {
				name := fmt.Sprintf("%d queues, %d CPUs, machine %d", n, cpus, i)
				m := blkmq.MapQueues(&top, n)
				used := map[int]bool{}
				for id, q := range m {
					if q < 0 || q >= n {
						t.Fatalf("%s: CPU %d has queue %d", name, id, q)
					}
					used[q] = true
					if id < n && q != id {
						t.Fatalf("%s: CPU %d of the first round has queue %d", name, id, q)
					}
					if first := firstOf(top, id); id >= n && first != id && m[first] != q {
						t.Fatalf("%s: CPU %d has queue %d, its core's first thread %d", name, id, q, m[first])
					}
				}
				if len(m) != cpus || len(used) != min(n, cpus) {
					t.Fatalf("%s: %d CPUs use %d queues", name, len(m), len(used))
				}
			}
		}
	}
}

func firstOf(top affinity.Topology, id int) int {
	if id < len(top.Siblings) {
		return top.Siblings[id].First()
	}
	return id
}
