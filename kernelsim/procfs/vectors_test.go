package procfs_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// vectorRuns lists the machines of testdata/vectors: those of the recordings
// vectors/*, with nvme loaded before the network card.
func vectorRuns() []struct {
	name string
	cfg  machine.Config
	// far are functions on a node that this machine's one bus does not have:
	// they are bound again as those of node 1.
	far []pcie.BDF
} {
	nvme := func(q int) board.Device { return board.Device{Kind: "nvme", BDF: 3 << 3, Queues: q} }
	virtio := func(n int) board.Device { return board.Device{Kind: "virtio-net", BDF: 2 << 3, Vectors: n} }
	e1000e := board.Device{Kind: "e1000e", BDF: 2 << 3}
	eth1 := board.Device{Kind: "e1000e", BDF: 4 << 3}
	list := func(d ...board.Device) []board.Device { return d }
	return []struct {
		name string
		cfg  machine.Config
		far  []pcie.BDF
	}{
		{"smp4", machine.Config{Devices: list(nvme(4), virtio(10))}, nil},
		{"smp4-nvme2", machine.Config{Devices: list(nvme(2), virtio(6))}, nil},
		{"smp8", machine.Config{CPUs: 8, Devices: list(nvme(8), virtio(10))}, nil},
		{"smp12-physflat", machine.Config{CPUs: 12, Devices: list(nvme(4), virtio(10))}, nil},
		{"intremap-q35", machine.Config{Board: board.Q35, Append: "intremap=on", Devices: list(
			board.Device{Kind: "nvme", BDF: 2 << 3, Queues: 4}, board.Device{Kind: "virtio-net", BDF: 1 << 3, Vectors: 10})}, nil},
		{"smt-4x2", machine.Config{CPUs: 8, Devices: list(nvme(3), virtio(10))}, nil},
		{"numa-2x4", machine.Config{CPUs: 8, Nodes: 2, Devices: list(nvme(8), e1000e, eth1)}, []pcie.BDF{4 << 3}},
		{"numa-2x4-nvme4", machine.Config{CPUs: 8, Nodes: 2, Devices: list(nvme(4), e1000e, eth1)}, []pcie.BDF{3 << 3, 4 << 3}},
	}
}

// TestRecordedVectors: interrupt numbers, names, vectors, processors, masks,
// redirection entries and the contents of MSI-X tables are those of the
// recordings.
func TestRecordedVectors(t *testing.T) {
	facts := 0
	for _, r := range vectorRuns() {
		t.Run(r.name, func(t *testing.T) {
			m, fs := boot(t, r.cfg)
			rebind(t, m, r.far)
			facts += compareInterrupts(t, fs, r.name, len(r.far) > 0)
			facts += compareProcIRQ(t, fs, r.name)
			facts += comparePins(t, m, r.name)
			nvme, nic := r.cfg.Devices[0].BDF, r.cfg.Devices[1].BDF
			facts += compareTable(t, m, r.name, "nvme.msix", nvme)
			facts += compareTable(t, m, r.name, "nic.msix", nic)
			facts += compareTable(t, m, r.name, "nic0.msix", nic)
			facts += compareTable(t, m, r.name, "nic1.msix", 4<<3)
		})
	}
	t.Logf("%d facts compared", facts)
	if facts < 2500 {
		t.Errorf("only %d facts compared: the recordings are not read any more", facts)
	}
}

