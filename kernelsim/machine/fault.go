package machine

import (
	"errors"
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/report"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace/view"
)

// tailLines is how many trace lines a report carries.
const tailLines = 20

// makeReport completes what a broken rule raised, or makes a report of any
// other panic, with where and when it happened.
func (m *Machine) makeReport(f *sim.Failure) *oops.Report {
	r, ok := f.Value.(*oops.Report)
	if !ok {
		r = &oops.Report{Rule: "panic", Title: fmt.Sprintf("Oops: Go panic in kernel code: %v", f.Value),
			Why: "Go code of the kernel or of a module panicked, which would be a fault of the processor on a real machine"}
		if m.Bare() {
			r.Why = "Go code of a part of the hardware panicked; no kernel runs here that could have"
		}
	}
	// What a watchdog reports happens below the interrupt that it looks from.
	lockup := r.Rule == "soft lockup" || r.Rule == "hard lockup"
	r.Stack = strings.Join(report.CallTrace(string(f.Stack), lockup), "\n")
	m.date(r)
	if f.Proc != nil {
		m.place(r, m.cpus[f.Proc.ID()])
	}
	return r
}

// date adds when it was, and how it can be seen again.
func (m *Machine) date(r *oops.Report) {
	r.Time, r.Step, r.Seed = int64(m.eng.Now()), m.eng.Steps(), m.cfg.Seed
	r.Replay = either(m.cfg.Replay, m.cfg.BootCommand())
}

// place adds which CPU it was, what ran there, and its last trace lines.
func (m *Machine) place(r *oops.Report, c *cpu.CPU) {
	r.CPU = c.ID
	if t := sched.Current(c); t != nil {
		r.Task = t.String()
		r.Locks = t.Held().Lines()
	}
	r.Context = softirq.ContextOf(c)
	var lines []string
	for _, rec := range m.ring.From(0) {
		if int(rec.CPU) == c.ID {
			lines = append(lines, view.Line(rec, m.ring.Names()))
		}
	}
	r.Trace = lines[max(0, len(lines)-tailLines):]
}

// logReport puts the report's lines into the kernel's log, as printk would.
func (m *Machine) logReport() {
	if m.Bare() {
		return // nobody there keeps a log
	}
	c := m.cpus[m.report.CPU]
	if c.GS.Slots == nil { // it has no per-CPU area: the boot CPU tells
		c = m.cpus[0]
	}
	for _, l := range report.Kernel(m.report) {
		printk.Printk(c, printk.Emerg, "%s", l)
	}
}

// panicAreas ends a boot that has no per-CPU areas.
func (m *Machine) panicAreas(c *cpu.CPU, err error) {
	oops.Raise(oops.Report{Rule: "no per-CPU areas", CPU: c.ID,
		Title: "Kernel panic - not syncing: cannot initialize percpu area" + returned(err),
		Lines: []string{err.Error()},
		Why:   "setup_per_cpu_areas returned an error, and nothing in the kernel works without a place for each CPU's variables"})
}

// returned is what the kernel's function would have returned, as panic prints
// it; empty for an error that has no number.
func returned(err error) string {
	var no *errno.Errno
	if !errors.As(err, &no) {
		return ""
	}
	return fmt.Sprintf(" (err=%d)", -no.N)
}

// faultGS ends a boot whose GS base leads nowhere.
func (m *Machine) faultGS(p *cpu.CPU, base percpu.Addr, err error) {
	oops.Raise(oops.Report{Rule: "page fault", CPU: p.ID,
		Title: fmt.Sprintf("BUG: unable to handle page fault for address: %016x", uint64(base)),
		Lines: []string{fmt.Sprintf("GS base of CPU %d: %v", p.ID, err)},
		Why:   fmt.Sprintf("the areas say that CPU %d's unit is there, but that memory was never allocated or has been given back", p.ID)})
}
