package machine

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
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
			Why: "the code that runs on the machine panicked; its stack is below"}
	}
	r.Stack = string(f.Stack)
	r.Time, r.Step, r.Seed = int64(m.eng.Now()), m.eng.Steps(), m.cfg.Seed
	r.Replay = m.cfg.Replay
	if f.Proc != nil {
		m.place(r, m.cpus[f.Proc.ID()])
	}
	return r
}

// place adds which CPU it was, what ran there, and its last trace lines.
func (m *Machine) place(r *oops.Report, c *cpu.CPU) {
	r.CPU = c.ID
	if t := sched.Current(c); t != nil {
		r.Task = t.String()
		r.Locks = t.Locks
	}
	r.Context = sched.ContextOf(c)
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
	c := m.cpus[0]
	printk.Printk(c, printk.Emerg, "%s", m.report.Title)
	for _, l := range m.report.Lines {
		printk.Printk(c, printk.Emerg, "%s", l)
	}
	printk.Printk(c, printk.Emerg, "CPU: %d PID: %s Comm: %s Not tainted 6.1.0-56-amd64 #1 Debian 6.1.192-2",
		m.report.CPU, after(m.report.Task, "/"), before(m.report.Task, "/"))
}

func before(s, sep string) string {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i]
	}
	return s
}

func after(s, sep string) string { return s[strings.LastIndex(s, sep)+1:] }

// panicAreas ends a boot that has no per-CPU areas.
func (m *Machine) panicAreas(c *cpu.CPU, err error) {
	oops.Raise(oops.Report{Rule: "no per-CPU areas", CPU: c.ID,
		Title: "Kernel panic - not syncing: cannot initialize percpu area",
		Lines: []string{err.Error()},
		Why:   "setup_per_cpu_areas returned an error, and nothing in the kernel works without a place for each CPU's variables"})
}

// faultGS ends a boot whose GS base leads nowhere.
func (m *Machine) faultGS(p *cpu.CPU, base percpu.Addr, err error) {
	oops.Raise(oops.Report{Rule: "page fault", CPU: p.ID,
		Title: fmt.Sprintf("BUG: unable to handle page fault for address: %016x", uint64(base)),
		Lines: []string{fmt.Sprintf("GS base of CPU %d: %v", p.ID, err)},
		Why:   fmt.Sprintf("the areas say that CPU %d's unit is there, but that memory was never allocated or has been given back", p.ID)})
}
