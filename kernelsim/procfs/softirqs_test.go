package procfs_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// TestSoftIRQsAsRecorded: /proc/softirqs is the recorded file but for the
// counts, in every column.
func TestSoftIRQsAsRecorded(t *testing.T) {
	for _, r := range recordings() {
		_, fs := boot(t, machine.Config{CPUs: r.cpus, Append: r.param})
		got, want := read(t, fs, "/proc/softirqs"), recorded(t, r.name, "00-boot.softirqs")
		gotHead, gotRows := counts(t, got)
		wantHead, wantRows := counts(t, want)
		if gotHead != wantHead || len(gotRows) != len(wantRows) {
			t.Fatalf("%s: %q and %d rows, recorded %q and %d", r.name, gotHead, len(gotRows), wantHead, len(wantRows))
		}
		for i := range gotRows {
			if gotRows[i].name != wantRows[i].name || len(gotRows[i].counts) != len(wantRows[i].counts) {
				t.Errorf("%s: row %+v, recorded %+v", r.name, gotRows[i], wantRows[i])
			}
		}
	}
}

// A counted row is one softirq's name, with its colon, and its counts.
type counted struct {
	name   string
	counts []uint64
}

// counts takes /proc/softirqs apart and insists on its columns: 13 characters,
// then 11 for each processor.
func counts(t *testing.T, text string) (head string, rows []counted) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n")
	for line := range strings.Lines(body) {
		row := counted{name: line[:13]}
		for field := line[13:]; field != "\n"; field = field[11:] {
			var n uint64
			if _, err := fmt.Sscan(field[:11], &n); err != nil || fmt.Sprintf(" %10d", n) != field[:11] {
				t.Fatalf("%q is no column: %v", field, err)
			}
			row.counts = append(row.counts, n)
		}
		rows = append(rows, row)
	}
	return head, rows
}

// TestSoftIRQCounts: each count is how often the trace tells of the softirq's
// entry on that processor, and /proc/stat has the sums.
func TestSoftIRQCounts(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 3})
	for range 3 {
		raise := func(c *cpu.CPU) { softirq.Raise(c, softirq.Tasklet) }
		if err := m.DoOn("raise", []int{1}, raise); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Run(sim.Second); err != nil {
		t.Fatal(err)
	}
	var entries [10][3]uint64
	total := uint64(0)
	for _, r := range m.Ring().From(0) {
		if r.Kind == trace.SoftIRQEntry {
			entries[r.A][r.CPU]++
			total++
		}
	}
	if total == 0 {
		t.Fatal("three were raised, and none has run")
	}
	line := fmt.Sprintf("softirq %d", total)
	_, rows := counts(t, read(t, fs, "/proc/softirqs"))
	for nr, row := range rows {
		sum := uint64(0)
		for cpu, n := range row.counts {
			sum += n
			if n != entries[nr][cpu] {
				t.Errorf("%s on CPU %d: %d, the trace has %d", row.name, cpu, n, entries[nr][cpu])
			}
		}
		line += fmt.Sprintf(" %d", sum)
	}
	if stat := read(t, fs, "/proc/stat"); !strings.HasSuffix(stat, line+"\n") {
		t.Errorf("/proc/stat ends with %q, want %q", stat[strings.Index(stat, "softirq"):], line)
	}
}

// TestBottomHalfEvents: tracefs has the events of the bottom half where Linux
// has them, and a switch for each.
func TestBottomHalfEvents(t *testing.T) {
	_, fs := boot(t, machine.Config{CPUs: 1})
	for system, events := range map[string]string{
		"irq":       "enable irq_handler_entry irq_handler_exit softirq_entry softirq_exit softirq_raise tasklet_entry tasklet_exit",
		"timer":     "enable hrtimer_cancel hrtimer_expire_entry hrtimer_expire_exit hrtimer_init hrtimer_start tick_stop timer_cancel timer_expire_entry timer_expire_exit timer_init timer_start",
		"workqueue": "enable workqueue_activate_work workqueue_execute_end workqueue_execute_start workqueue_queue_work",
	} {
		dir := "/sys/kernel/tracing/events/" + system
		names, err := fs.List(dir)
		if got := strings.Join(names, " "); err != nil || got != events {
			t.Errorf("%s: %q %v, want %q", dir, got, err, events)
		}
		last := names[len(names)-1]
		write(t, fs, dir+"/"+last+"/enable", "1\n")
		if got := read(t, fs, dir+"/enable"); got != "X\n" {
			t.Errorf("%s/enable with %s on: %q, want X", dir, last, got)
		}
		write(t, fs, dir+"/enable", "1\n")
		if got := read(t, fs, dir+"/"+names[1]+"/enable"); got != "1\n" {
			t.Errorf("%s/%s/enable after 1 > enable: %q", dir, names[1], got)
		}
	}
	if got := read(t, fs, "/sys/kernel/tracing/set_event"); strings.Count(got, "\n") != 7+11+4 {
		t.Errorf("set_event:\n%s", got)
	}
}
