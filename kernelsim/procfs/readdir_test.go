package procfs_test

import (
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/machine"
)

// TestDirents: directories of sysfs tell their names in the recorded order
// (irqbalance/smp4/01-oneshot-idle: the processors of the tree, and the
// interrupts as they are added to the database).
func TestDirents(t *testing.T) {
	_, fs := boot(t, machine.Config{Devices: []board.Device{{Kind: "nvme", BDF: 3 << 3, Queues: 4}, {Kind: "virtio-net", BDF: 2 << 3, Vectors: 10}}})
	for path, want := range map[string]string{
		"/sys/devices/system/cpu":                     "cpu3 cpu1 cpu2 cpu0",
		"/sys/bus/pci/devices/0000:00:03.0/msi_irqs":  "25 28 26 24 27",
		"/sys/bus/pci/devices/0000:00:02.0/msi_irqs/": "35 33 31 36 34 32 30 29 37",
		"/sys/bus/pci/devices":                        "0000:00:01.3 0000:00:03.0 0000:00:02.0",
	} {
		names, err := fs.Dirents(path)
		if err != nil {
			t.Fatal(err)
		}
		names = slices.DeleteFunc(names, func(n string) bool { return !slices.Contains(strings.Fields(want), n) })
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s lists %s, recorded %s", path, got, want)
		}
	}
	if _, err := fs.Dirents("/sys/nothing"); err == nil {
		t.Error("a directory that is not there has a list")
	}
	if names, _ := fs.Dirents("/proc/irq"); !slices.IsSorted(names) {
		t.Errorf("/proc/irq lists %v", names)
	}
}
