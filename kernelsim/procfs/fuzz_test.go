package procfs_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/machine"
)

// FuzzPath reads, lists and writes whatever it is given: nothing panics, the
// machine does not move, and what one write refused has changed no file.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"/proc/stat", "/proc/sys/kernel/watchdog_thresh", "/sys/kernel/tracing/set_event", "/../proc/./1/comm",
		"/sys/kernel/tracing/events/sched/enable", "/sys/devices/system/cpu/cpu1/online", "/sys/kernel/tracing/tracing_on", "", "//", "/proc/stat/"} {
		for _, text := range []string{"1\n", "", "-1", "sched:sched_switch !irq_vectors:*", "0x10", "99999999999999999999"} {
			f.Add(path, text, true)
		}
	}
	m, fs := boot(f, machine.Config{CPUs: 2})
	settings := []string{"/proc/sys/kernel/watchdog_thresh", "/sys/kernel/tracing/set_event", "/sys/kernel/tracing/tracing_on"}
	state := func() (all string) {
		for _, path := range settings {
			text, err := fs.Read(path)
			if err != nil {
				panic(path + ": " + err.Error())
			}
			all += text
		}
		return all
	}
	events := m.Events()
	f.Fuzz(func(t *testing.T, path, text string, appendTo bool) {
		_, _ = fs.Read(path)
		_, _ = fs.List(path)
		before := state()
		if err := fs.Write(path, []byte(text), appendTo); err != nil && state() != before {
			t.Errorf("echo %q > %q: %v, and yet something changed", text, path, err)
		}
		if strings.Contains(path, "online") || strings.Contains(path, "watchdog_thresh") {
			// A process goes and takes a processor down, or starts the watchdogs again.
			events = m.Events()
		}
		if m.Events() != events {
			t.Error("the machine moved")
		}
	})
}
