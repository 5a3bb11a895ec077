package machine_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/machine"
)

func boot(t testing.TB, cfg machine.Config, parts ...machine.Part) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg, parts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// The whole machine boots as the recorded ones did: the lines on the per-CPU
// areas and the CPUs in dmesg, in their order, and every GS base.
func TestBootsAsRecorded(t *testing.T) {
	for name, cfg := range map[string]machine.Config{
		"smp1": {CPUs: 1}, "smp2": {CPUs: 2}, "smp3": {CPUs: 3}, "smp4": {CPUs: 4}, "smp5": {CPUs: 5},
		"smp8": {CPUs: 8}, "smp9": {CPUs: 9}, "smp12": {CPUs: 12},
		"smp4-percpu-page": {CPUs: 4, Append: "quiet percpu_alloc=page"},
	} {
		want, err := os.ReadFile("testdata/smp-boot/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), bootLines(boot(t, cfg))); d != "" {
			t.Errorf("%s (-recorded +got):\n%s", name, d)
		}
	}
}

// bootLines are the lines of dmesg that were recorded, and the GS bases.
func bootLines(m *machine.Machine) string {
	var b strings.Builder
	for _, l := range m.Dmesg() {
		for _, part := range []string{"percpu:", "pcpu-alloc:", "smp: ", "smpboot: Allowing", "x86: Booting", ".... node"} {
			if strings.Contains(l.Text, part) {
				b.WriteString(l.Text + "\n")
				break
			}
		}
	}
	for _, c := range m.CPUs() {
		fmt.Fprintf(&b, "GS %016x\n", c.GS.Base)
	}
	return b.String()
}

// The threads that exist are the recorded ones, under the recorded pids
// (smp-boot/smp4/percpu-threads, nic-rx/virtio-4q/ps), and all sleep; workers, and
// who else has nothing to do, without counting as load.
func TestThreads(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 4})
	want := map[int]string{1: "init", 2: "kthreadd", 3: "rcu_gp", 4: "rcu_par_gp", 5: "slub_flushwq", 6: "netns", 7: "kworker/0:0", 8: "kworker/0:0H",
		9: "kworker/u8:0", 10: "mm_percpu_wq", 14: "ksoftirqd/0", 15: "rcu_preempt", 17: "kworker/0:1", 22: "kworker/1:0", 23: "kworker/1:0H",
		27: "kworker/2:0", 28: "kworker/2:0H", 32: "kworker/3:0", 33: "kworker/3:0H", 16: "migration/0", 18: "cpuhp/0", 19: "cpuhp/1", 20: "migration/1",
		21: "ksoftirqd/1", 24: "cpuhp/2", 25: "migration/2", 26: "ksoftirqd/2", 29: "cpuhp/3", 30: "migration/3", 31: "ksoftirqd/3"}
	for _, task := range m.Tasks() {
		if comm, ok := want[task.PID]; ok && comm != task.Comm {
			t.Errorf("pid %d is %s, recorded %s", task.PID, task.Comm, comm)
		}
		delete(want, task.PID)
		if l := task.State.Letter(); task.PID != 0 && l != "S" && l != "I" {
			t.Errorf("%s is in state %s", task, task.State.Letter())
		}
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

func TestBadConfigs(t *testing.T) {
	for _, cfg := range []machine.Config{{CPUs: -1}, {CPUs: 257}, {CPUs: 1 << 40}, {CPUs: 2, Nodes: 3}, {Nodes: -1}, {CPUs: 64, Nodes: 9}, {HZ: 99}, {HZ: -1}, {Kernel: "2.4"}} {
		if m, err := machine.Boot(cfg); err == nil || m != nil {
			t.Errorf("%+v boots", cfg)
		}
	}
	for _, cfg := range []machine.Config{{CPUs: 64, Nodes: 8, HZ: 1000}, {CPUs: 1, TraceLimit: -5}, {CPUs: 64, Append: "percpu_alloc=page"}} {
		boot(t, cfg)
	}
}
