package nvme_test

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/tools/fio"
	"bothhalves/kernelsim/trace"
)

// TestBlockSoftIRQ: a disk with a queue for each processor ends its requests in
// the interrupt, and BLOCK is never raised; one with a queue for all ends them
// in BLOCK, where the interrupt came or where an IPI has brought them.
func TestBlockSoftIRQ(t *testing.T) {
	for _, tt := range []struct {
		cfg    machine.Config
		queues int
		want   func(id, interrupted int) bool // BLOCK runs there
	}{
		{machine.Config{CPUs: 4}, 4, func(int, int) bool { return false }},
		{machine.Config{CPUs: 4}, 2, func(int, int) bool { return false }}, // two processors share a cache and a queue
		{machine.Config{CPUs: 4}, 1, func(id, at int) bool { return id == at }},
		{machine.Config{CPUs: 4, Nodes: 2}, 1, func(id, at int) bool { return id == at || id/2 != at/2 }},
		{machine.Config{CPUs: 4, Nodes: 2, Append: "threadirqs"}, 1, func(id, at int) bool { return id == at }},
	} {
		t.Run(fmt.Sprintf("%d nodes, %d queues %s", tt.cfg.Nodes, tt.queues, tt.cfg.Append), func(t *testing.T) {
			m := disk(t, tt.cfg, tt.queues, "on")
			work(t, m, fio.Options{Runtime: sim.Microsecond, NumJobs: 1, IODepth: 1})
			from := m.Ring().Total()
			n, _ := work(t, m, fio.Options{Runtime: 2 * sim.Millisecond}).Requests()
			for id, c := range m.CPUs() {
				runs := softirq.Count(c, softirq.Block)
				if want := tt.want(id, places(m)[1]); (runs > 0) != want || runs > n+1 { // one was there before
					t.Errorf("BLOCK ran %d times on CPU %d for %d requests, want any: %v", runs, id, n, want)
				}
			}
			for _, x := range m.Ring().From(from) {
				if x.Kind == trace.SoftIRQEntry && x.A == uint32(softirq.Block) && tt.cfg.Append != "" && m.Ring().Names().Comm(x.Task)[:4] != "irq/" {
					t.Fatalf("with threadirqs BLOCK runs in %s", m.Ring().Names().Comm(x.Task))
				}
			}
			var ended uint64
			for _, s := range m.Disks()[0].Disk().Stats {
				ended += s.Completed
			}
			if ended < n {
				t.Errorf("%d of %d requests ended", ended, n)
			}
		})
	}
}
