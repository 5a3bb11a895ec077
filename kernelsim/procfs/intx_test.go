package procfs_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// TestRecordedLines: without messages the drivers share lines as in the
// recordings intx/*, and every handler of a line is called.
func TestRecordedLines(t *testing.T) {
	card := func(slot int) board.Device { return board.Device{Kind: "e1000e", BDF: pcie.BDF(slot << 3)} }
	facts := 0
	for _, r := range []struct {
		name, params, kind string
		cpus               int
		devices            []board.Device
		line               string
	}{
		// The recorded cards are e1000, which has no messages at all.
		{"ioapic-shared", "pci=nomsi", board.PC, 4, []board.Device{card(2), card(6)}, "10"},
		{"q35", "pci=nomsi", board.Q35, 4, []board.Device{card(2), card(6)}, "22"},
		{"ioapic-virtio-e1000e", "pci=nomsi", board.PC, 4, []board.Device{{Kind: "virtio-net", BDF: 3 << 3}, card(7)}, "11"},
		{"noapic-xtpic", "pci=nomsi noapic", board.PC, 2, []board.Device{card(2), card(6)}, "10"},
	} {
		t.Run(r.name, func(t *testing.T) {
			m, fs := boot(t, machine.Config{CPUs: r.cpus, Board: r.kind, Append: r.params, Devices: r.devices})
			name := "../intx/" + r.name
			if r.devices[0].Kind == "e1000e" {
				facts += compareInterrupts(t, fs, name, false)
				facts += compareProcIRQ(t, fs, name)
			} else { // there the second card is eth1 because the first one is eth0
				want := recordedFile(t, name, "interrupts")
				if !strings.Contains(want, "IO-APIC  11-fasteoi   virtio0, eth1\n") ||
					!strings.HasSuffix(rowOf(read(t, fs, "/proc/interrupts"), " 11"), "IO-APIC  11-fasteoi   virtio0, eth0\n") {
					t.Errorf("irq 11 is %q", rowOf(read(t, fs, "/proc/interrupts"), " 11"))
				}
				facts++
			}
			if r.params == "pci=nomsi" {
				facts += comparePins(t, m, name)
			}
			askBoth(t, m, fs, r.line, r.devices)
		})
	}
	t.Logf("%d facts compared", facts)
	if facts < 300 {
		t.Errorf("only %d facts compared", facts)
	}
}

// askBoth lets each card signal once: both handlers are called in the order of
// their requests, and the one whose card it was says so (intx/*/01, 02).
func askBoth(t *testing.T, m *machine.Machine, fs *procfs.FS, line string, devices []board.Device) {
	t.Helper()
	write(t, fs, tracing+"events/irq/irq_handler_entry/enable", "1\n")
	write(t, fs, tracing+"events/irq/irq_handler_exit/enable", "1\n")
	first := "eth0"
	if devices[0].Kind != "e1000e" {
		first = "virtio0"
	}
	for i, answers := range [][2]string{{"handled", "unhandled"}, {"unhandled", "handled"}} {
		write(t, fs, tracing+"trace", "")
		if err := errors.Join(m.Board().Event(devices[i].BDF, 0, false), m.RunIdle()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for l := range strings.Lines(read(t, fs, tracing+"trace")) {
			if _, what, ok := strings.Cut(l, ": irq_handler_"); ok {
				got = append(got, strings.TrimSpace(what))
			}
		}
		second := map[bool]string{true: "eth1", false: "eth0"}[first == "eth0"]
		want := []string{"entry: irq=" + line + " name=" + first, "exit: irq=" + line + " ret=" + answers[0],
			"entry: irq=" + line + " name=" + second, "exit: irq=" + line + " ret=" + answers[1]}
		if !slices.Equal(got, want) {
			t.Errorf("card %d:\n got %q\nwant %q", i, got, want)
		}
	}
}

// TestMovedLine goes through intx/ioapic-shared/05-affinity: a level moves
// behind the handlers of the next interrupt.
func TestMovedLine(t *testing.T) {
	m, fs := boot(t, machine.Config{Append: "pci=nomsi", Devices: []board.Device{{Kind: "e1000e", BDF: 2 << 3}, {Kind: "e1000e", BDF: 6 << 3}}})
	effective := func() string { return strings.TrimSpace(read(t, fs, "/proc/irq/10/effective_affinity_list")) }
	if got := effective(); got != "3" {
		t.Errorf("at first on CPU %s, recorded 3", got)
	}
	write(t, fs, "/proc/irq/10/smp_affinity", "2\n")
	if got := effective(); got != "3" {
		t.Errorf("after the write on CPU %s, recorded 3", got)
	}
	for range 3 {
		if err := errors.Join(m.Board().Event(2<<3, 0, false), m.RunIdle()); err != nil {
			t.Fatal(err)
		}
	}
	row := strings.Fields(rowOf(read(t, fs, "/proc/interrupts"), " 10"))
	if got := effective(); got != "1" || row[2] != "2" || row[4] != "1" {
		t.Errorf("three interrupts later on CPU %s, recorded 1; counts %v", got, row)
	}
}

// TestDiskOnPin: with one vector the disk's first I/O queue shares it with the
// admin queue, and a driver that goes gives both back.
func TestDiskOnPin(t *testing.T) {
	m, fs := boot(t, machine.Config{Append: "pci=nomsi", Devices: []board.Device{{Kind: "nvme", BDF: 3 << 3}, {Kind: "vmxnet3", BDF: 4 << 3}}})
	const disk = pcie.BDF(3 << 3)
	for _, b := range []pcie.BDF{disk, 4 << 3} {
		if err := errors.Join(m.Board().Event(b, 0, false), m.RunIdle()); err != nil {
			t.Fatal(err)
		}
	}
	row := func() string {
		return strings.Join(strings.Fields(rowOf(read(t, fs, "/proc/interrupts"), " 11"))[5:], " ")
	}
	if got := row(); got != "IO-APIC 11-fasteoi nvme0q0, nvme0q1, eth0" {
		t.Errorf("irq 11 is %q", got)
	}
	if err := m.Do("unbind", func(c *cpu.CPU) {
		if err := pci.Unbind(c, pci.Find(c, disk)); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if got := row(); got != "IO-APIC 11-fasteoi eth0" {
		t.Errorf("without the disk irq 11 is %q", got)
	}
}
