package irqbalance

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A recorded is the machine of the recordings (irqbalance/smp4) as far as the
// program looks at it. Directories name things in the order in which that
// machine's did.
type recorded struct {
	files   map[string]string
	dirs    map[string][]string
	refused []string
	written []string
}

// errIO is what the kernel says to who moves an interrupt that it manages.
var errIO = errors.New("Input/output error")

func (r *recorded) Read(path string) (string, error) {
	text, ok := r.files[path]
	if !ok {
		return "", os.ErrNotExist
	}
	return text, nil
}

func (r *recorded) List(path string) ([]string, error) {
	names, ok := r.dirs[path]
	if !ok {
		return nil, os.ErrNotExist
	}
	return names, nil
}

func (r *recorded) Write(path, text string) error {
	for irq := 25; irq <= 28; irq++ {
		if path == fmt.Sprintf("/proc/irq/%d/smp_affinity", irq) {
			r.refused = append(r.refused, path)
			return errIO
		}
	}
	r.written = append(r.written, path)
	r.files[path] = strings.TrimLeft(text, "0") + "\n"
	return nil
}

// arrive lets interrupts come to CPU 0.
func (r *recorded) arrive(counts map[int]int) {
	lines := strings.Split(r.files["/proc/interrupts"], "\n")
	for i, line := range lines {
		name, rest, _ := strings.Cut(line, ":")
		irq, err := strconv.Atoi(strings.TrimSpace(name))
		if n, ok := counts[irq]; ok && err == nil {
			was, _ := strconv.Atoi(strings.Fields(rest)[0])
			lines[i] = fmt.Sprintf("%s:%11d%s", name, was+n, rest[11:])
		}
	}
	r.files["/proc/interrupts"] = strings.Join(lines, "\n")
}

// function adds a function on the bus.
func (r *recorded) function(bdf, class, irq string, msi ...string) {
	dir := pciDir + "/" + bdf
	for name, text := range map[string]string{"vendor": "0x1af4", "device": "0x1000", "subsystem_vendor": "0x1af4",
		"subsystem_device": "0x0001", "class": class, "irq": irq, "numa_node": "-1"} {
		r.files[dir+"/"+name] = text + "\n"
	}
	if msi != nil {
		r.dirs[dir+"/msi_irqs"] = msi
	}
	r.dirs[pciDir] = append(r.dirs[pciDir], bdf)
}

// recording is the recorded machine at a moment of the run.
func recording(t *testing.T, moment string) *recorded {
	t.Helper()
	r := &recorded{files: map[string]string{
		"/proc/interrupts":        file(t, moment+".interrupts"),
		cpuDir + "/online":        "0-3\n",
		cpuDir + "/isolated":      "\n",
		nodeDir + "/node0/cpumap": "f\n",
	}, dirs: map[string][]string{
		cpuDir:  {".", "..", "cpuidle", "cpu3", "cpu1", "cpu2", "cpufreq", "cpu0", "online"},
		nodeDir: {"node0", "has_cpu"},
	}}
	for n := range 4 {
		dir := fmt.Sprintf("%s/cpu%d", cpuDir, n)
		r.dirs[dir] = []string{"node0", "cache", "topology"}
		r.files[dir+"/topology/core_siblings"] = "f\n"
		r.files[dir+"/topology/physical_package_id"] = "0\n"
		for index := range 3 {
			r.files[fmt.Sprintf("%s/cache/index%d/shared_cpu_map", dir, index)] = fmt.Sprintf("%x\n", 1<<n)
		}
		r.files[dir+"/cache/index3/shared_cpu_map"] = "f\n"
	}
	r.function("0000:00:01.0", "0x060100", "0")
	r.function("0000:00:00.0", "0x060000", "0")
	r.function("0000:00:01.3", "0x068000", "9")
	r.function("0000:00:03.0", "0x010802", "11", "25", "28", "26", "24", "27")
	r.function("0000:00:01.1", "0x010180", "0")
	r.function("0000:00:02.0", "0x020000", "10", "35", "33", "31", "36", "34", "32", "30", "29", "37")
	for line := range strings.Lines(file(t, moment+".proc_irq")) {
		path, text, _ := strings.Cut(line, ":")
		r.files[path] = text
	}
	return r
}

