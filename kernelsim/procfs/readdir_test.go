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

// TestCaches: the threads of a core share its caches, the CPUs of a package the
// last one; a function's interrupts say which kind of message they are.
func TestCaches(t *testing.T) {
	_, fs := boot(t, machine.Config{CPUs: 8, Nodes: 2, Threads: 2, Devices: []board.Device{{Kind: "msix", BDF: 3 << 3}}})
	const dir = "/sys/devices/system/cpu/cpu5/"
	for path, want := range map[string]string{
		dir + "cache/index0/shared_cpu_list": "4-5\n", dir + "cache/index2/shared_cpu_map": "30\n", dir + "cache/index3/shared_cpu_list": "4-7\n",
		dir + "cache/index1/level": "1\n", dir + "cache/index3/level": "3\n", dir + "cache/index1/type": "Instruction\n",
		dir + "topology/core_siblings": "f0\n", dir + "node1/cpulist": "4-7\n",
		"/sys/bus/pci/devices/0000:00:03.0/msi_irqs/24": "msix\n", "/sys/bus/pci/devices/0000:00:03.0/local_cpus": "ff\n",
	} {
		if got := read(t, fs, path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}