// rebind gives the drivers their functions anew, some of them on node 1.
func rebind(t *testing.T, m *machine.Machine, far []pcie.BDF) {
	t.Helper()
	if len(far) == 0 {
		return
	}
	err := m.Do("sh", func(c *cpu.CPU) {
		all := []*pci.Dev{pci.Find(c, 3<<3), pci.Find(c, 2<<3), pci.Find(c, 4<<3)}
		var drivers []pci.Driver
		for i := range all {
			drivers = append(drivers, pci.DriverOf(all[i]))
		}
		for i := range all {
			if err := pci.Unbind(c, all[len(all)-1-i]); err != nil {
				t.Error(err)
			}
		}
		for _, b := range far {
			pci.Find(c, b).Node = 1
		}
		for i, d := range all {
			if err := pci.Bind(c, drivers[i], d); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// recordedFile is a recorded file, "" if the run has none.
func recordedFile(t *testing.T, name, file string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors/" + name + "/" + file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

// compareInterrupts compares /proc/interrupts byte for byte but for the counts.
// far leaves out the hardware number, which has the bus in it.
func compareInterrupts(t *testing.T, fs *procfs.FS, name string, far bool) int {
	t.Helper()
	count := regexp.MustCompile(` {0,9}\d{1,10} `)
	hw := regexp.MustCompile(`PCI-MSI \d+`)
	flat := func(text string) (list []string) {
		for l := range strings.Lines(text) {
			head, rest, row := strings.Cut(l, ":")
			switch {
			case !row:
				list = append(list, l)
			case strings.TrimSpace(head) == "ERR" || strings.TrimSpace(head) == "MIS":
				list = append(list, head+":")
			default:
				width := 1 + 11*strings.Count(text[:strings.IndexByte(text, '\n')], "CPU")
				line := head + ":" + " " + count.ReplaceAllString(rest[1:width], "#") + rest[width:]
				if far {
					line = hw.ReplaceAllString(line, "PCI-MSI")
				}
				list = append(list, line)
			}
		}
		return list
	}
	text, err := fs.Read("/proc/interrupts")
	if err != nil {
		t.Fatal(err)
	}
	got, want := flat(text), flat(recordedFile(t, name, "interrupts"))
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("/proc/interrupts line %d:\n got %q\nwant %q", i, at(got, i), at(want, i))
		}
	}
	return len(want)
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}

// compareProcIRQ compares the files below /proc/irq. A line without a value
// is a handler's directory.
func compareProcIRQ(t *testing.T, fs *procfs.FS, name string) (n int) {
	t.Helper()
	for l := range strings.Lines(recordedFile(t, name, "proc_irq")) {
		path, want, ok := strings.Cut(l, ":")
		if !ok {
			if _, err := fs.List(strings.TrimSpace(path)); err != nil {
				t.Errorf("%s: %v", strings.TrimSpace(path), err)
			}
			n++
			continue
		}
		if got, err := fs.Read(path); err != nil || got != want {
			t.Errorf("%s: %q, %v; recorded %q", path, got, err, want)
		}
		n++
	}
	return n
}

// comparePins compares the I/O APIC's redirection entries.
func comparePins(t *testing.T, m *machine.Machine, name string) (n int) {
	t.Helper()
	got := m.Board().IOAPIC.Dump()
	for l := range strings.Lines(recordedFile(t, name, "hw.pic_ioapic")) {
		if strings.HasPrefix(l, "  pin") {
			if !strings.Contains(got, strings.TrimRight(l, "\n")) {
				t.Errorf("I/O APIC: recorded %q, here:\n%s", l, got)
			}
			n++
		}
	}
	return n
}

// compareTable compares the entries of a function's MSI-X table.
func compareTable(t *testing.T, m *machine.Machine, name, file string, b pcie.BDF) (n int) {
	t.Helper()
	var d *pci.Dev
	for _, dev := range m.PCIDevs() {
		if dev.BDF == b {
			d = dev
		}
	}
	for l := range strings.Lines(recordedFile(t, name, file)) {
		f := strings.Fields(l)
		if len(f) < 5 || f[0] == "PBA:" {
			continue
		}
		var k int
		fmt.Sscan(f[0], &k)
		table := tableOf(m, d)
		for i := range 4 {
			got := fmt.Sprintf("0x%08x", m.Bus().Read(table+bus.Addr(16*k+4*i), 4))
			if got != f[1+i] {
				t.Errorf("%s entry %d word %d: %s, recorded %s", file, k, i, got, f[1+i])
			}
			n++
		}
	}
	return n
}

// tableOf is where a function's MSI-X table lies.
func tableOf(m *machine.Machine, d *pci.Dev) bus.Addr {
	place := m.Board().PCI.Func(d.BDF).ConfigRead(d.MSIXCap+4, 4)
	return bus.Addr(d.Resources[place&7].Start + uint64(place&^7))
}
