package procfs_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/machine"
)

// recordedMachine is the recorded machine of a board.
func recordedMachine(name string) machine.Config {
	devices := func(vectors, queues int) []board.Device {
		return []board.Device{{Kind: "virtio-net", Vectors: vectors}, {Kind: "e1000e"}, {Kind: "nvme", Queues: queues}}
	}
	if name == "q35-smp2" {
		return machine.Config{Board: board.Q35, CPUs: 2, Devices: devices(6, 2)}
	}
	return machine.Config{CPUs: 4, Devices: devices(10, 4)}
}

// TestResourcesAsRecorded compares the lines of /proc/iomem and /proc/ioports
// that tell of the PCI bus, its functions, and what every PC has. A recorded
// line of a device that this board does not have is left out, by its name.
func TestResourcesAsRecorded(t *testing.T) {
	absent := []string{"Video ROM", "Kernel ", "HPET", "PNP", "pnp", "rtc0", "serial", "cga", "QEMU0002", "ACPI",
		"3ffd7000", "3ffd6fff", "fed1c000"}
	for _, name := range []string{"pc-smp4", "q35-smp2"} {
		_, fs := boot(t, recordedMachine(name))
		for _, file := range []string{"iomem", "ioports"} {
			text, err := os.ReadFile("testdata/" + name + "." + file)
			if err != nil {
				t.Fatal(err)
			}
			got, compared := strings.Split(read(t, fs, "/proc/"+file), "\n"), 0
			for want := range strings.Lines(string(text)) {
				want = strings.TrimSuffix(want, "\n")
				if strings.HasPrefix(want, "100000000") || slices.ContainsFunc(absent, func(s string) bool { return strings.Contains(want, s) }) {
					continue
				}
				compared++
				if !slices.Contains(got, want) {
					t.Errorf("%s: /proc/%s has no line %q", name, file, want)
				}
			}
			if compared < 12 {
				t.Errorf("%s: only %d lines of /proc/%s were compared", name, compared, file)
			}
		}
	}
}

// TestSysfsAsRecorded compares the attributes of the recorded network card.
func TestSysfsAsRecorded(t *testing.T) {
	_, fs := boot(t, machine.Config{CPUs: 4, Devices: []board.Device{{Kind: "ena", Queues: 8}}})
	text, err := os.ReadFile("testdata/ena.sysfs")
	if err != nil {
		t.Fatal(err)
	}
	const dir = "/sys/bus/pci/devices/0000:00:02.0"
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for line := range strings.Lines(string(text)) {
		name, want, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if !slices.Contains(names, name) {
			continue
		}
		compared++
		if got := strings.Join(strings.Fields(read(t, fs, dir+"/"+name)), " "); got != want {
			t.Errorf("%s reads %q, want %q", name, got, want)
		}
	}
	if compared < 10 {
		t.Errorf("only %d attributes were compared", compared)
	}
	if got := read(t, fs, dir+"/config"); len(got) != 256 || got[:4] != "\x0f\x1d\x20\xec" {
		t.Errorf("config has %d bytes and begins with % x", len(got), got[:4])
	}
	if err := fs.Write(dir+"/irq", []byte("3"), false); err == nil {
		t.Error("irq can be written")
	}
}