func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRecorded: on the recorded machine, idle and loaded, the program prints
// what the real one printed, line by line, and leaves every smp_affinity as
// that one did. It tries to move the managed interrupts, and is refused.
func TestRecorded(t *testing.T) {
	for _, run := range []struct {
		before, printed, after string
		arrive                 map[int]int // what came while the program waited
	}{
		{"00-before", "01-oneshot-idle", "01-after-idle", nil},
		{"02-all-on-cpu0", "02-oneshot-loaded", "03-after-loaded", map[int]int{30: 1599, 32: 1510, 34: 1514, 36: 1409}},
	} {
		r := recording(t, run.before)
		var out strings.Builder
		slept := 0
		err := Run(r, func(s int) error {
			slept += s
			r.arrive(run.arrive)
			return nil
		}, func(line string) { out.WriteString(line + "\n") })
		if err != nil || slept != Interval {
			t.Errorf("%s: %v, slept %d s", run.printed, err, slept)
		}
		if got, want := out.String(), file(t, run.printed); got != want {
			t.Errorf("%s: prints\n%s\nrecorded\n%s", run.printed, got, want)
		}
		facts := 0
		for line := range strings.Lines(file(t, run.after+".proc_irq")) {
			path, want, _ := strings.Cut(line, ":")
			if got := r.files[path]; got != want {
				t.Errorf("%s: %s is %q, recorded %q", run.after, path, got, want)
			}
			facts++
		}
		if facts < 40 || len(r.refused) == 0 {
			t.Errorf("%s: %d facts compared, refused %v", run.after, facts, r.refused)
		}
	}
}

// TestLeftAlone: what has its place already is not written, and a machine with
// one processor, or none, is left alone.
func TestLeftAlone(t *testing.T) {
	r := recording(t, "00-before")
	run := func() {
		t.Helper()
		r.written = nil
		if err := Run(r, func(int) error { return nil }, nil); err != nil {
			t.Error(err)
		}
	}
	run()
	if len(r.written) == 0 {
		t.Error("the first run writes nothing")
	}
	run()
	if len(r.written) != 0 {
		t.Errorf("the second run writes %v", r.written)
	}
	r = recording(t, "00-before")
	r.files[cpuDir+"/online"] = "0\n"
	run()
	if len(r.written) != 0 {
		t.Errorf("with one processor it writes %v", r.written)
	}
}

// TestBanned: processors that are kept for other things get nothing.
func TestBanned(t *testing.T) {
	for _, name := range []string{"isolated", "nohz_full"} {
		r := recording(t, "00-before")
		r.files[cpuDir+"/"+name] = "1-2\n"
		if err := Run(r, func(int) error { return nil }, nil); err != nil {
			t.Fatal(err)
		}
		for _, path := range r.written {
			m, err := parseMask(strings.TrimSpace(r.files[path]))
			if err != nil || m == (mask{}) || m.has(1) || m.has(2) {
				t.Errorf("%s: %s becomes %q", name, path, r.files[path])
			}
		}
		if len(r.written) < 8 {
			t.Errorf("%s: only %v written", name, r.written)
		}
	}
}

