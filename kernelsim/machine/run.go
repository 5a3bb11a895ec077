package machine

import (
	"errors"
	"fmt"
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace/view"
)

// Errors of the Run functions beside *oops.Report.
var (
	// ErrInterrupted: the host asked to stop. The machine can go on.
	ErrInterrupted = errors.New("interrupted")
	// ErrStopped: the event number of StopAt was reached.
	ErrStopped = errors.New("stopped at the event that was asked for")
)

// idleLimit is how much virtual time RunIdle and RunUntil give.
const idleLimit = 10 * sim.Second

// Run lets d of virtual time pass.
func (m *Machine) Run(d sim.Time) error {
	_, err := m.eng.Run(m.eng.Now() + d)
	return m.outcome(err)
}

// RunIdle runs until all CPUs are halted and nothing but timers lies ahead.
func (m *Machine) RunIdle() error {
	idle, err := m.eng.RunIdle(m.eng.Now() + idleLimit)
	if err := m.outcome(err); err != nil {
		return err
	}
	if !idle {
		return fmt.Errorf("not idle after %s of virtual time: %s", idleLimit, m.busyWith())
	}
	return nil
}

// busyWith names what keeps the machine from being idle.
func (m *Machine) busyWith() string {
	var who []string
	for _, t := range m.Tasks() {
		if t.OnCPU() && t.PID != 0 {
			who = append(who, fmt.Sprintf("CPU %d runs %s", t.CPU().ID, t))
		}
	}
	if len(who) == 0 {
		return "interrupts keep coming"
	}
	return strings.Join(who, ", ")
}

// RunUntil runs until match is true of a trace line, and stops at the next
// decision point after it.
func (m *Machine) RunUntil(match func(line string) bool) error {
	seen := m.ring.Total()
	found, err := m.eng.RunUntil(m.eng.Now()+idleLimit, func() bool {
		for pos, rec := range m.ring.From(seen) {
			seen = pos + 1
			if match(view.Line(rec, m.ring.Names())) {
				return true
			}
		}
		return false
	})
	if found && err == nil && m.eng.Failed() == nil {
		return nil
	}
	if err := m.outcome(err); err != nil {
		return err
	}
	return fmt.Errorf("no trace line matched within %s of virtual time", idleLimit)
}

// Step executes n moves and describes each in a line.
func (m *Machine) Step(n int) ([]string, error) {
	var lines []string
	m.eng.Observe(func(s sim.Step) { lines = append(lines, m.describe(s)) })
	m.eng.StopAfter(uint64(n))
	_, err := m.eng.Run(m.eng.Now() + idleLimit)
	m.eng.Observe(nil)
	if err := m.outcome(err); err != nil && !errors.Is(err, ErrStopped) {
		return lines, err
	}
	if len(lines) < n {
		return lines, fmt.Errorf("only %d of %d events: nothing more happens within %s of virtual time", len(lines), n, idleLimit)
	}
	return lines, nil
}

// describe prints a move: its number, its time, who made it, what it was.
func (m *Machine) describe(s sim.Step) string {
	at := fmt.Sprintf("%8d %6d.%09d", s.N, int64(s.Time)/1e9, int64(s.Time)%1e9)
	if s.Proc == nil {
		return fmt.Sprintf("%s [---] %s", at, s.Name)
	}
	return fmt.Sprintf("%s [%03d] %-15s %s %dns", at, s.Proc.ID(), m.State(s.Proc.ID()).Task, cost.Row(s.Row), s.Spent)
}

// RunToEvent runs until Events() is n, at most for the time that RunIdle
// gives. It reports whether it got there.
func (m *Machine) RunToEvent(n uint64) (bool, error) {
	if n <= m.Events() {
		return n == m.Events(), nil
	}
	m.eng.StopAfter(n - m.Events())
	_, err := m.eng.Run(m.eng.Now() + idleLimit)
	if err := m.outcome(err); err != nil && !errors.Is(err, ErrStopped) {
		return false, err
	}
	return m.Events() == n, nil
}

// AtDecision calls fn when Events() reaches n: between two moves, whatever
// runs then. It holds for one event.
func (m *Machine) AtDecision(n uint64, fn func()) { m.eng.At(n, fn) }

// outcome turns how a run ended into an error.
func (m *Machine) outcome(err error) error {
	if f := m.eng.Failed(); f != nil {
		if m.report == nil {
			m.report = m.makeReport(f)
			m.logReport()
		}
		return m.report
	}
	if err != nil {
		return err
	}
	if m.eng.Stopped() {
		if m.cfg.Interrupted != nil && m.eng.HostStopped() {
			return ErrInterrupted
		}
		return ErrStopped
	}
	return m.findStranded()
}
