package procfs

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// tick is the unit of the times in /proc/stat: 1/USER_HZ, whatever HZ is.
const tick = sim.Second / 100

// stat models show_stat (fs/proc/stat.c).
func (fs *FS) stat() string {
	var b strings.Builder
	var all sched.Times
	for _, p := range fs.known() {
		t := sched.TimesOf(p, fs.m.Now())
		all.User += t.User
		all.Nice += t.Nice
		all.System += t.System
		all.Idle += t.Idle
		all.IRQ += t.IRQ
		all.SoftIRQ += t.SoftIRQ
	}
	cpuLine(&b, "cpu ", all)
	for _, p := range fs.online() {
		cpuLine(&b, fmt.Sprintf("cpu%d", p.ID), sched.TimesOf(p, fs.m.Now()))
	}
	fmt.Fprintf(&b, "intr %d%s\n", fs.interruptSum(), fs.interruptCounts())
	fs.totals(&b)
	b.WriteString(fs.softirqLine())
	return b.String()
}

// cpuLine prints user nice system idle iowait irq softirq steal guest
// guest_nice.
func cpuLine(b *strings.Builder, name string, t sched.Times) {
	fmt.Fprintf(b, "%s %d %d %d %d 0 %d %d 0 0 0\n", name,
		t.User/tick, t.Nice/tick, t.System/tick, t.Idle/tick, t.IRQ/tick, t.SoftIRQ/tick)
}

// totals prints the counts of the whole system. The machine has no real-time
// clock, so it booted at the epoch.
func (fs *FS) totals(b *strings.Builder) {
	var switches uint64
	running := 0
	for _, p := range fs.known() {
		switches += sched.SwitchesOf(p)
		if sched.Online(p) {
			running += sched.RunningOn(p)
		}
	}
	fmt.Fprintf(b, "ctxt %d\nbtime 0\nprocesses %d\nprocs_running %d\nprocs_blocked 0\n",
		switches, sched.Forks(fs.boot()), running)
}

// uptime models uptime_proc_show (fs/proc/uptime.c): seconds since power-on,
// and the seconds that all CPUs together have idled.
func (fs *FS) uptime() string {
	var idle sim.Time
	for _, p := range fs.known() {
		idle += sched.TimesOf(p, fs.m.Now()).Idle
	}
	return fmt.Sprintf("%s %s\n", hundredths(fs.m.Now()), hundredths(idle))
}

func hundredths(t sim.Time) string {
	return fmt.Sprintf("%d.%02d", t/sim.Second, t%sim.Second/tick)
}