// TestSpread: with equal loads every object gets as many as any other, give or
// take one, however the tree looks; a device with a node of its own stays on
// it.
func TestSpread(t *testing.T) {
	r := recording(t, "00-before")
	r.dirs[cpuDir], r.dirs[nodeDir] = nil, []string{"node1", "node0"}
	r.files[cpuDir+"/online"] = "0-7\n"
	r.files[nodeDir+"/node0/cpumap"], r.files[nodeDir+"/node1/cpumap"] = "0f\n", "f0\n"
	for n := range 8 {
		dir := fmt.Sprintf("%s/cpu%d", cpuDir, n)
		r.dirs[cpuDir] = append(r.dirs[cpuDir], fmt.Sprintf("cpu%d", n))
		r.dirs[dir] = []string{fmt.Sprintf("node%d", n/4)}
		r.files[dir+"/topology/core_siblings"] = "ff\n"
		r.files[dir+"/cache/index1/shared_cpu_map"] = fmt.Sprintf("%x\n", 3<<(n&^1))
		delete(r.files, dir+"/cache/index2/shared_cpu_map")
	}
	r.files[pciDir+"/0000:00:03.0/numa_node"] = "1\n"
	b := &balancer{files: r}
	if err := b.build(); err != nil {
		t.Fatal(err)
	}
	b.waiting = slices.Clone(b.db)
	b.place()
	if len(b.packages) != 2 || len(b.caches) != 4 || len(b.cpus) != 8 {
		t.Fatalf("%d packages, %d caches, %d processors", len(b.packages), len(b.caches), len(b.cpus))
	}
	for _, s := range b.db {
		if s.class == storage && s.place.number < 4 {
			t.Errorf("interrupt %d of a device on node 1 goes to processor %d", s.irq, s.place.number)
		}
	}
	for _, p := range b.packages {
		fewest, most := 99, 0
		for _, d := range p.children {
			for _, c := range d.children {
				fewest, most = min(fewest, len(c.irqs)), max(most, len(c.irqs))
			}
		}
		if most-fewest > 1 {
			t.Errorf("package %v: processors have %d to %d interrupts", p.mask, fewest, most)
		}
	}
}

// TestClasses is the map of PCI class codes.
func TestClasses(t *testing.T) {
	for code, want := range map[uint32]class{0x010802: storage, 0x020000: ethernet, 0x030000: video, 0x060100: legacy,
		0x0c0330: legacy, 0x0c0400: storage, 0x0c0600: storage, 0x0d0000: ethernet, 0x0e0000: storage, 0xff0000: -1,
		0x0c8100: -1, 0x0c8000: legacy, 0x0c2000: -1, 0x040000: other, 0x120000: legacy, 0x140000: -1} {
		if got, ok := classOfCode(code); ok != (want >= 0) || ok && got != want {
			t.Errorf("class code %06x: %v, %v", code, got, ok)
		}
	}
}

// FuzzFiles: whatever files say, the program neither hangs nor panics, and
// writes masks of processors that are online and not banned.
func FuzzFiles(f *testing.F) {
	f.Add("0-3", "f", "2", "  9:  1 2\n")
	f.Add("0,2-3", "00000000,0000000f", "", "x\n 1: 5\n 24: 0 0 0 0 PCI-MSI 1-edge x\nNMI: 1")
	f.Add("3-1", "zz,,", "4095", ":\n:::\n-1:\n99999999999999999999:")
	f.Fuzz(func(t *testing.T, online, text, banned, interrupts string) {
		r := &recorded{files: map[string]string{"/proc/interrupts": interrupts, cpuDir + "/online": online,
			cpuDir + "/isolated": banned}, dirs: map[string][]string{
			cpuDir: {"cpu0", "cpu1", "cpu3", "cpu4096", "cpu" + text}, nodeDir: {"node0", "node" + text}, pciDir: {text}}}
		r.files[nodeDir+"/node0/cpumap"], r.files["/proc/irq/24/smp_affinity"] = text, text
		r.dirs[pciDir+"/"+text+"/msi_irqs"] = []string{"24", text}
		up, _ := parseList(online)
		off, _ := parseList(banned)
		_ = Run(r, func(int) error { return nil }, func(string) {})
		for _, path := range r.written {
			if m, err := parseMask(strings.TrimSpace(r.files[path])); err == nil && (m.and(up) != m || m.intersects(off)) {
				t.Errorf("%s becomes %v, online %v, banned %v", path, m, up, off)
			}
		}
	})
}
