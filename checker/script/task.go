// Package script reads a lab's tasks and runs them. A task is one .txtar
// file: a header and checks in comments, shell lines between them, hints and
// expected files behind. The lines run under testscript with every verb of
// the simulator's shell as a command, beside a few commands of the host.
package script

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// A Kind says what a student does in a task.
type Kind string

// The six kinds of task.
const (
	Implement Kind = "implement"
	Fix       Kind = "fix"
	Tune      Kind = "tune"
	Diagnose  Kind = "diagnose"
	Predict   Kind = "predict"
	Scenario  Kind = "write the scenario"
)

// Kinds lists the kinds in the order in which the book introduces them.
func Kinds() []Kind {
	return []Kind{Implement, Fix, Predict, Tune, Diagnose, Scenario}
}

// Ext is the extension of the student's file of such a task.
func (k Kind) Ext() string {
	switch k {
	case Implement, Fix:
		return ".go"
	case Tune, Scenario:
		return ".ks"
	default:
		return ".answer"
	}
}

// A Task is one parsed .txtar file.
type Task struct {
	Lab     string // the lab's folder
	ID      string // the file's name without .txtar
	Title   string
	Kind    Kind
	Size    string // S, M or L
	Minutes int
	Chapter string // page#anchor
	Shapes  []Shape
	Seeds   Range    // for checks marked (seeds)
	Imports []Import // what the student's Go file may import
	Checks  []Check
	Hints   []string
	Series  []HintSeries // further hints, for the checks that name them
	Files   []txtar.File // expected files and whatever else is not a hint
}

// Name is how a command line names the task: LAB/TASK.
func (t *Task) Name() string { return t.Lab + "/" + t.ID }

// File is the name of the student's file.
func (t *Task) File() string {
	if ext := t.Kind.Ext(); ext != ".go" {
		return t.ID + ext
	}
	return strings.ReplaceAll(t.ID, "-", "_") + ".go"
}

// Weight is the sum of the weights of the checks.
func (t *Task) Weight() int {
	sum := 0
	for _, c := range t.Checks {
		sum += c.Weight
	}
	return sum
}

// An Import is one line of the allow-list of a student's Go file.
type Import struct {
	Path  string
	Names []string // exported names that may be used; none means all
}

// A Var is one variable of a shape.
type Var struct{ Name, Value string }

// A Shape is one form of machine under which the script runs.
type Shape []Var

// String prints the shape as the header has it.
func (s Shape) String() string {
	words := make([]string, len(s))
	for i, v := range s {
		words[i] = v.Name + "=" + v.Value
	}
	return strings.Join(words, " ")
}

// Get returns a variable of the shape, or "".
func (s Shape) Get(name string) string {
	for _, v := range s {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// With returns the shape with one variable set.
func (s Shape) With(name, value string) Shape {
	out := make(Shape, 0, len(s)+1)
	for _, v := range s {
		if v.Name != name {
			out = append(out, v)
		}
	}
	return append(out, Var{name, value})
}

// A Range is a closed range of seeds; the zero Range is empty.
type Range struct{ First, Last uint64 }

// String prints the range as the header has it.
func (r Range) String() string { return fmt.Sprintf("%d..%d", r.First, r.Last) }

// Len counts the seeds.
func (r Range) Len() int {
	if r.Last < r.First || r.First == 0 {
		return 0
	}
	return int(r.Last - r.First + 1)
}

// A Check is one graded part of a task.
type Check struct {
	Name   string
	Weight int
	Seeds  bool   // repeated under every seed of the task
	Why    string // the reason in kernel words
	See    string // page#anchor of the paragraph, when it is not the task's
	Hints  string // the series of hints for it; "": the task's own
	Line   int    // line of the Check comment in the file
	Body   []string
}

// A HintSeries is a question, a pointer and nearly the code for some of a
// task's checks: hint-NAME-1 and its like in the archive.
type HintSeries struct {
	Name  string
	Hints []string
}

// HintsFor returns what helps with a check, and the name under which it is
// counted how many of them were shown.
func (t *Task) HintsFor(c *Check) (name string, hints []string) {
	for _, s := range t.Series {
		if c.Hints == s.Name {
			return t.Name() + " " + s.Name, s.Hints
		}
	}
	return t.Name(), t.Hints
}

// ParseName splits LAB/TASK.
func ParseName(s string) (lab, task string, err error) {
	lab, task, _ = strings.Cut(s, "/")
	if lab == "" || strings.Contains(task, "/") {
		return "", "", fmt.Errorf("%s: want LAB or LAB/TASK", strconv.Quote(s))
	}
	return lab, task, nil
}
