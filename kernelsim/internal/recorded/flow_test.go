package recorded_test

import (
	"regexp"
	"slices"
	"strings"
)

// A moment is a line of a trace: who ran, in which context, and what happened.
// Tasks that a recording does not follow are all called task.
type moment struct{ comm, flags, name, args string }

// String is what is compared of it.
func (m moment) String() string { return m.comm + " " + m.flags + " " + m.name + ": " + m.args }

func (m moment) hard() bool { return m.flags[2] == 'h' || m.flags[2] == 'H' }
func (m moment) need() bool { return m.flags[1] != '.' }

// number is the first number behind a word in the event's text, -1 without one.
func (m moment) number(word string) int {
	_, rest, ok := strings.Cut(m.args, word)
	if !ok {
		return -1
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	return number(rest[:end])
}

var (
	traced   = regexp.MustCompile(`(?m)^ *(\S.*?)-\d+ +\[(\d+)\] (\S{5}) [^:]*\d: (\w+): (.*)$`)
	followed = regexp.MustCompile(`^(irq_handler_|softirq_|tasklet_|sched_w|sched_switch)`)
	others   = regexp.MustCompile(`irq=(3|4|9|12) `)
	threads  = regexp.MustCompile(`comm=(ksoftirqd|irq/)`)
	numbered = regexp.MustCompile(`(ksoftirqd|swapper)/\d+`)
	ofTask   = regexp.MustCompile(`(prev_|next_|)pid=\d+`)
	target   = regexp.MustCompile(`target_cpu=\d+`)
	stranger = regexp.MustCompile(`(prev|next)_comm=([^ki ]|k[^s ]|i[^r ])\S*(.*? (prev|next)_prio=\d+( prev_state=\S+)?)`)
)

// moments are the lines of a trace by processor, but for those of the serial
// ports, whose handlers are not here.
func moments(text string) map[string][]moment {
	list := map[string][]moment{}
	for _, f := range traced.FindAllStringSubmatch(text, -1) {
		if followed.MatchString(f[4]) && !others.MatchString(f[5]) && (f[4][:5] != "sched" || threads.MatchString(f[5])) {
			list[f[2]] = append(list[f[2]], moment{class(f[1]), f[3], f[4], plain(f[5])})
		}
	}
	return list
}

// class is a task's name without what differs from processor to processor.
func class(comm string) string {
	switch {
	case strings.HasPrefix(comm, "ksoftirqd"):
		return "ksoftirqd"
	case strings.HasPrefix(comm, "irq/"), comm == "<idle>":
		return comm
	}
	return "task"
}

// plain is an event's text without numbers of tasks and processors, and without
// the names of tasks that are not followed.
func plain(args string) string {
	args = numbered.ReplaceAllString(target.ReplaceAllString(args, "target_cpu="), "$1")
	return ofTask.ReplaceAllString(stranger.ReplaceAllString(args, "${1}_comm=other"), "${1}pid=")
}

// A flow is what an interrupt of a quiet processor led to, until the processor
// was quiet again.
type flow struct{ moments []moment }

// A cutter cuts a processor's moments into flows.
type cutter struct {
	flows   []flow
	pending int  // the softirqs that wait
	inside  bool // one of them runs
	thread  bool // ksoftirqd or an interrupt's thread is awake
	started bool // the last moment was the interrupt's own
}

// cut leaves out what came before the first interrupt, that one's own if the
// recording begins with it, and the last flow: of these nobody knows whether all
// was recorded.
func cut(list []moment) []flow {
	c := cutter{started: true}
	for _, m := range list {
		c.add(m)
	}
	return c.flows[:max(len(c.flows)-1, 0)]
}

func (c *cutter) add(m moment) {
	begins := m.flags[2] == 'h' && (m.name == "softirq_raise" || m.name == "irq_handler_entry") && !c.started
	if begins && c.pending == 0 && !c.inside && !c.thread {
		c.flows = append(c.flows, flow{})
	}
	if len(c.flows) > 0 {
		f := &c.flows[len(c.flows)-1]
		f.moments = append(f.moments, m)
	}
	c.started = m.hard() && strings.Contains("softirq_raise irq_handler_entry irq_handler_exit", m.name)
	c.follow(m)
}

// follow keeps the state.
func (c *cutter) follow(m moment) {
	switch m.name {
	case "softirq_raise":
		c.pending |= 1 << m.number("vec=")
	case "softirq_entry":
		c.pending &^= 1 << m.number("vec=")
		c.inside = true
	case "softirq_exit":
		c.inside = false
	case "sched_waking", "sched_wakeup":
		c.thread = true
	case "sched_switch":
		_, next, _ := strings.Cut(m.args, "next_comm=")
		c.thread = strings.HasPrefix(next, "ksoftirqd") || strings.HasPrefix(next, "irq/")
	}
}

// texts are the moments as they are compared.
func (f flow) texts() (list []string) {
	for _, m := range f.moments {
		list = append(list, m.String())
	}
	return list
}

// base is in which task the flow began.
func (f flow) base() string { return f.moments[0].comm }

// depth is how often that task had disabled preemption.
func (f flow) depth() int { return max(strings.IndexByte("0123456789", f.moments[0].flags[3]), 0) }

// passes is how many passes of one invocation the moments up to the one at i,
// which ends a softirq, belong to.
func (f flow) passes(i int) int {
	n, last, comm := 0, 10, f.moments[i].comm
	for _, m := range f.moments[:i+1] {
		if m.name != "softirq_entry" || m.comm != comm {
			continue
		}
		if v := m.number("vec="); v <= last {
			n++
		}
		last = m.number("vec=")
	}
	return n
}

// has says whether a word stands in one of the moments.
func (f flow) has(word string) bool {
	return slices.ContainsFunc(f.moments, func(m moment) bool { return strings.Contains(m.args, word) })
}
