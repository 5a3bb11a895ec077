package recorded_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

var (
	ofKey   = regexp.MustCompile(`irq=1 |vec=6 |tasklet=|console_callback`)
	ofWork  = regexp.MustCompile(`workqueue_activate_work|flush_to_ldisc`)
	address = regexp.MustCompile(`(work struct[ =])[0-9a-f]+`)
	worked  = regexp.MustCompile(`(?m)^ *(\S.*?)-\d+ +\[(\d+)\] (\S{5}) [^:]*\d: (\w+): (.*)$`)
	bound   = regexp.MustCompile(`^kworker/(u?)\S*`)
)

// A key is what one interrupt of the keyboard controller led to.
type key struct {
	idle    bool     // it came to an idle processor, and not on top of a softirq
	moments []string // on that processor, of the tasklet and of the console's work
}

// keys cuts a trace into keys. Which other interrupts' softirqs and works are
// between them does not matter.
func keys(text string) (list []key) {
	inside, cpu := false, ""
	for _, f := range worked.FindAllStringSubmatch(text, -1) {
		comm, flags, event := worker(f[1]), f[3], f[4]+": "+f[5]
		if strings.HasPrefix(event, "irq_handler_entry: irq=1 ") {
			list, cpu, inside = append(list, key{idle: comm == "<idle>" && flags == "d.h1."}), f[2], true
		}
		if len(list) == 0 {
			continue
		}
		k, said := &list[len(list)-1], fmt.Sprintf("%s %s %s", comm, flags, address.ReplaceAllString(event, "$1#"))
		if f[2] == cpu && (ofKey.MatchString(event) || inside && ofWork.MatchString(event)) {
			k.moments = append(k.moments, said)
		}
		if strings.HasPrefix(event, "irq_handler_exit: irq=1 ") {
			inside = false
		}
	}
	return list
}

// worker is the name of the task, with those of a kind all alike.
func worker(comm string) string {
	if f := bound.FindStringSubmatch(comm); f != nil {
		return "kworker/" + f[1]
	}
	return class(comm)
}

// compareKeys presses and releases keys as often as that was recorded, and
// compares what became of each.
func (w *world) compareKeys(file string) {
	w.t.Helper()
	w.write(tracing+"set_event", "irq:* workqueue:*\n")
	for i, k := range keys(w.file(file)) {
		w.write(tracing+"trace", "")
		w.shell("pin ioapic 1 pulse")
		if err := errors.Join(w.m.Run(3*sim.Millisecond), w.m.RunIdle()); err != nil {
			w.t.Fatal(err)
		}
		got := keys(w.read(tracing + "trace"))
		if !k.idle {
			w.book.excused["keys: it came on top of a program or of a softirq"] += len(k.moments)
			continue
		}
		w.facts("keys", fmt.Sprintf("%s key %d", file, i), got[0].moments, k.moments)
	}
}

// threadStat is what was noted of a ksoftirqd: fields 1 to 3, 18, 19 and 39 to
// 41 of /proc/PID/stat, and where it may run.
var threadStat = regexp.MustCompile(`(\d+) (\(ksoftirqd/\d+\)) (\S) \d+ \d+ (-?\d+ -?\d+ \d+ \d+ \d+)\n.*Cpus_allowed_list:\t(\S+)`)

// compareKsoftirqd compares what kind of thread ksoftirqd is.
func (w *world) compareKsoftirqd(file string) {
	w.t.Helper()
	var got, want []string
	for _, f := range threadStat.FindAllStringSubmatch(w.file(file), -1) {
		want = append(want, strings.Join(f[1:], " "))
	}
	for _, task := range w.m.Tasks() {
		if !strings.HasPrefix(task.Comm, "ksoftirqd/") {
			continue
		}
		policy := map[sched.Policy]int{sched.FIFO: 1}[task.Policy]
		got = append(got, fmt.Sprintf("%d (%s) %s %d %d %d %d %d %s", task.PID, task.Comm, task.State.Letter(), task.Prio()-100,
			task.Prio()-120, task.CPU().ID, task.RTPrio, policy, w.allowed(task)))
	}
	w.facts("threads", file, got, want)
}
