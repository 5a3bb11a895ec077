package recorded_test

import (
	"fmt"
	"regexp"
	"strings"

	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/sched"
)

// stat is what was noted of an interrupt's thread: name and fields 18, 40 and
// 41 of /proc/PID/stat, and where it may run.
var stat = regexp.MustCompile(`\d+ \((.*)\) S (-?\d+) 0 \d+ (\d+) (\d+)\n.*Cpus_allowed_list:\t(\S+)`)

// compareThreads compares which interrupts have threads, in the order of their
// making, how urgent they are, and where they may run.
func (w *world) compareThreads(file string) {
	w.t.Helper()
	var got, want []string
	for _, f := range stat.FindAllStringSubmatch(w.file(file), -1) {
		want = append(want, fmt.Sprint(f[1][:min(15, len(f[1]))], " ", f[2], " ", f[3], " ", f[4], " on ", f[5]))
	}
	for _, task := range w.m.Tasks() {
		if strings.HasPrefix(task.Comm, "irq/") {
			policy := map[sched.Policy]int{sched.FIFO: 1}[task.Policy]
			got = append(got, fmt.Sprint(task.Comm, " ", task.Prio()-100, " ", task.RTPrio, " ", policy, " on ", w.allowed(task)))
		}
	}
	w.facts("threads", file, got, want)
}

// allowed is a task's Cpus_allowed_list.
func (w *world) allowed(task *sched.Task) string {
	var m cpumask.Mask
	for n := range w.m.CPUs() {
		if task.Allowed(n) {
			m.Add(n)
		}
	}
	return m.String()
}

// threadOf is an interrupt's thread.
func (w *world) threadOf(n int) *sched.Task {
	w.t.Helper()
	for _, task := range w.m.Tasks() {
		if strings.HasPrefix(task.Comm, fmt.Sprintf("irq/%d-", n)) {
			return task
		}
	}
	w.t.Fatalf("interrupt %d has no thread", n)
	return nil
}

// What ran before a thread and runs after it, and numbers of processes, differ.
var (
	pid   = regexp.MustCompile(`pid=\d+`)
	other = regexp.MustCompile(`(prev_comm|next_comm)=(swapper|kworker|ksoftirqd)\S* (prev_|next_)pid=#? ?(prev_|next_)prio=120( prev_state=R\+?)?`)
)

// compareThreadTrace lets a message come as often as the recorded one did, one
// after the other, and compares how the handler and its thread follow.
func (w *world) compareThreadTrace(file string, b pcie.BDF, k, n int) {
	w.t.Helper()
	w.arm()
	w.write(tracing+"set_event", "irq:irq_handler_entry irq:irq_handler_exit sched:sched_waking sched:sched_wakeup sched:sched_switch\n")
	w.write(tracing+"trace", "")
	for range strings.Count(w.file(file), "irq_handler_entry") {
		w.signal(b, k)
	}
	about := regexp.MustCompile(fmt.Sprintf(`irq=%d |irq/%d-`, n, n))
	same := func(lines []string) (list []string) {
		for _, l := range lines {
			if about.MatchString(l) {
				list = append(list, other.ReplaceAllString(pid.ReplaceAllString(l, "pid="), "$1=other"))
			}
		}
		return list
	}
	w.facts("trace events", file, same(w.ours()), same(strings.Split(w.file(file), "\n")))
}

// compareThreadAffinity writes a mask, and compares where the thread may run
// before, right after, and when its interrupt has moved and it has run again.
func (w *world) compareThreadAffinity(file string, n int, messages []string, b pcie.BDF) {
	w.t.Helper()
	task, step := w.threadOf(n), 0
	for l := range strings.Lines(w.file(file)) {
		l = strings.TrimSpace(l)
		if path, _, isFile := strings.Cut(l, ":"); isFile && strings.HasPrefix(path, "/") {
			for range 3 {
				for _, k := range messages {
					w.signal(b, number(k))
				}
			}
			w.fact("threads", file, path+":"+strings.TrimSpace(w.read(path)), l)
			continue
		}
		if step++; step == 2 {
			w.write(fmt.Sprintf("/proc/irq/%d/smp_affinity", n), "4\n")
		}
		w.fact("threads", file, "Cpus_allowed_list:\t"+w.allowed(task), l)
	}
}
