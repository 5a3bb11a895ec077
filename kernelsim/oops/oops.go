// Package oops holds the value that ends a run when kernel code breaks a
// rule. Low floors raise it with what they know; the machine adds where it
// happened, and package report prints it as the kernel would.
package oops

import "strings"

// A Report says which rule was broken, where, and how to see it again.
type Report struct {
	Rule    string   // short name, fit for a test: "sleep in atomic"
	Title   string   // the kernel's own first line: "BUG: scheduling while atomic: …"
	Why     string   // one line for a person who has not met the rule
	Lines   []string // further lines in the kernel's form
	Time    int64    // virtual nanoseconds
	CPU     int
	Task    string   // comm/pid
	Context []string // outermost last: "irq 0xec", "task kworker/0:1"
	Locks   []string // held by the task or CPU
	Trace   []string // the CPU's last trace lines
	Stack   string   // the Go stack of the culprit
	Seed    uint64
	Step    uint64 // decision point
	Replay  string // the command that shows it again
}

// Error is the first line and the reason, for places with room for one line.
func (r *Report) Error() string {
	if r.Why == "" {
		return r.Title
	}
	return r.Title + ": " + r.Why
}

// Raise ends the run with r.
func Raise(r Report) { panic(&r) }

// String is the title and the further lines, as dmesg shows them.
func (r *Report) String() string {
	return strings.Join(append([]string{r.Title}, r.Lines...), "\n")
}
