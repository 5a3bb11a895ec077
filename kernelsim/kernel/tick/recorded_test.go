package tick_test

import (
	"regexp"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace/view"
)

// recorded is what a real 6.1.192 traced of a tick for which an idle processor
// had a timer of the wheel, without times: the order of the events and in what
// context each is. (vec=7 depends on when the processor last balanced.)
const recorded = `          <idle>-0       [000] d.h1. local_timer_entry: vector=236
          <idle>-0       [000] d.h1. softirq_raise: vec=1 [action=TIMER]
          <idle>-0       [000] d.h1. local_timer_exit: vector=236
          <idle>-0       [000] ..s1. softirq_entry: vec=1 [action=TIMER]
          <idle>-0       [000] ..s1. softirq_exit: vec=1 [action=TIMER]
`

// recordedHR is the same for a high-resolution timer that a softirq started.
const recordedHR = `          <idle>-0       [000] d.s2. hrtimer_start: function=napi_watchdog mode=REL|PINNED was_armed=0
          <idle>-0       [000] d.h1. local_timer_entry: vector=236
          <idle>-0       [000] d.h1. hrtimer_expire_entry: function=napi_watchdog
          <idle>-0       [000] d.h1. hrtimer_expire_exit:
          <idle>-0       [000] d.h1. local_timer_exit: vector=236
`

// numbers are what no two runs have in common: times, addresses, jiffies.
var numbers = regexp.MustCompile(` +\d+\.\d{6}:|(hrtimer|expires|softexpires|now)=\S+ ?`)

// lines are the lines of some events on processor 0, without their numbers.
func lines(m *machine.Machine, from uint64, events string) string {
	var b strings.Builder
	for _, r := range m.Ring().From(from) {
		if r.CPU == 0 && strings.Contains(events, " "+r.Kind.String()+" ") {
			text := numbers.ReplaceAllString(view.Line(r, m.Ring().Names()), "")
			if !strings.Contains(text, "tick_sched_timer") && !strings.Contains(text, "vec=7") {
				b.WriteString(strings.TrimRight(text, " ") + "\n")
			}
		}
	}
	return b.String()
}

// A tick with a timer, and a high-resolution timer, are traced as the real one
// traces them: same events, same order, same flags.
func TestAgainstRecorded(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 1, Append: quiet})
	var w timer.Timer
	var h hrtimer.Timer
	do(t, m, 0, func(c *cpu.CPU) {
		hrtimer.Init(c, &h, "napi_watchdog", hrtimer.Rel, func(*cpu.CPU, *hrtimer.Timer) hrtimer.Restart { return hrtimer.NoRestart })
		timer.Setup(&w, "fn", func(*cpu.CPU, *timer.Timer) {})
		timer.Mod(c, &w, timer.Jiffies(c)+40)
	})
	run(t, m, 50*sim.Millisecond)
	from := m.Ring().Total()
	run(t, m, sim.Second)
	if got := lines(m, from, " local_timer_entry local_timer_exit softirq_raise softirq_entry softirq_exit "); got != recorded {
		t.Errorf("a tick with a timer:\n%swant:\n%s", got, recorded)
	}
	do(t, m, 0, func(c *cpu.CPU) {
		timer.Setup(&w, "fn", func(c *cpu.CPU, _ *timer.Timer) {
			hrtimer.Start(c, &h, 34*sim.Millisecond+123, hrtimer.Rel|hrtimer.Pinned)
		})
		timer.Mod(c, &w, timer.Jiffies(c)+40)
	})
	run(t, m, 100*sim.Millisecond)
	from = m.Ring().Total()
	run(t, m, sim.Second)
	got := lines(m, from, " local_timer_entry local_timer_exit hrtimer_start hrtimer_expire_entry hrtimer_expire_exit ")
	_, got, _ = strings.Cut(got, "local_timer_exit: vector=236\n") // of the wheel's tick
	if got != recordedHR {
		t.Errorf("a high-resolution timer:\n%swant:\n%s", got, recordedHR)
	}
}
