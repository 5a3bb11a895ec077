package irq_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A line is an interrupt with a chip that notes down what it hears.
type line struct {
	*irq.Desc
	log   []string
	flags irq.ChipFlag
}

// What the chip can do.
func (l *line) Name() string                       { return "noted" }
func (l *line) Flags() irq.ChipFlag                { return l.flags }
func (l *line) Mask(*cpu.CPU, *irq.Data)           { l.note("mask") }
func (l *line) Unmask(*cpu.CPU, *irq.Data)         { l.note("unmask") }
func (l *line) Ack(*cpu.CPU, *irq.Data)            { l.note("ack") }
func (l *line) EOI(*cpu.CPU, *irq.Data)            { l.note("eoi") }
func (l *line) note(format string, args ...any)    { l.log = append(l.log, fmt.Sprintf(format, args...)) }
func (l *line) take() (text string)                { text, l.log = strings.Join(l.log, " "), nil; return text }
func (l *line) flow(c *cpu.CPU, h irq.FlowHandler) { irq.SetHandler(c, l.IRQ, h, "noted", false) }

// newLine makes an interrupt that nobody has requested yet.
func newLine(c *cpu.CPU, h irq.FlowHandler, flags irq.ChipFlag) *line {
	n, err := irq.AllocDescs(c, -1, 1, 0, nil)
	if err != nil {
		panic(err)
	}
	l := &line{Desc: irq.ToDesc(c, n), flags: flags | irq.SkipSetWake}
	l.SetChip(l)
	l.flow(c, h)
	return l
}

// comes is the interrupt, on the processor that calls.
func (l *line) comes(c *cpu.CPU) {
	flags := c.SaveFlags()
	preempt.Add(c, preempt.HardIRQOffset)
	irq.Handle(c, l.Desc)
	preempt.Sub(c, preempt.HardIRQOffset)
	c.RestoreFlags(flags)
}

// handler notes its name and answers.
func (l *line) handler(name string, ret irq.Return) irq.Handler {
	return func(*cpu.CPU, irq.Number, any) irq.Return { l.note("%s", name); return ret }
}

// thread is the same for a thread's function.
func (l *line) thread(name string, ret irq.Return) irq.ThreadFn {
	return func(*sched.Task, irq.Number, any) irq.Return { l.note("%s", name); return ret }
}

// boot boots a machine.
func boot(t *testing.T, cfg machine.Config) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// inTask runs f in a process of CPU 0 of a machine that has two.
func inTask(t *testing.T, params string, f func(task *sched.Task)) *machine.Machine {
	t.Helper()
	m := boot(t, machine.Config{CPUs: 2, Append: params + " watchdog_thresh=0"})
	if err := m.Do("test", func(c *cpu.CPU) { f(sched.Current(c)) }); err != nil {
		t.Fatal(err)
	}
	return m
}

// settle lets all threads do what they have to do.
func settle(task *sched.Task) { hrtimer.USleep(task, sim.Millisecond) }

// said reports whether the kernel's log has a line with a text, and how many.
func said(m *machine.Machine, text string) (n int) {
	for _, l := range m.Dmesg() {
		if strings.Contains(l.Text, text) {
			n++
		}
	}
	return n
}

// running is the thread of a name, nil if there is none.
func running(c *cpu.CPU, comm string) *sched.Task {
	for _, t := range sched.Tasks(c) {
		if t.Comm == comm {
			return t
		}
	}
	return nil
}

// refused reports a call that was not refused with an errno.
func refused(t *testing.T, what string, err error, want string) {
	t.Helper()
	var e *errno.Errno
	if !errors.As(err, &e) || e.Name != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}
