package samples_test

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/samples"
	"bothhalves/kernelsim/sim"
)

// A lab is a machine with two processors, a metronome and the module halves.
type lab struct {
	*machine.Machine
	t  *testing.T
	fs *procfs.FS
}

func withHalves(t *testing.T, cfg machine.Config) *lab {
	t.Helper()
	cfg.CPUs = 2
	cfg.Devices = []board.Device{{Kind: "metronome", BDF: eduAt}}
	m, err := machine.Boot(cfg, samples.Parts()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	x := &lab{m, t, procfs.New(m)}
	x.load("halves")
	return x
}

func (x *lab) load(module string) {
	x.t.Helper()
	if err := x.Modprobe(module); err != nil {
		x.t.Fatal(err)
	}
}

// write writes lines to a module's file on CPU 1.
func (x *lab) write(name string, lines ...string) {
	x.t.Helper()
	for _, l := range lines {
		if err := x.fs.On([]int{1}).Write("/proc/"+name, []byte(l+"\n"), false); err != nil {
			x.t.Fatalf("%s: %v", l, err)
		}
	}
}

func (x *lab) run(d sim.Time) {
	x.t.Helper()
	if err := x.Run(d); err != nil {
		x.t.Fatal(err)
	}
}

func (x *lab) read(name string) string {
	x.t.Helper()
	text, err := x.fs.Read("/proc/" + name)
	if err != nil {
		x.t.Fatal(err)
	}
	return text
}

// value is the number behind a name in /proc/halves.
func (x *lab) value(name string) int {
	x.t.Helper()
	f := regexp.MustCompile(`(?m)^` + name + ` (\d+)`).FindStringSubmatch(x.read("halves"))
	if f == nil {
		return 0
	}
	n, _ := strconv.Atoi(f[1])
	return n
}

const (
	inIRQ  = "in_hardirq 1 in_serving_softirq 0 in_task 0 irqs off preempt_count 00010001"
	inSoft = "in_hardirq 0 in_serving_softirq 1 in_task 0 irqs on preempt_count 00000101"
	inTask = "in_hardirq 0 in_serving_softirq 0 in_task 1 irqs on preempt_count 00000000"
)

// halves are the bottom halves with what they are: the context, who runs them,
// whether two interrupts at once have two runs at once.
func halves() []struct {
	mech, context, task string
	parallel, sleeps    bool
} {
	return []struct {
		mech, context, task string
		parallel, sleeps    bool
	}{
		{"inline", inIRQ, "<idle>", true, false},
		{"softirq", inSoft, "<idle>", true, false},
		{"tasklet", inSoft, "<idle>", false, false},
		{"hi", inSoft, "<idle>", false, false},
		{"thread", inTask, "irq/", true, true}, // two interrupts have two threads
		{"work", inTask, "kworker/1:", false, true},
		{"work-highpri", inTask, "kworker/1:", false, true},
		{"work-unbound", inTask, "kworker/u4:", false, true},
	}
}

func TestHalves(t *testing.T) {
	for _, tt := range halves() {
		t.Run(tt.mech, func(t *testing.T) {
			x := withHalves(t, machine.Config{})
			x.write("halves", "mech="+tt.mech+" len=20us", "fire every=100us count=100 cpus=1")
			x.run(20 * sim.Millisecond)
			got := x.read("halves")
			if !strings.Contains(got, "context "+tt.context+"\n") || !strings.Contains(got, tt.task) {
				t.Errorf("context %q in %q is missing:\n%s", tt.context, tt.task, got)
			}
			if e, r := x.value("events"), x.value("runs"); e != 100 || r != 100 {
				t.Errorf("%d events in %d runs, want 100 in 100", e, r)
			}
			x.write("halves", "fire every=100us count=100 entries=2 cpus=0,1")
			x.run(20 * sim.Millisecond)
			if n := x.value("at once"); n > 0 != tt.parallel {
				t.Errorf("%d runs at once; at once they run: %v", n, tt.parallel)
			}
			if e, r, merged := x.value("events"), x.value("runs"), x.value("merged"); e != 200 || e != r+merged {
				t.Errorf("two interrupts: %d events, %d runs, %d merged", e, r, merged)
			}
			if err := x.Rmmod("halves"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Where a bottom half may sleep it does; elsewhere the kernel stops.
func TestHalvesThatSleep(t *testing.T) {
	for _, tt := range halves() {
		x := withHalves(t, machine.Config{})
		x.write("halves", "mech="+tt.mech+" len=1us sleep=1ms", "fire count=1 every=1us")
		err := x.Run(30 * sim.Millisecond)
		var r *oops.Report
		if tt.sleeps && (err != nil || x.value("runs") != 1) {
			t.Errorf("%s may sleep: %v\n%s", tt.mech, err, x.read("halves"))
		}
		if !tt.sleeps && (!errors.As(err, &r) || !strings.HasPrefix(r.Title, "BUG: scheduling while atomic")) {
			t.Errorf("%s may not sleep, and did: %v", tt.mech, err)
		}
	}
}

// A module that goes while its work is under way leaves nothing behind, whatever
// the interleaving.
func TestHalvesRemoved(t *testing.T) {
	for _, tt := range halves() {
		for seed := uint64(1); seed <= 10; seed++ {
			x := withHalves(t, machine.Config{Seed: seed})
			x.write("halves", "mech="+tt.mech+" len=50us", "fire every=60us count=1000 entries=2 cpus=0,1")
			x.run(sim.Time(seed) * 777 * sim.Microsecond)
			if err := x.Rmmod("halves"); err != nil {
				t.Fatalf("%s: seed %d: %v", tt.mech, seed, err)
			}
			x.load("halves")
			if err := x.RunIdle(); err != nil {
				t.Errorf("%s: seed %d: after it: %v", tt.mech, seed, err)
			}
			if n := x.value("events"); n != 0 {
				t.Errorf("%s: seed %d: loaded anew it has seen %d events", tt.mech, seed, n)
			}
		}
	}
}

func TestHalvesRefusals(t *testing.T) {
	x := withHalves(t, machine.Config{})
	before := x.read("halves")
	for _, bad := range []string{"", "mech=bh", "mech=", "len=20", "len=0us", "len=2s", "sleep=maybe", "len=5us mech=nothing", "fire count=0",
		"fire entries=3", "fire cpus=2", "fire cpus=", "fire every=-1us", "fire often", "burn"} {
		if err := x.fs.Write("/proc/halves", []byte(bad+"\n"), false); !errors.Is(err, errno.EINVAL) {
			t.Errorf("%q: %v, want EINVAL", bad, err)
		}
	}
	if after := x.read("halves"); after != before {
		t.Errorf("refused lines changed the file:\n%s", after)
	}
	m, err := machine.Boot(machine.Config{CPUs: 1}, samples.Parts()...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Modprobe("halves"); !errors.Is(err, errno.ENODEV) {
		t.Errorf("without a device: %v, want ENODEV", err)
	}
}

// The program starves: bottom halves at the ends of interrupts and ksoftirqd
// leave it what is left over.
func TestStarving(t *testing.T) {
	for _, tt := range []struct {
		mech, kernel string
		len          int
		least, most  int // percent of a second that the program had
	}{
		{"tasklet", "6.1", 80, 10, 20},
		{"tasklet", "6.1", 200, 0, 8},
		{"softirq", "6.1", 200, 40, 60}, // ksoftirqd has it, and shares
		{"softirq", "6.12", 200, 0, 8},
		{"work", "6.1", 200, 40, 60}, // as kworker does
	} {
		x := withHalves(t, machine.Config{Kernel: tt.kernel})
		had := x.hog(1)
		x.write("halves", fmt.Sprintf("mech=%s len=%dus", tt.mech, tt.len), "fire every=100us count=100000 cpus=1")
		start := *had
		x.run(sim.Second)
		if got := int((*had - start) * 100 / sim.Second); got < tt.least || got > tt.most {
			t.Errorf("%s of %d us on %s: the program had %d %%, want %d to %d", tt.mech, tt.len, tt.kernel, got, tt.least, tt.most)
		}
	}
}

// hog starts a program on a CPU that counts how much it has done.
func (x *lab) hog(n int) *sim.Time {
	x.t.Helper()
	had := new(sim.Time)
	if err := x.Do("sh", func(c *cpu.CPU) { samples.Hog(c, n, had) }); err != nil {
		x.t.Fatal(err)
	}
	return had
}
