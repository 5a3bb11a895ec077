package machine_test

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// stir starts a bit of everything on a machine: programs, sleepers, wakers,
// a nomad, interrupts from outside.
func stir(t testing.TB, m *machine.Machine) {
	t.Helper()
	c, n := m.CPUs()[0], len(m.CPUs())
	for i := range n {
		if err := m.Burn(i%2-1, 3*sim.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	var ring []*sched.Task
	for i := range 2 * n {
		ring = append(ring, sched.KThread(c, fmt.Sprintf("ring/%d", i), func(k *sched.Task) {
			for range 20 {
				k.CPU().Spend(cost.RemotePerCPU)
				sched.WakeUpProcess(k.CPU(), ring[(i+1)%len(ring)])
				hrtimer.USleep(k, sim.Time(50+i*7)*sim.Microsecond)
			}
		}))
	}
	sched.KThread(c, "nomad", func(k *sched.Task) {
		for i := range 12 {
			_ = sched.MoveSelf(k, i*5%n)
			k.CPU().Spend(cost.ProbeLoop)
		}
	})
	if err := m.Interrupt(n-1, entry.Reschedule); err != nil {
		t.Fatal(err)
	}
}

// hash is a number for every byte of the trace, the clocks and the counts.
func hash(m *machine.Machine) uint64 {
	h := fnv.New64a()
	for _, r := range m.Ring().From(0) {
		_ = binary.Write(h, binary.LittleEndian, r)
	}
	for _, c := range m.CPUs() {
		fmt.Fprintln(h, c.Now(), *c.Profile(), sched.SwitchesOf(c), *entry.StatsOf(c))
	}
	fmt.Fprintln(h, m.Events(), m.Now())
	return h.Sum64()
}

func configs() []machine.Config {
	return []machine.Config{
		{CPUs: 1}, {CPUs: 2}, {CPUs: 2, Seed: 2}, {CPUs: 4, Append: "preempt=full"}, {CPUs: 4, Seed: 77, Append: "preempt=full percpu_alloc=page"},
		{CPUs: 8, Nodes: 2, HZ: 1000, Seed: 3}, {CPUs: 12, HZ: 100, Seed: 1 << 63},
	}
}

func play(t testing.TB, cfg machine.Config) uint64 {
	t.Helper()
	m := boot(t, cfg)
	defer m.Close()
	stir(t, m)
	if err := m.Run(20 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	return hash(m)
}

// One configuration gives one trace, byte for byte: every time, with any
// number of threads for the Go runtime, natively and in WebAssembly (the
// golden is the same file).
func TestTraceHash(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var b strings.Builder
	for _, cfg := range configs() {
		want := play(t, cfg)
		for _, procs := range []int{1, 2, 8, 8} {
			runtime.GOMAXPROCS(procs)
			if got := play(t, cfg); got != want {
				t.Errorf("%+v: GOMAXPROCS=%d gives trace %x, not %x", cfg, procs, got, want)
			}
		}
		fmt.Fprintf(&b, "cpus=%d nodes=%d hz=%d seed=%d append=%q: %016x\n", cfg.CPUs, cfg.Nodes, cfg.HZ, cfg.Seed, cfg.Append, want)
	}
	goldenText(t, "trace.hashes", b.String())
}

func goldenText(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs (a change of prices or of the kernel changes it: then -update)\ngot:\n%swant:\n%s", file, got, want)
	}
}

// The same test, compiled to WebAssembly and run by node.
func TestTraceHashInWasm(t *testing.T) {
	if runtime.GOOS == "js" || testing.Short() {
		t.Skip("runs natively, and not with -short")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("SKIPPED: node is not installed, so nothing shows that WebAssembly gives the same trace")
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("SKIPPED: go env: %v", err)
	}
	runner := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "go_js_wasm_exec")
	cmd := exec.Command("go", "test", "-exec", runner, "-run", "^TestTraceHash$", "-count=1", ".")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestSeedsDiffer(t *testing.T) {
	seen := map[uint64]uint64{}
	for seed := uint64(1); seed <= 60; seed++ {
		h := play(t, machine.Config{CPUs: 2, Seed: seed})
		if other, ok := seen[h]; ok {
			t.Errorf("seeds %d and %d give one trace", other, seed)
		}
		seen[h] = seed
	}
}

// Stopping at events, stepping and looking give the run that nobody watched.
func TestReplay(t *testing.T) {
	cfg := machine.Config{CPUs: 4, Seed: 9, Append: "preempt=full"}
	run := func(watch func(m *machine.Machine, end uint64)) (uint64, uint64) {
		m := boot(t, cfg)
		stir(t, m)
		if watch != nil {
			watch(m, m.Events()+3000)
		} else if ok, err := m.RunToEvent(m.Events() + 3000); !ok || err != nil {
			t.Fatal(ok, err)
		}
		events, h := m.Events(), hash(m)
		if err := m.RunIdle(); err != nil {
			t.Fatal(err)
		}
		return events, h ^ hash(m)
	}
	events, want := run(nil)
	for name, watch := range map[string]func(m *machine.Machine, end uint64){
		"step": func(m *machine.Machine, end uint64) {
			for m.Events() < end {
				if lines, err := m.Step(1); err != nil || len(lines) != 1 {
					t.Fatalf("step: %d lines, %v", len(lines), err)
				}
			}
		},
		"step 7": func(m *machine.Machine, end uint64) {
			for m.Events() < end {
				_, _ = m.Step(int(min(7, end-m.Events())))
			}
		},
		"event": func(m *machine.Machine, end uint64) {
			for m.Events() < end {
				_, _ = m.RunToEvent(min(end, m.Events()+111))
			}
		},
		"decision": func(m *machine.Machine, end uint64) {
			seen := 0
			for n := m.Events() + 5; n < end; n += 100 {
				m.AtDecision(n, func() {
					seen++
					if m.Events() != n {
						t.Errorf("decision point %d came at event %d", n, m.Events())
					}
				})
			}
			_, _ = m.RunToEvent(end)
			if seen != 30 {
				t.Errorf("%d of 30 decision points", seen)
			}
		},
	} {
		if n, h := run(watch); n != events || h != want {
			t.Errorf("%s: event %d trace %x, want %d and %x", name, n, h, events, want)
		}
	}
}

// race lets a thread on each of two CPUs add one to a word in three steps, and
// returns what the word holds.
func race(t testing.TB, seed uint64) int {
	m, err := machine.Boot(machine.Config{CPUs: 2, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	word := 0
	for n := range 2 {
		sched.KThreadOn(m.CPUs()[0], n, "adder", func(k *sched.Task) {
			for range 5 {
				k.CPU().Spend(cost.ProbeLoop)
			}
			v := word
			k.CPU().Spend(cost.RemotePerCPU)
			word = v + 1
		})
	}
	if err := m.RunIdle(); err != nil {
		t.Fatal(err)
	}
	return word
}

// A thousand seeds of a race between two CPUs: some lose an update, some do
// not, and each does what it did before.
func TestThousandSeedsOfARace(t *testing.T) {
	var first []int
	start := time.Now()
	lost := 0
	for seed := uint64(1); seed <= 1000; seed++ {
		n := race(t, seed)
		if first = append(first, n); n == 1 {
			lost++
		} else if n != 2 {
			t.Fatalf("seed %d: the word holds %d", seed, n)
		}
	}
	t.Logf("1000 seeds in %v; %d lose an update", time.Since(start), lost)
	if lost == 0 || lost == 1000 {
		t.Errorf("%d of 1000 seeds lose an update: want some and not all", lost)
	}
	for seed := uint64(1); seed <= 1000; seed += 37 {
		if race(t, seed) != first[seed-1] {
			t.Errorf("seed %d ends differently the second time", seed)
		}
	}
}

// Ten thousand tasks, asleep, ended and never begun, leave no goroutine.
func TestTenThousandTasks(t *testing.T) {
	before := runtime.NumGoroutine()
	m, err := machine.Boot(machine.Config{CPUs: 4})
	if err != nil {
		t.Fatal(err)
	}
	unwound := 0
	spawn := func(n int) {
		for i := range n {
			sched.KThread(m.CPUs()[0], "one of many", func(k *sched.Task) {
				defer func() { unwound++ }()
				if i%10 != 0 {
					sched.SetState(k, sched.Interruptible)
					sched.Schedule(k.CPU())
				}
			})
		}
	}
	spawn(9000)
	if err := m.RunIdle(); err != nil {
		t.Fatal(err)
	}
	spawn(1000) // these never run
	if n := len(m.Tasks()); n < 9100 {
		t.Fatalf("%d tasks", n)
	}
	m.Close()
	m.Close()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before || unwound != 9000 {
		t.Errorf("%d goroutines before, %d after Close; %d of 9000 tasks were unwound", before, n, unwound)
	}
	if err := m.Run(1); err != sim.ErrClosed {
		t.Errorf("Run after Close: %v", err)
	}
}

// t.FailNow in a task is runtime.Goexit, and ends the test that runs the
// machine.
func TestGoexitInATask(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	done, returned := make(chan struct{}), false
	go func() {
		defer close(done)
		_ = m.Do("quitter", func(*cpu.CPU) { runtime.Goexit() })
		returned = true
	}()
	<-done
	if returned {
		t.Error("the caller of Do went on after its task had called Goexit")
	}
}

func TestInterrupted(t *testing.T) {
	stop := false
	m := boot(t, machine.Config{CPUs: 2, Interrupted: func() bool { return stop }})
	for n := range 2 {
		if err := m.Burn(n, sim.Second); err != nil {
			t.Fatal(err)
		}
	}
	stop = true
	if err := m.Run(sim.Second); err != machine.ErrInterrupted {
		t.Errorf("Run: %v", err)
	}
	stop = false
	if err := m.RunIdle(); err != nil {
		t.Errorf("after an interruption: %v", err)
	}
}

func TestRunUntil(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	stir(t, m)
	if err := m.RunUntil(func(line string) bool { return strings.Contains(line, "next_comm=nomad") }); err != nil {
		t.Fatal(err)
	}
	var last string
	for _, k := range m.Tasks() {
		if k.OnCPU() {
			last += k.Comm + " "
		}
	}
	if !slices.Contains(strings.Fields(last), "nomad") {
		t.Errorf("stopped while %s run", last)
	}
	if err := m.RunUntil(func(string) bool { return false }); err == nil {
		t.Error("RunUntil found what is not there")
	}
}
