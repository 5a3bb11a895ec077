package procfs_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu/chunk"
	"bothhalves/kernelsim/kernel/percpu/dyn"
	"bothhalves/kernelsim/machine"
)

// A recording is a recorded boot.
type recording struct {
	name  string
	cpus  int
	param string
}

func recordings() []recording {
	list := []recording{{"smp4-percpu-page", 4, "percpu_alloc=page"}}
	for _, n := range []int{1, 2, 3, 4, 5, 8, 9, 12} {
		list = append(list, recording{fmt.Sprintf("smp%d", n), n, ""})
	}
	return list
}

func recorded(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"testdata", "smp-boot"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The architecture's rows of /proc/interrupts are the recorded ones but for
// the counts, in every column width.
func TestInterruptsAsRecorded(t *testing.T) {
	for _, r := range recordings() {
		_, fs := boot(t, machine.Config{CPUs: r.cpus, Append: r.param})
		want := layout(recorded(t, r.name, "00-boot.interrupts"))
		got := layout(read(t, fs, "/proc/interrupts"))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-recorded +got):\n%s", r.name, d)
		}
	}
}

// layout keeps the header and the architecture's rows, every count as #.
func layout(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if !regexp.MustCompile(`^ *\d+:`).MatchString(line) {
			lines = append(lines, regexp.MustCompile(` +\d+ `).ReplaceAllStringFunc(line, func(s string) string {
				return strings.Repeat("#", len(s))
			}))
		}
	}
	return lines
}

// The lines of /proc/cpuinfo that were recorded are the machine's.
func TestCPUInfoAsRecorded(t *testing.T) {
	for _, r := range recordings() {
		_, fs := boot(t, machine.Config{CPUs: r.cpus})
		var got strings.Builder
		for line := range strings.Lines(read(t, fs, "/proc/cpuinfo")) {
			if regexp.MustCompile(`processor|apicid|initial|core id|physical id|siblings`).MatchString(line) {
				got.WriteString(line)
			}
		}
		if d := cmp.Diff(recorded(t, r.name, "cpuinfo"), got.String()); d != "" {
			t.Errorf("%s (-recorded +got):\n%s", r.name, d)
		}
	}
}

// Percpu in /proc/meminfo counts the pages of every unit, those without a CPU
// too. The recorded kernel has allocated a few more pages by then: 65 (page:
// 66) of a unit instead of the first chunk's 62 (58).
func TestMeminfoAsRecorded(t *testing.T) {
	for _, r := range recordings() {
		_, fs := boot(t, machine.Config{CPUs: r.cpus, Append: r.param})
		pages, then := 62, 65
		if r.param != "" {
			pages, then = 58, 66
		}
		var kb int
		if _, err := fmt.Sscanf(recorded(t, r.name, "meminfo.percpu"), "Percpu: %d kB", &kb); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("Percpu:         %8d kB\n", kb/then*pages)
		if got := read(t, fs, "/proc/meminfo"); got != want {
			t.Errorf("%s: %q, want %q", r.name, got, want)
		}
	}
}

// A later chunk is an area in vmalloc space, as recorded.
func TestVmallocinfoAsRecorded(t *testing.T) {
	for _, r := range recordings() {
		m, fs := boot(t, machine.Config{CPUs: r.cpus, Append: r.param})
		if err := m.Do("filler", func(c *cpu.CPU) {
			for range 3 {
				if _, err := dyn.AllocBytes(c, chunk.Request{Size: 16 << 10, Align: 64}); err != nil {
					t.Fatal(err)
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		want := regexp.MustCompile(`(?m)^.*pcpu_get_vm_areas.*\n`).FindString(recorded(t, r.name, "vmallocinfo.pcpu"))
		if got := read(t, fs, "/proc/vmallocinfo"); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q, recorded %q", r.name, got, want)
		}
	}
}

// Every recorded symbol is there, with its value and in its order.
func TestKallsymsAsRecorded(t *testing.T) {
	_, fs := boot(t, machine.Config{CPUs: 2})
	var got strings.Builder
	want := recorded(t, "kallsyms.percpu")
	lines := bufio.NewScanner(strings.NewReader(read(t, fs, "/proc/kallsyms")))
	for lines.Scan() {
		if strings.Contains(want, lines.Text()+"\n") {
			got.WriteString(lines.Text() + "\n")
		}
	}
	want = strings.Replace(want, "ffffffff83313000 b idt_table\n", "", 1) // no IDT in memory yet
	if d := cmp.Diff(want, got.String()); d != "" {
		t.Errorf("(-recorded +got):\n%s", d)
	}
}

// intr has as many figures as the recorded kernels have interrupt numbers.
func TestNumberOfIRQs(t *testing.T) {
	for cpus, want := range map[int]int{1: 256, 2: 440, 3: 448, 4: 456, 5: 464, 8: 488, 9: 496, 12: 520} {
		_, fs := boot(t, machine.Config{CPUs: cpus})
		for line := range strings.Lines(read(t, fs, "/proc/stat")) {
			if words := strings.Fields(line); words[0] == "intr" && len(words) != want+2 {
				t.Errorf("%d CPUs: %d interrupts in /proc/stat, want %d", cpus, len(words)-2, want)
			}
		}
	}
}

func TestVersionIsTheBanner(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 1})
	if got, want := read(t, fs, "/proc/version"), m.Dmesg()[0].Text+"\n"; got != want {
		t.Errorf("/proc/version %q, dmesg begins with %q", got, want)
	}
}
