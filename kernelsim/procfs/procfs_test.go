package procfs_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/sim"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// boot boots a machine and returns it with its file system.
func boot(t testing.TB, cfg machine.Config, parts ...machine.Part) (*machine.Machine, *procfs.FS) {
	t.Helper()
	m, err := machine.Boot(cfg, parts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m, procfs.New(m)
}

func read(t testing.TB, fs *procfs.FS, path string) string {
	t.Helper()
	text, err := fs.Read(path)
	if err != nil {
		t.Fatalf("cat %s: %v", path, err)
	}
	return text
}

func write(t testing.TB, fs *procfs.FS, path, text string) {
	t.Helper()
	if err := fs.Write(path, []byte(text), false); err != nil {
		t.Fatalf("echo > %s: %v", path, err)
	}
}

// golden compares a machine's files with testdata/NAME, one after the other.
func golden(t *testing.T, name string, fs *procfs.FS, paths ...string) {
	t.Helper()
	var b strings.Builder
	for _, p := range paths {
		fmt.Fprintf(&b, "$ cat %s\n%s", p, read(t, fs, p))
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s (-want +got; rewrite with -update):\n%s", file, d)
	}
}

func TestGoldens(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 4, Append: "quiet watchdog_thresh=7"})
	if err := m.Burn(2, 30*sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := m.Run(50 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	golden(t, "proc.golden", fs, "/proc/cmdline", "/proc/cpuinfo", "/proc/interrupts", "/proc/meminfo", "/proc/softirqs", "/proc/stat",
		"/proc/uptime", "/proc/version", "/proc/sys/kernel/watchdog_thresh", "/proc/sys/kernel/osrelease",
		"/proc/1/status", "/proc/14/comm", "/proc/14/status", "/proc/16/status")
	golden(t, "sys.golden", fs, "/sys/devices/system/cpu/online", "/sys/devices/system/cpu/offline",
		"/sys/devices/system/cpu/kernel_max", "/sys/devices/system/cpu/cpu1/online",
		"/sys/devices/system/node/node0/cpumap", "/sys/devices/system/node/node0/distance")
}

// Counts are the machine's: ticks of a busy CPU, IPIs, switches, time.
func TestCounts(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 2, HZ: 250})
	if err := m.Run(10 * sim.Millisecond); err != nil { // until the tick of idle CPUs is stopped
		t.Fatal(err)
	}
	before := row(t, fs, "LOC")
	if err := m.Burn(1, sim.Second); err != nil {
		t.Fatal(err)
	}
	if err := m.Run(sim.Second / 2); err != nil {
		t.Fatal(err)
	}
	after := row(t, fs, "LOC")
	if ticks := after[1] - before[1]; ticks < 123 || ticks > 126 {
		t.Errorf("a CPU that was busy for half a second had %d timer interrupts, want 125", ticks)
	}
	if after[0] != before[0] {
		t.Errorf("an idle CPU had %d timer interrupts, want none", after[0]-before[0])
	}
	for i, c := range m.CPUs() {
		s := entry.StatsOf(c)
		if row(t, fs, "RES")[i] != int(s.Reschedule) {
			t.Errorf("RES of CPU %d is not the count of its reschedule IPIs", i)
		}
	}
	checkTimes(t, m, fs)
}

// checkTimes holds the times of /proc/stat and /proc/uptime against the clock.
// Idle time is measured and all else sampled by the tick, so each CPU's add up
// to the time that it has been up within a tick or two.
func checkTimes(t *testing.T, m *machine.Machine, fs *procfs.FS) {
	t.Helper()
	const tick = 4 * sim.Millisecond
	var idle sim.Time
	for _, p := range m.CPUs() {
		x := sched.TimesOf(p, m.Now())
		sum := x.User + x.Nice + x.System + x.IRQ + x.SoftIRQ + x.Idle
		if sum < m.Now()-2*tick || sum > m.Now()+2*tick {
			t.Errorf("CPU %d: times add up to %v after %v", p.ID, sum, m.Now())
		}
		idle += x.Idle
	}
	if user := sched.TimesOf(m.CPUs()[1], m.Now()).User; user < 500*sim.Millisecond-tick || user > 500*sim.Millisecond+tick {
		t.Errorf("half a second of burning counted as %v of user time", user)
	}
	want := fmt.Sprintf("%.2f %.2f\n", cut(m.Now()), cut(idle))
	if got := read(t, fs, "/proc/uptime"); got != want {
		t.Errorf("/proc/uptime %q, want %q", got, want)
	}
}

