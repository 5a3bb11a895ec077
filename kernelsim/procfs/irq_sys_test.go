package procfs_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// TestSysKernelIRQ: what /sys/kernel/irq shows is what was recorded; a file of
// which no line was recorded is empty there.
func TestSysKernelIRQ(t *testing.T) {
	facts := 0
	for _, r := range vectorRuns() {
		t.Run(r.name, func(t *testing.T) {
			m, fs := boot(t, r.cfg)
			rebind(t, m, r.far)
			facts += compareSysIRQ(t, fs, r.name, len(r.far) > 0)
		})
	}
	cards := []board.Device{{Kind: "e1000e", BDF: 2 << 3}, {Kind: "e1000e", BDF: 6 << 3}}
	for name, cfg := range map[string]machine.Config{
		"ioapic-shared": {Append: "pci=nomsi", Devices: cards},
		"q35":           {Append: "pci=nomsi", Board: board.Q35, Devices: cards},
		"noapic-xtpic":  {CPUs: 2, Append: "pci=nomsi noapic", Devices: cards},
	} {
		t.Run(name, func(t *testing.T) {
			_, fs := boot(t, cfg)
			facts += compareSysIRQ(t, fs, "../intx/"+name, false)
		})
	}
	t.Logf("%d facts compared", facts)
	if facts < 1400 {
		t.Errorf("only %d facts compared", facts)
	}
}

// compareSysIRQ compares the files that were recorded. far leaves out the
// hardware numbers, which have the bus in them.
func compareSysIRQ(t *testing.T, fs *procfs.FS, name string, far bool) (n int) {
	t.Helper()
	want := map[string]string{}
	for l := range strings.Lines(recordedFile(t, name, "sys_kernel_irq")) {
		path, text, _ := strings.Cut(l, ":")
		want[path] = text
	}
	dirs, err := fs.List("/sys/kernel/irq")
	if err != nil {
		t.Fatal(err)
	}
	for _, irq := range dirs {
		for _, file := range []string{"actions", "chip_name", "hwirq", "name", "type"} {
			path := "/sys/kernel/irq/" + irq + "/" + file
			if got := read(t, fs, path); got != want[path] && !(far && file == "hwirq") {
				t.Errorf("%s: %q, recorded %q", path, got, want[path])
			}
			delete(want, path)
			n++
		}
	}
	for path, text := range want {
		t.Errorf("%s is missing: recorded %q", path, text)
	}
	return n
}
