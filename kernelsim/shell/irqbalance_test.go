package shell_test

import (
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/shell"
)

// TestIRQBalanceAsRecorded: on the simulated machine the program prints byte for
// byte what the real one printed on the real machine, and every smp_affinity
// and node is afterwards what it was there (irqbalance/smp4, the idle run).
func TestIRQBalanceAsRecorded(t *testing.T) {
	const recorded = "../tools/irqbalance/testdata/"
	s := shell.New(newHost())
	defer s.Close()
	do(t, s, "boot -cpus 4 -nic none -blk nvme,bdf=00:03.0 -device virtio-net,vectors=10,bdf=00:02.0")
	text, err := os.ReadFile(recorded + "01-oneshot-idle")
	if err != nil {
		t.Fatal(err)
	}
	if got := do(t, s, "irqbalance --oneshot --debug"); got != string(text) {
		t.Errorf("prints\n%s\nrecorded\n%s", got, text)
	}
	text, err = os.ReadFile(recorded + "01-after-idle.proc_irq")
	if err != nil {
		t.Fatal(err)
	}
	facts := 0
	for line := range strings.Lines(string(text)) {
		path, want, _ := strings.Cut(line, ":")
		if got := do(t, s, "cat "+path); got != want {
			t.Errorf("%s is %q, recorded %q", path, got, want)
		}
		facts++
	}
	if facts < 60 {
		t.Errorf("only %d facts", facts)
	}
}
