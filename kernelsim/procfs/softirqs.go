package procfs

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
)

// softirqs models show_softirqs (fs/proc/softirqs.c): unlike /proc/interrupts
// it has a column for every processor that the machine may ever have.
func (fs *FS) softirqs() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%20s", "")
	for _, p := range fs.m.CPUs() {
		fmt.Fprintf(&b, "CPU%-8d", p.ID)
	}
	b.WriteByte('\n')
	for nr := range softirq.NumSoftIRQs {
		fmt.Fprintf(&b, "%12s:", nr)
		for _, p := range fs.m.CPUs() {
			fmt.Fprintf(&b, " %10d", softIRQCount(p, nr))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// softIRQCount is a processor's count, 0 where there is none yet.
func softIRQCount(p *cpu.CPU, nr softirq.Nr) uint64 {
	if !sched.Known(p) {
		return 0
	}
	return softirq.Count(p, nr)
}

// softirqLine is the last line of /proc/stat: how many there were, and how many
// of each kind.
func (fs *FS) softirqLine() string {
	var each strings.Builder
	var all uint64
	for nr := range softirq.NumSoftIRQs {
		var sum uint64
		for _, p := range fs.m.CPUs() {
			sum += softIRQCount(p, nr)
		}
		all += sum
		fmt.Fprintf(&each, " %d", sum)
	}
	return fmt.Sprintf("softirq %d%s\n", all, each.String())
}
