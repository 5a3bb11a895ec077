package procfs_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// irqState is all that a write below /proc/irq could change, and all that it
// must not.
func irqState(m *machine.Machine, fs *procfs.FS) string {
	var b strings.Builder
	for _, d := range m.Interrupts() {
		fmt.Fprintln(&b, d.DebugShow(m.CPUs()[0]), d.Hint(), d.Total())
	}
	fmt.Fprintln(&b, m.Domains()[0].DebugShow(m.CPUs()[0]), affinity.Default(m.CPUs()[0]))
	return b.String()
}

// TestRefusedChangesNothing writes whatever comes to whatever is there: who
// gets an error finds everything as it was.
func TestRefusedChangesNothing(t *testing.T) {
	m, fs := irqMachine(t)
	rnd := rand.New(rand.NewPCG(4, 4))
	files := []string{"smp_affinity", "smp_affinity_list", "effective_affinity", "effective_affinity_list", "affinity_hint", "node", "spurious"}
	pieces := []string{"0", "1", "f", "3", "8", "10", "1000", "ffffffff", ",", "-", ":", "/", " ", "\n", "zz", "0-3", "all", "N", "0-3:1/2", "4", "+", "0x1", "_", "\x00", "é"}
	refused, taken := 0, 0
	before := irqState(m, fs)
	for range 800 {
		path := "/proc/irq/" + []string{"0", "1", "2", "9", "13", "24", "25", "28", "30", "37"}[rnd.IntN(10)] + "/" + files[rnd.IntN(len(files))]
		if rnd.IntN(12) == 0 {
			path = "/proc/irq/default_smp_affinity"
		}
		text := pieces[rnd.IntN(9)]
		for range rnd.IntN(3) {
			text += pieces[rnd.IntN(len(pieces))]
		}
		err := fs.Write(path, []byte(text), rnd.IntN(2) == 0)
		after := irqState(m, fs)
		if err != nil {
			refused++
			if after != before {
				t.Fatalf("%s <- %q: %v, and yet something has changed", path, text, err)
			}
		} else {
			taken++
		}
		before = after
	}
	t.Logf("%d refused, %d taken", refused, taken)
	if refused < 500 || taken < 25 {
		t.Error("not much was tried")
	}
}
