package tasklet

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/oops"
)

// A list is a processor's list as a part sees it.
type list struct {
	c *cpu.CPU
	p priority
}

var _ softirqabi.Tasklets = (*list)(nil)

// SaveIRQ models local_irq_save.
func (l *list) SaveIRQ() bool { return bool(l.c.SaveFlags()) }

// RestoreIRQ models local_irq_restore.
func (l *list) RestoreIRQ(flags bool) { l.c.RestoreFlags(cpu.Flags(flags)) }

// DisableIRQ models local_irq_disable.
func (l *list) DisableIRQ() { l.c.CLI() }

// EnableIRQ models local_irq_enable.
func (l *list) EnableIRQ() { l.c.STI() }

// irqsOff models lockdep_assert_irqs_disabled for what a part does.
func (l *list) irqsOff(what string) {
	if l.c.IF() {
		oops.Raise(oops.Report{Rule: "IF set", CPU: l.c.ID,
			Title: "WARNING: " + what + " of the list of tasklets with interrupts on",
			Why:   "an interrupt that comes here may schedule a tasklet as well: of two who change a list or a word at once, one is lost"})
	}
}

// Append puts a tasklet at the end.
func (l *list) Append(t softirqabi.Tasklet) {
	l.irqsOff("Append")
	l.p.head(l.c).append(t.(view).t)
}

// Detach takes the whole list.
func (l *list) Detach() softirqabi.Tasklet {
	l.irqsOff("Detach")
	return l.view(l.p.head(l.c).detach())
}

// Raise models raise_softirq_irqoff.
func (l *list) Raise() {
	l.irqsOff("Raise")
	softirq.RaiseIRQOff(l.c, l.p.softirq())
}

// RaiseBit models __raise_softirq_irqoff.
func (l *list) RaiseBit() {
	l.irqsOff("RaiseBit")
	softirq.RaiseBit(l.c, l.p.softirq())
}

// view is a tasklet of the list as a part sees it.
func (l *list) view(t *Tasklet) softirqabi.Tasklet {
	if t == nil {
		return nil
	}
	return view{l, t}
}

// A view is a tasklet as a part sees it on one processor.
type view struct {
	l *list
	t *Tasklet
}

var _ softirqabi.Tasklet = view{}

// TestAndSetSched models test_and_set_bit(TASKLET_STATE_SCHED).
func (v view) TestAndSetSched() bool { return v.t.set(v.l.c, scheduled) }

// ClearSched models tasklet_clear_sched.
func (v view) ClearSched() { v.t.clearSched(v.l.c) }

// TryLock models tasklet_trylock.
func (v view) TryLock() bool { return !v.t.set(v.l.c, running) }

// Unlock models tasklet_unlock.
func (v view) Unlock() { v.t.unlock(v.l.c) }

// Disabled says whether the count is not 0.
func (v view) Disabled() bool { return v.t.count != 0 }

// Call calls the driver's function.
func (v view) Call() { v.t.call(v.l.c, v.l.p) }

// Next is the tasklet behind it.
func (v view) Next() softirqabi.Tasklet { return v.l.view(v.t.next) }
