package procfs_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/trace"
)

const tracing = "/sys/kernel/tracing/"

// one makes the machine switch tasks a few times.
func one(t *testing.T, m *machine.Machine) {
	t.Helper()
	if err := m.Do("one", func(c *cpu.CPU) {
		hrtimer.USleep(sched.Current(c), 10_000_000)
	}); err != nil {
		t.Fatal(err)
	}
}

// shown counts the lines of trace that contain a text.
func shown(t *testing.T, fs *procfs.FS, text string) int {
	t.Helper()
	n := 0
	for line := range strings.Lines(read(t, fs, tracing+"trace")) {
		if !strings.HasPrefix(line, "#") && strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// An event shows what happened while it was enabled, and nothing else.
func TestTraceShowsWhatIsEnabled(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 2})
	one(t, m)
	if n := shown(t, fs, ""); n != 0 {
		t.Fatalf("%d lines with nothing enabled", n)
	}
	write(t, fs, tracing+"events/sched/sched_switch/enable", "1\n")
	one(t, m)
	first := shown(t, fs, "sched_switch:")
	if first == 0 || shown(t, fs, "") != first {
		t.Fatalf("sched_switch enabled: %d of %d lines", first, shown(t, fs, ""))
	}
	write(t, fs, tracing+"events/sched/sched_switch/enable", "0\n")
	write(t, fs, tracing+"events/irq_vectors/enable", "1\n")
	one(t, m)
	if n := shown(t, fs, "sched_switch:"); n != first {
		t.Errorf("disabled, sched_switch went from %d lines to %d", first, n)
	}
	if shown(t, fs, "local_timer_entry: vector=236") == 0 {
		t.Error("irq_vectors enabled, no timer interrupt shown")
	}
}

func TestTracingOnAndClear(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 2})
	write(t, fs, tracing+"events/enable", "1\n")
	one(t, m)
	n := shown(t, fs, "")
	write(t, fs, tracing+"tracing_on", "0\n")
	one(t, m)
	if shown(t, fs, "") != n || n == 0 {
		t.Errorf("tracing_on=0: %d lines became %d", n, shown(t, fs, ""))
	}
	if err := fs.Write(tracing+"trace", []byte("\n"), true); err != nil || shown(t, fs, "") != n {
		t.Errorf(">> trace: %v, %d of %d lines left", err, shown(t, fs, ""), n)
	}
	write(t, fs, tracing+"trace", "\n")
	if n := shown(t, fs, ""); n != 0 {
		t.Errorf("> trace: %d lines left", n)
	}
	one(t, m)
	if n := shown(t, fs, ""); n != 0 {
		t.Errorf("tracing_on=0 after a clear: %d lines", n)
	}
	write(t, fs, tracing+"tracing_on", "1\n")
	one(t, m)
	if shown(t, fs, "") == 0 {
		t.Error("tracing_on=1: nothing is shown")
	}
}

func TestSetEvent(t *testing.T) {
	_, fs := boot(t, machine.Config{CPUs: 1})
	for _, w := range []struct {
		text     string
		appendTo bool
		want     string
	}{
		{"sched:sched_switch\n", false, "sched:sched_switch\n"},
		{"irq_vectors:local_timer_*\n", true, "sched:sched_switch\n"}, // no globs: refused, changes nothing
		{"local_timer_entry :local_timer_exit\n", true, "sched:sched_switch\nirq_vectors:local_timer_entry\nirq_vectors:local_timer_exit\n"},
		{"!sched:sched_switch\n", true, "irq_vectors:local_timer_entry\nirq_vectors:local_timer_exit\n"},
		{"nothing\n", false, "irq_vectors:local_timer_entry\nirq_vectors:local_timer_exit\n"},
		{"lock:*\n", false, "lock:contention_begin\nlock:contention_end\n"},
		{"\n", false, ""},
	} {
		_ = fs.Write(tracing+"set_event", []byte(w.text), w.appendTo)
		if got := read(t, fs, tracing+"set_event"); got != w.want {
			t.Errorf("after %q: %q, want %q", w.text, got, w.want)
		}
	}
	write(t, fs, tracing+"set_event", "*:*\n")
	if read(t, fs, tracing+"set_event") != read(t, fs, tracing+"available_events") {
		t.Error("*:* does not enable every event")
	}
}

func TestEnableOfASystem(t *testing.T) {
	_, fs := boot(t, machine.Config{CPUs: 1})
	want := func(path, text string) {
		t.Helper()
		if got := read(t, fs, tracing+path); got != text {
			t.Errorf("%s: %q, want %q", path, got, text)
		}
	}
	want("events/enable", "0\n")
	want("events/sched/enable", "0\n")
	write(t, fs, tracing+"events/sched/sched_switch/enable", "1\n")
	want("events/sched/enable", "X\n")
	want("events/enable", "X\n")
	write(t, fs, tracing+"events/sched/enable", "1\n")
	want("events/sched/enable", "1\n")
	want("events/sched/sched_waking/enable", "1\n")
	want("events/irq_vectors/enable", "0\n")
	write(t, fs, "/sys/kernel/debug/tracing/events/enable", "0")
	want("events/sched/sched_switch/enable", "0\n")
}

// trace_printk needs no enabling.
func TestTracePrint(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 1})
	if err := m.Do("printer", func(c *cpu.CPU) {
		sched.Record(c, trace.Print, c.Ring.Names().ID("hello"), 0, 0, 0)
	}); err != nil {
		t.Fatal(err)
	}
	if shown(t, fs, ": hello") != 1 {
		t.Errorf("trace_printk's text is not shown once:\n%s", read(t, fs, tracing+"trace"))
	}
	want := "# tracer: nop\n#\n# entries-in-buffer/entries-written: 1/1   #P:1\n#\n"
	if got := read(t, fs, tracing+"trace"); !strings.HasPrefix(got, want) {
		t.Errorf("header:\n%s", got)
	}
}
