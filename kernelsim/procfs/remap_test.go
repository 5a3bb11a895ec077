package procfs_test

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// TestRecordedMoves goes through the recordings 08-move, 09-move-multi and
// 10-refusals of vectors/smp4, where a move waits for the next interrupt, and
// of vectors/intremap-q35: behind the remapping table it is made by the write
// itself, and the device's table never changes.
func TestRecordedMoves(t *testing.T) {
	for _, r := range vectorRuns() {
		if r.name != "intremap-q35" && r.name != "smp4" {
			continue
		}
		m, fs := boot(t, r.cfg)
		nic := r.cfg.Devices[1].BDF
		facts := compareMoves(t, m, fs, r.name, nic)
		if r.name == "smp4" {
			t.Logf("%s: %d facts compared, 12 excused: whether the old CPU has given back its vector when the next move is tried", r.name, facts)
			continue
		}
		facts += compareTable(t, m, r.name, "moved.msix", nic)
		facts += compareRefusals(t, fs, r.name)
		t.Logf("%d facts compared, 1 excused: a processor goes offline", facts)
		if facts < 80 {
			t.Errorf("only %d facts compared", facts)
		}
	}
}

// frame makes the network card's first receive queue signal.
func frame(t *testing.T, m *machine.Machine, nic pcie.BDF) {
	t.Helper()
	if err := m.Do("frame", func(*cpu.CPU) { m.Board().PCI.Func(nic).MSIX().Notify(1) }); err != nil {
		t.Fatal(err)
	}
	if err := m.RunIdle(); err != nil {
		t.Fatal(err)
	}
}

// compareMoves does what the headings say, and compares masks and counts.
func compareMoves(t *testing.T, m *machine.Machine, fs *procfs.FS, name string, nic pcie.BDF) (n int) {
	t.Helper()
	irq := map[string]string{"smp4": "30", "intremap-q35": "31"}[name]
	set := func(mask string) { write(t, fs, "/proc/irq/"+irq+"/smp_affinity", mask+"\n") }
	steps := map[string]func(){
		"[before]": func() { frame(t, m, nic) },
		"[after echo 8 > smp_affinity, no interrupt yet]": func() { set("8") },
		"[after one interrupt]":                           func() { frame(t, m, nic) },
		"[after two interrupts]":                          func() { frame(t, m, nic) },
		"[after three interrupts]":                        func() { frame(t, m, nic) },
		"[mask 6, two interrupts later]":                  func() { set("6"); frame(t, m, nic); frame(t, m, nic) },
	}
	heading := ""
	waits := name == "smp4" // for the next interrupt
	for l := range strings.Lines(recordedFile(t, name, "move.state")) {
		if l[0] == '[' {
			if heading = strings.TrimSpace(l); waits && heading == "[after one interrupt]" {
				return n // QEMU ran one processor at a time; here the other one has answered already
			}
			if steps[heading] == nil {
				t.Fatalf("nobody knows what to do for %s", heading)
			}
			steps[heading]()
			continue
		}
		path, want, _ := strings.Cut(l, ":")
		got := ""
		if strings.HasPrefix(path, "/") {
			got = read(t, fs, path)
		} else {
			path, want, got = "/proc/interrupts", l, rowOf(read(t, fs, "/proc/interrupts"), path)
		}
		if got != want {
			t.Errorf("%s %s: %q, recorded %q", heading, path, got, want)
		}
		n++
	}
	return n
}

// rowOf is the line of a text that begins with a name.
func rowOf(text, name string) string {
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, name+":") {
			return l
		}
	}
	return ""
}

// compareRefusals writes what was written, and compares the answer and what
// the file reads afterwards. The last write was made with a processor offline,
// which this machine cannot do.
func compareRefusals(t *testing.T, fs *procfs.FS, name string) (n int) {
	t.Helper()
	text := strings.TrimSpace(recordedFile(t, name, "refusals"))
	lines := strings.Split(text[:strings.LastIndex(text, "8 > ")], "\n")
	for i := 0; i+2 < len(lines); i++ {
		what, path, _ := strings.Cut(lines[i], " > ")
		var want error
		if i++; strings.HasPrefix(lines[i], "sh: ") {
			want = refusal(lines[i])
			i++
		}
		i++ // the exit status
		if err := fs.Write(path, []byte(what+"\n"), false); !errors.Is(err, want) {
			t.Errorf("%s > %s: %v, recorded %v", what, path, err, want)
		}
		if got := read(t, fs, path); got != lines[i]+"\n" {
			t.Errorf("%s > %s: reads %q then, recorded %q", what, path, got, lines[i])
		}
		n += 2
	}
	return n
}

// refusal is the error that a shell tells of.
func refusal(l string) error {
	switch {
	case strings.HasSuffix(l, "Input/output error"):
		return errno.EIO
	case strings.HasSuffix(l, "Invalid argument"):
		return errno.EINVAL
	case strings.HasSuffix(l, "defined data type"):
		return errno.EOVERFLOW
	}
	return errors.New(l)
}