// cut is a time in seconds, cut to hundredths as the kernel cuts it.
func cut(x sim.Time) float64 { return float64(x/(10*sim.Millisecond)) / 100 }

// row is the counts of one line of /proc/interrupts.
func row(t *testing.T, fs *procfs.FS, name string) []int {
	t.Helper()
	for line := range strings.Lines(read(t, fs, "/proc/interrupts")) {
		words := strings.Fields(line)
		if words[0] != name+":" {
			continue
		}
		var counts []int
		for _, w := range words[1:] {
			var n int
			if _, err := fmt.Sscanf(w, "%d", &n); err != nil {
				break
			}
			counts = append(counts, n)
		}
		return counts
	}
	t.Fatalf("no line %s in /proc/interrupts", name)
	return nil
}

func TestNodes(t *testing.T) {
	_, fs := boot(t, machine.Config{CPUs: 8, Nodes: 2})
	for path, want := range map[string]string{ // vectors/numa-2x4/00-nodes
		"/sys/devices/system/node/node0/cpulist":                              "0-3\n",
		"/sys/devices/system/node/node1/cpulist":                              "4-7\n",
		"/sys/devices/system/node/node0/distance":                             "10 20\n",
		"/sys/devices/system/node/node1/distance":                             "20 10\n",
		"/sys/devices/system/node/node1/cpumap":                               "f0\n",
		"/sys/devices/system/node/online":                                     "0-1\n",
		"/sys/devices/system/cpu/cpu5/topology/thread_siblings_list":          "5\n",
		"/sys/devices/system/cpu/cpu5/topology/physical_package_id":           "1\n",
		"/sys/devices/system/cpu/cpu5/topology/core_id":                       "1\n",
		"/sys/devices/system/cpu/cpu5/topology/../topology/package_cpus_list": "4-7\n",
	} {
		if got := read(t, fs, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	_, fs := boot(t, machine.Config{CPUs: 2})
	reads := map[string]error{
		"": errno.ENOENT, "/proc": errno.EISDIR, "/": errno.EISDIR, "/proc/x": errno.ENOENT, "/proc/timer_list": errno.ENOENT,
		"/proc/stat/x": errno.ENOTDIR, "/proc/stat/": errno.ENOTDIR, "/proc/0/comm": errno.ENOENT, "/proc/99999/comm": errno.ENOENT,
		"/proc/../proc/./stat": nil, "//proc//stat": nil, "proc/stat": nil, "/../../proc/stat": nil,
		"/sys/devices/system/cpu/cpu0/online": errno.ENOENT, "/proc/x/../stat": errno.ENOENT,
	}
	for path, want := range reads {
		if _, err := fs.Read(path); err != want {
			t.Errorf("cat %q: %v, want %v", path, err, want)
		}
	}
	writes := []struct {
		path, text string
		want       error
	}{
		{"/proc", "1\n", errno.EISDIR}, {"/proc/stat", "1\n", errno.EIO}, {"/proc/x", "1\n", errno.ENOENT},
		{"/x", "1\n", errno.EACCES}, {"/x/y", "1\n", errno.ENOENT}, {"/proc/stat/x", "1\n", errno.ENOTDIR}, {"", "1\n", errno.ENOENT},
		{"/sys/x", "1\n", errno.EACCES}, {"/sys/x/y", "1\n", errno.ENOENT}, {"/sys/devices/system/cpu/online", "1\n", errno.EACCES},
		{"/proc/sys/kernel/osrelease", "7\n", errno.EACCES}, {"/proc/14/comm", "x\n", errno.EINVAL}, {"/proc/14/status", "x\n", errno.EINVAL},
		{"/sys/devices/system/cpu/cpu1/online", "1\n", nil}, {"/sys/devices/system/cpu/cpu1/online", "0\n", nil},
		{"/sys/devices/system/cpu/cpu1/online", "0\n", nil}, {"/sys/devices/system/cpu/cpu1/online", "1\n", nil},
		{"/sys/devices/system/cpu/cpu1/online", "2\n", errno.EINVAL}, {"/sys/devices/system/cpu/cpu1/online", "", errno.EINVAL},
		{"/sys/kernel/tracing/available_events", "x\n", errno.EINVAL}, {"/sys/kernel/tracing/current_tracer", "function\n", errno.EINVAL},
		{"/sys/kernel/tracing/current_tracer", "nop\n", nil}, {"/sys/kernel/tracing/tracing_on", "x\n", errno.EINVAL},
		{"/sys/kernel/tracing/events/sched/enable", "2\n", errno.EINVAL}, {"/sys/kernel/tracing/set_event", "sched:nothing\n", errno.EINVAL},
	}
	for _, w := range writes {
		if err := fs.Write(w.path, []byte(w.text), false); err != w.want {
			t.Errorf("echo %q > %s: %v, want %v", w.text, w.path, err, w.want)
		}
	}
}

func TestWatchdogThresh(t *testing.T) {
	const path = "/proc/sys/kernel/watchdog_thresh"
	_, fs := boot(t, machine.Config{CPUs: 1})
	for _, w := range []struct {
		text string
		want error
		then string
	}{
		{"20\n", nil, "20\n"}, {"61\n", errno.EINVAL, "20\n"}, {"-1\n", errno.EINVAL, "20\n"}, {"\n", errno.EINVAL, "20\n"}, {"", errno.EINVAL, "20\n"},
		{"5x\n", errno.EINVAL, "20\n"}, {"0x10\n", nil, "16\n"}, {"010\n", nil, "8\n"}, {" 7 9\n", nil, "7\n"}, {"1_0\n", errno.EINVAL, "7\n"},
		{"0b1\n", errno.EINVAL, "7\n"}, {"99999999999\n", errno.EINVAL, "7\n"}, {"0", nil, "0\n"}, {"60", nil, "60\n"},
	} {
		if err := fs.Write(path, []byte(w.text), false); err != w.want {
			t.Errorf("echo %q: %v, want %v", w.text, err, w.want)
		}
		if got := read(t, fs, path); got != w.then {
			t.Errorf("after echo %q: %q, want %q", w.text, got, w.then)
		}
	}
}

// The setting acts: the watchdog reports a CPU stuck for twice the threshold.
func TestWatchdogThreshActs(t *testing.T) {
	for _, thresh := range []string{"1", "3"} {
		m, fs := boot(t, machine.Config{CPUs: 2})
		write(t, fs, "/proc/sys/kernel/watchdog_thresh", thresh)
		start := m.Now()
		sched.KThreadOn(m.CPUs()[0], 1, "hog", func(k *sched.Task) { sched.Compute(k, 20*sim.Second) })
		err := m.RunIdle()
		var seconds int
		fmt.Sscan(thresh, &seconds)
		if took := m.Now() - start; err == nil || took < sim.Time(2*seconds)*sim.Second || took > sim.Time(3*seconds)*sim.Second {
			t.Errorf("watchdog_thresh=%s: reported after %v: %v", thresh, took, err)
		}
	}
}

var hits = percpu.NewWordIn[uint32]("procfs_test", "hits", 3)

// Modules have files that run as processes, symbols in the reserved part, and
// a line in /proc/modules, while they are loaded.
func TestModule(t *testing.T) {
	written := ""
	mod := machine.Module{Name: "procfs_test", Files: []machine.File{
		{Name: "driver/hits", Read: func(c *cpu.CPU) string {
			return fmt.Sprintf("%s %d\n", sched.Current(c).Comm, hits.Read(c))
		}, Write: func(c *cpu.CPU, text string) error { written = text; return errno.ERANGE }},
		{Name: "stat", Read: func(*cpu.CPU) string { return "not the kernel's" }},
		{Name: "none"},
	}}
	m, fs := boot(t, machine.Config{CPUs: 2}, machine.WithModule(mod))
	if _, err := fs.Read("/proc/driver/hits"); err != errno.ENOENT {
		t.Errorf("before modprobe: %v", err)
	}
	if err := m.Modprobe("procfs_test"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, fs, "/proc/driver/hits"); got != "cat 3\n" {
		t.Errorf("module's file: %q", got)
	}
	if err := fs.Write("/proc/driver/hits", []byte("x\n"), false); err != errno.ERANGE || written != "x\n" {
		t.Errorf("write: %v, got %q", err, written)
	}
	if _, err := fs.Read("/proc/none"); err != errno.EIO {
		t.Errorf("file without functions: %v", err)
	}
	if strings.Contains(read(t, fs, "/proc/stat"), "not the kernel's") {
		t.Error("a module's file stands in the place of the kernel's")
	}
	if got, want := read(t, fs, "/proc/modules"), "procfs_test 16384 0 - Live 0xffffffffc0005000\n"; got != want {
		t.Errorf("/proc/modules %q, want %q", got, want)
	}
	off := m.Symbols()[len(m.Symbols())-1].Off
	if want := fmt.Sprintf("%016x d hits\t[procfs_test]\n", uint64(off)); !strings.Contains(read(t, fs, "/proc/kallsyms"), want) {
		t.Errorf("no %q in /proc/kallsyms", want)
	}
	if err := m.Rmmod("procfs_test"); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Read("/proc/driver/hits"); err != errno.ENOENT || read(t, fs, "/proc/modules") != "" {
		t.Errorf("after rmmod: %v", err)
	}
}

// A module's file that breaks a rule ends the machine with a report, and a
// machine that has ended still shows its kernel's files.
func TestBrokenModuleFile(t *testing.T) {
	mod := machine.Module{Name: "m", Files: []machine.File{{Name: "bad", Read: func(*cpu.CPU) string { panic("bad") }}}}
	m, fs := boot(t, machine.Config{CPUs: 1}, machine.WithModule(mod))
	if err := m.Modprobe("m"); err != nil {
		t.Fatal(err)
	}
	_, err := fs.Read("/proc/bad")
	if err == nil || m.Report() == nil || !errors.Is(err, m.Report()) {
		t.Errorf("a panic in a module's file: %v", err)
	}
	for _, path := range []string{"/proc/stat", "/proc/interrupts", "/proc/kallsyms", "/sys/kernel/tracing/trace"} {
		if _, err := fs.Read(path); err != nil {
			t.Errorf("%s of a dead machine: %v", path, err)
		}
	}
	if _, err := fs.Read("/proc/bad"); err == nil {
		t.Error("a dead machine runs a process")
	}
}

// What a kernel that never got its per-CPU areas shows is little, but no
// reader panics.
func TestAfterAFailedBoot(t *testing.T) {
	none := func(*percpu.SetupRequest) (percpu.Areas, error) { return nil, errno.ENOMEM }
	m, err := machine.Boot(machine.Config{CPUs: 2}, machine.WithSetupAreas(none))
	if err == nil || m == nil {
		t.Fatalf("boot without areas: %v, %v", m, err)
	}
	defer m.Close()
	fs := procfs.New(m)
	walk(t, fs, "/")
}

// walk reads every file below a directory and returns how many there are.
func walk(t testing.TB, fs *procfs.FS, dir string) (files int) {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatalf("ls %s: %v", dir, err)
	}
	for _, name := range names {
		path := strings.TrimSuffix(dir, "/") + "/" + name
		_, err := fs.Read(path)
		switch {
		case err == errno.EISDIR:
			files += walk(t, fs, path)
		case err != nil:
			t.Errorf("cat %s: %v", path, err)
		default:
			files++
			if got, err := fs.List(path); err != nil || len(got) != 1 || got[0] != path {
				t.Errorf("ls %s: %v, %v", path, got, err)
			}
		}
	}
	return files
}

func TestEveryFile(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 4, Nodes: 2})
	before := m.Events()
	if n := walk(t, fs, "/"); n < 60 {
		t.Errorf("%d files in all", n)
	}
	if m.Events() != before {
		t.Error("reading the kernel's files made the machine move")
	}
}

// Threads of a core are neighbors; cores are counted within their package.
func TestThreadsOfCores(t *testing.T) {
	_, fs := boot(t, machine.Config{CPUs: 8, Nodes: 2, Threads: 2})
	for path, want := range map[string]string{
		"cpu3/topology/thread_siblings_list": "2-3\n", "cpu3/topology/core_cpus_list": "2-3\n", "cpu3/topology/core_id": "1\n",
		"cpu6/topology/thread_siblings_list": "6-7\n", "cpu6/topology/core_id": "1\n", "cpu6/topology/physical_package_id": "1\n",
		"cpu4/topology/core_id": "0\n", "cpu4/topology/core_siblings_list": "4-7\n",
	} {
		if got := read(t, fs, "/sys/devices/system/cpu/"+path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if text := read(t, fs, "/proc/cpuinfo"); strings.Count(text, "siblings\t: 4\ncore id\t\t: 1\ncpu cores\t: 2\n") != 4 {
		t.Errorf("/proc/cpuinfo:\n%s", text)
	}
}
