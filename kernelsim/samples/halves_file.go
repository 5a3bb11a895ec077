package samples

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/sim"
)

// commandHalves does what a line written to the file says:
//
//	mech=softirq len=20us sleep=no
//	fire every=100us count=1000 entries=2 cpus=0,1
//	compare every=100us count=1000 entries=2 cpus=0,1
//
// What is not named stays as it is; of fire, all has a default. compare fires
// with each mechanism in turn, see showComparison. Context: process context; it
// may sleep.
func commandHalves(c *cpu.CPU, text string) error {
	words := strings.Fields(text)
	h := theHalves.Of(c)
	if len(words) > 0 && (words[0] == "fire" || words[0] == "compare") {
		f, err := parseFire(words[1:], len(h.irqs), len(c.Peers))
		if err != nil {
			return err
		}
		if words[0] == "compare" {
			return h.compare(sched.Current(c), f)
		}
		return h.fire(sched.Current(c), f)
	}
	s, err := h.settings.parse(words)
	if err == nil {
		h.settings = s
	}
	return err
}

// parse reads a choice.
func (s settings) parse(words []string) (settings, error) {
	if len(words) == 0 {
		return s, wrong("", "write mech=, len= and sleep=, or fire, or compare")
	}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		ok := true
		switch name {
		case "mech":
			i := slices.IndexFunc(mechanisms(), func(m mechanism) bool { return m.name == value })
			if i < 0 {
				return s, wrong(w, "there are "+mechanismNames())
			}
			s.mech = mechanisms()[i]
		case "len":
			s.len, ok = span(value)
		case "sleep":
			if s.sleep, ok = span(value); value == "no" {
				s.sleep, ok = 0, true
			}
		default:
			return s, wrong(w, "there are mech=, len= and sleep=, and fire and compare")
		}
		if !ok {
			return s, wrong(w, "a time is 20us or 1ms, to one second")
		}
	}
	return s, nil
}

func mechanismNames() string {
	var names []string
	for _, m := range mechanisms() {
		names = append(names, m.name)
	}
	return strings.Join(names, " ")
}

// A volley is what fire lets the device do.
type volley struct {
	every   sim.Time
	count   int
	entries int
	cpus    []int // of the entries, in turn; nil: as they are
}

// parseFire reads a volley for a device with so many interrupts.
func parseFire(words []string, irqs, cpus int) (volley, error) {
	f := volley{every: 100 * sim.Microsecond, count: 1000, entries: 1}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		ok := false
		switch name {
		case "every":
			f.every, ok = span(value)
		case "count":
			f.count, ok = whole(value, 1, 1_000_000)
		case "entries":
			f.entries, ok = whole(value, 1, irqs)
		case "cpus":
			f.cpus, ok = numbers(value, cpus-1)
		}
		if !ok {
			return f, wrong(w, fmt.Sprintf("there are every=100us, count=1000, entries=1 (to %d) and cpus=0,1", irqs))
		}
	}
	return f, nil
}

// wrong is the error for a word that cannot be understood.
func wrong(word, hint string) error { return fmt.Errorf("%q: %s: %w", word, hint, errno.EINVAL) }

// span reads a time of a microsecond to a second.
func span(text string) (sim.Time, bool) {
	d, err := time.ParseDuration(text)
	t := sim.Time(d)
	return t, err == nil && t >= sim.Microsecond && t <= sim.Second
}

func whole(text string, least, most int) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= least && n <= most
}

// numbers reads a list such as 3,6,1.
func numbers(text string, most int) (list []int, ok bool) {
	for part := range strings.SplitSeq(text, ",") {
		n, ok := whole(part, 0, most)
		if !ok {
			return nil, false
		}
		list = append(list, n)
	}
	return list, true
}

// fire moves the interrupts where they are to come, forgets what was measured,
// and starts the device.
func (h *halvesState) fire(t *sched.Task, f volley) error {
	if err := h.move(t, f); err != nil {
		return err
	}
	c := t.CPU()
	h.runs = runs{now: h.now}
	h.write(c, metronomePeriod, uint64(f.every))
	h.write(c, metronomeEntries, 1<<f.entries-1)
	h.write(c, metronomeBeats, uint64(f.count))
	return nil
}

// move leads the interrupts to their processors. One that no unit remaps moves
// when it comes the next time: a beat for each is spent on that.
func (h *halvesState) move(t *sched.Task, f volley) error {
	if f.cpus == nil {
		return nil
	}
	for k := range f.entries {
		if err := irq.SetAffinity(t.CPU(), h.irqs[k], cpumask.Of(f.cpus[k%len(f.cpus)])); err != nil {
			return err
		}
	}
	h.write(t.CPU(), metronomePeriod, uint64(sim.Microsecond))
	h.write(t.CPU(), metronomeEntries, 1<<f.entries-1)
	h.write(t.CPU(), metronomeBeats, 1)
	timer.MSleep(t, 2*sim.Millisecond+h.len+h.sleep)
	return nil
}

// showHalves is the file.
func showHalves(c *cpu.CPU) string {
	h := theHalves.Of(c)
	sleep := "no"
	if h.sleep > 0 {
		sleep = ascii(h.sleep)
	}
	return fmt.Sprintf("mech=%s len=%s sleep=%s\n", h.mech.name, ascii(h.len), sleep) + h.runs.String()
}

// ascii is a time as it is written to the file.
func ascii(t sim.Time) string { return strings.Replace(t.String(), "µ", "u", 1) }
