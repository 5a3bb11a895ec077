package procfs_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// pick is fields of a line of /proc/PID/stat, numbered from one as cut -f
// numbers them.
func pick(line string, fields ...int) string {
	words := strings.Fields(line)
	var out []string
	for _, n := range fields {
		out = append(out, words[n-1])
	}
	return strings.Join(out, " ")
}

// The fields that were cut out of the recorded guest's /proc/PID/stat
// (linux-oracle/softirq, linux-oracle/threadirqs) are those of this machine's
// threads; there are 52.
func TestTaskStat(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 4, Append: "threadirqs"})
	acpi := 0
	for _, task := range m.Tasks() {
		if strings.HasPrefix(task.Comm, "irq/9-") {
			acpi = task.PID
		}
	}
	for _, tt := range []struct {
		pid    int
		fields []int
		want   string
	}{
		{14, []int{1, 2, 3, 14, 18, 19, 39, 40, 41}, "14 (ksoftirqd/0) S 0 20 0 0 0 0"},
		{21, []int{1, 2, 3, 14, 18, 19, 39, 40, 41}, "21 (ksoftirqd/1) S 0 20 0 1 0 0"},
		{acpi, []int{2, 3, 18, 19, 40, 41}, "(irq/9-acpi) S -51 0 50 1"},
		{16, []int{2, 4, 9, 18, 40, 41}, "(migration/0) 2 69238848 -100 99 1"},
		{2, []int{2, 3, 4, 9, 33, 38, 52}, "(kthreadd) S 0 2129984 2147483647 0 0"},
	} {
		line := read(t, fs, fmt.Sprintf("/proc/%d/stat", tt.pid))
		if got := pick(line, tt.fields...); got != tt.want || len(strings.Fields(line)) != 52 {
			t.Errorf("fields %v: %q, want %q", tt.fields, got, tt.want)
		}
	}
}

// A program's time is user time, in whole hundredths and never more than it has
// run; what it has told of once does not go back.
func TestTaskStatTimes(t *testing.T) {
	m, fs := boot(t, machine.Config{CPUs: 2})
	k := sched.Spawn(m.CPUs()[0], "burn", sched.Attr{User: true, Nice: 5, CPUs: []int{1}},
		func(k *sched.Task) { sched.Compute(k, 10*sim.Second) })
	last := 0
	for range 20 {
		if err := m.Run(97 * sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		line := read(t, fs, fmt.Sprintf("/proc/%d/stat", k.PID))
		var user int
		fmt.Sscan(pick(line, 14), &user)
		if user < last || sim.Time(user)*10*sim.Millisecond > k.SumExec() {
			t.Errorf("utime %d after %d, ran for %v", user, last, k.SumExec())
		}
		last = user
	}
	if last < 190 {
		t.Errorf("utime %d hundredths of a second after 1.94s", last)
	}
	if got := pick(read(t, fs, fmt.Sprintf("/proc/%d/stat", k.PID)), 3, 4, 9, 18, 19, 39); got != "R 1 4194304 25 5 1" {
		t.Errorf("state ppid flags priority nice processor: %q", got)
	}
	if x := sched.CPUTimes(m.CPUs()[1]); x.Nice < 1900*sim.Millisecond || x.User != 0 {
		t.Errorf("a nice program's time: %+v", x)
	}
}
