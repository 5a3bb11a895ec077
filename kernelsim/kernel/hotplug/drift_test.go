package hotplug_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
)

// TestAvailableDrifts: what Linux 6.1 counts as available on a processor goes
// wrong where managed vectors are kept while it is online and given up while it
// is not (irq_matrix_reserve_managed and irq_matrix_remove_managed look at
// online, irq_matrix_online does not count anew), and only there.
func TestAvailableDrifts(t *testing.T) {
	m, err := machine.Boot(machine.Config{Append: "modprobe.blacklist=msix",
		Devices: []board.Device{{Kind: "msix", Vectors: 64, BDF: managedSlot}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	w := &churn{t: t, m: m}
	available := func() (n int) {
		w.do(func(c *cpu.CPU) {
			lines := strings.Split(strings.TrimSpace(vector.Debug(c)), "\n")
			var id int
			fmt.Sscan(lines[len(lines)-1], &id, &n) // of the last processor, 3
		})
		return n
	}
	takeIt := func() {
		w.do(func(c *cpu.CPU) {
			if err := take(c, managedSlot, 1); err != nil {
				t.Error(err)
			}
		})
	}
	free := func() { w.do(func(c *cpu.CPU) { pci.FreeIRQVectors(c, dev(c, managedSlot)) }) }
	w.toggleCPU(3) // the keyboard's interrupt leaves it
	w.toggleCPU(3)
	before := available()
	for _, step := range []func(){takeIt, func() { w.toggleCPU(3) }, func() { w.toggleCPU(3) }, free} {
		step()
	}
	if n := available(); n != before {
		t.Errorf("%d available, then %d", before, n)
	}
	for _, step := range []func(){takeIt, func() { w.toggleCPU(3) }, free, func() { w.toggleCPU(3) }} {
		step()
	}
	if n := available(); n != before-1 {
		t.Errorf("%d available, then %d: Linux has one less", before, n)
	}
}
