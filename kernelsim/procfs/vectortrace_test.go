package procfs_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// vectorEvent is an event of the vector allocator in a line of a trace.
var vectorEvent = regexp.MustCompile(`: ((?:irq_matrix_|vector_(?:alloc|reserve|config|update|clear|activate|deactivate|setup|teardown|free_moved)).*)`)

// vectorEvents are those of a trace, in their order.
func vectorEvents(text string) (list []string) {
	for _, f := range vectorEvent.FindAllStringSubmatch(text, -1) {
		list = append(list, strings.TrimSpace(f[1]))
	}
	return list
}

// compareTrace clears the trace, lets something happen, and compares what it
// did to vectors, event by event, with a recorded trace.
func compareTrace(t *testing.T, fs *procfs.FS, name, file string, do func()) int {
	t.Helper()
	write(t, fs, tracing+"trace", "")
	do()
	got, want := vectorEvents(read(t, fs, tracing+"trace")), vectorEvents(recordedFile(t, name, file))
	if name == "intremap-q35" {
		// Which vector of a CPU is the lowest depends on whether the drivers'
		// moves before had been cleaned up there by then.
		got, want = withoutVectors(got), withoutVectors(want)
	}
	if len(want) == 0 {
		t.Errorf("%s/%s has no events", name, file)
	}
	for i := range max(len(got), len(want)) {
		if g, w := at(got, i), at(want, i); g != w {
			t.Errorf("%s/%s event %d:\n got %s\nwant %s", name, file, i, g, w)
			break
		}
	}
	return len(want)
}

// withoutVectors are the events without the numbers of vectors.
func withoutVectors(list []string) (out []string) {
	number := regexp.MustCompile(`(bit|vector)=\d+`)
	for _, l := range list {
		out = append(out, number.ReplaceAllString(l, "$1=#"))
	}
	return out
}

// enableVectorEvents switches on what the recordings had on.
func enableVectorEvents(t *testing.T, fs *procfs.FS) {
	t.Helper()
	write(t, fs, tracing+"events/irq_vectors/enable", "1\n")
	write(t, fs, tracing+"events/irq_matrix/enable", "1\n")
}

// TestRecordedVectorTraces: loading and unloading of drivers, and moves, do to
// vectors what the recorded kernel's tracepoints told, in the same order and
// with the same books.
func TestRecordedVectorTraces(t *testing.T) {
	facts := 0
	for _, r := range vectorRuns() {
		if r.name != "smp4" && r.name != "intremap-q35" {
			continue
		}
		m, fs := boot(t, r.cfg)
		enableVectorEvents(t, fs)
		if r.name == "smp4" { // on q35 the pins' interrupts were new then
			bind := unbindAll(t, m)
			facts += compareTrace(t, fs, r.name, "nvme-load.trace", func() { bind(0) })
			facts += compareTrace(t, fs, r.name, "nic-load.trace", func() { bind(1) })
		}
		irq := map[string]string{"smp4": "30", "intremap-q35": "31"}[r.name]
		set := func(mask string) { write(t, fs, "/proc/irq/"+irq+"/smp_affinity", mask+"\n") }
		frames := func(n int) {
			for range n {
				frame(t, m, r.cfg.Devices[1].BDF)
			}
		}
		frames(1)
		facts += compareTrace(t, fs, r.name, "move.trace", func() { set("8"); frames(3) })
		facts += compareTrace(t, fs, r.name, "move-multi.trace", func() { set("6"); frames(2) })
	}
	t.Logf("%d events compared", facts)
	if facts < 190 {
		t.Errorf("only %d events compared", facts)
	}
}

// unbindAll takes the drivers away from the devices, the last one first, and
// returns what gives the i-th one its driver back.
func unbindAll(t *testing.T, m *machine.Machine) (bind func(i int)) {
	t.Helper()
	var drivers []pci.Driver
	devices := m.Config().Devices
	do := func(f func(c *cpu.CPU)) {
		t.Helper()
		if err := errors.Join(m.Do("modprobe", f), m.RunIdle()); err != nil {
			t.Fatal(err)
		}
	}
	do(func(c *cpu.CPU) {
		for _, d := range slices.Backward(devices) {
			dev := pci.Find(c, d.BDF)
			drivers = slices.Insert(drivers, 0, pci.DriverOf(dev))
			if err := pci.Unbind(c, dev); err != nil {
				t.Error(err)
			}
		}
	})
	return func(i int) {
		t.Helper()
		do(func(c *cpu.CPU) {
			if err := pci.Bind(c, drivers[i], pci.Find(c, devices[i].BDF)); err != nil {
				t.Error(err)
			}
		})
	}
}
