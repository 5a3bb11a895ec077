package machine

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/oops"
)

// findStranded ends the machine if a processor has gone to sleep with work that
// nobody will wake it for. Linux tells of it in the log, if at all, and the
// work waits for an interrupt that has nothing to do with it.
func (m *Machine) findStranded() error {
	for _, c := range m.cpus {
		if m.booted && stranded(c) {
			r := &oops.Report{Rule: "idle with work pending",
				Title: fmt.Sprintf("CPU#%d idle with softirq work pending, handler #%02x!!!", c.ID, softirq.Pending(c)),
				Lines: softirqNames(softirq.Pending(c)),
				Why:   "the processor has halted without a tick to come, and nothing is under way that would run these softirqs: who leaves one pending must see to it that ksoftirqd is woken"}
			m.place(r, c)
			m.date(r)
			m.report = r
			m.eng.Fail(r)
			m.logReport()
			return r
		}
	}
	return nil
}

// stranded says whether c sleeps although softirqs are pending on it.
func stranded(c *cpu.CPU) bool {
	return sched.Online(c) && softirq.Pending(c) != 0 && c.Halted() && tick.Stopped(c)
}

// softirqNames lists what a mask of softirqs names.
func softirqNames(mask uint16) (lines []string) {
	for nr := range softirq.NumSoftIRQs {
		if mask&(1<<nr) != 0 {
			lines = append(lines, fmt.Sprintf("pending: %d %s", nr, nr))
		}
	}
	return lines
}
