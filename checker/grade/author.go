package grade

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bothhalves/checker/internal/mutate"
	"bothhalves/checker/internal/starter"
	"bothhalves/checker/internal/verdict"
	"bothhalves/checker/internal/worker"
	"bothhalves/checker/script"
)

// Starters makes the shipped file of every task of a lab from its solution.
func Starters(l *Lab) (map[string][]byte, error) {
	out := make(map[string][]byte)
	for _, t := range l.Tasks {
		sol, err := l.Solution(t)
		if err != nil {
			return nil, err
		}
		if out[t.File()], err = starter.Make(t.File(), sol); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Solved is a task's solution as a reader is shown it.
func Solved(l *Lab, t *Task) ([]byte, error) {
	sol, err := l.Solution(t)
	if err != nil {
		return nil, fmt.Errorf("no solution of %s here: the bundle for students leaves them out (%w)", t.Name(), err)
	}
	return starter.Plain(t.File(), sol), nil
}

// Alternatives is what there is to say about other ways to solve a task, nil
// if there is nothing.
func Alternatives(l *Lab, t *Task) []byte {
	text, err := os.ReadFile(filepath.Join(l.Dir, "testdata", "solution", t.ID+".md"))
	if err != nil {
		return nil
	}
	return append([]byte("\n"), text...)
}

// Lint is what is wrong with the tasks of a lab.
func Lint(l *Lab) []error {
	var errs []error
	for _, t := range l.Tasks {
		errs = append(errs, script.Lint(t.Task, worker.Vocabulary())...)
	}
	return errs
}

// Size is the size of a task as its solution measures: S up to 10 lines, M up
// to 40, L up to 120, and "" beyond.
func Size(l *Lab, t *Task) (string, error) {
	sol, err := l.Solution(t)
	if err != nil {
		return "", err
	}
	switch n := starter.Lines(t.File(), sol); {
	case n <= 10:
		return "S", nil
	case n <= 40:
		return "M", nil
	case n <= 120:
		return "L", nil
	}
	return "", nil
}

// LintTask checks one task's text.
func LintTask(lab, id string, text []byte) []error {
	t, err := script.Parse(lab, id, text)
	if err != nil {
		return []error{err}
	}
	return script.Lint(t, worker.Vocabulary())
}

// The marks around the table of tasks in a lab's README.
const (
	tableBegin = "<!-- tasks: made by go test ./checker/grade -run Labs -update -->\n"
	tableEnd   = "<!-- end of tasks -->\n"
)

// Readme returns a lab's README with its table of tasks as it is now.
func Readme(l *Lab, text string) (string, error) {
	before, rest, ok1 := strings.Cut(text, tableBegin)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok1 || !ok2 {
		return "", fmt.Errorf("labs/%s/README.md: no place for the table of tasks: want the lines %s%s", l.Name, tableBegin, tableEnd)
	}
	return before + tableBegin + taskTable(l) + tableEnd + after, nil
}

func taskTable(l *Lab) string {
	var b strings.Builder
	b.WriteString("| file | task | kind | size | minutes | checks | points |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	minutes, points := 0, 0
	for _, t := range l.Tasks {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %d | %d | %s |\n", t.File(), t.Title, t.Kind, t.Size, t.Minutes, len(t.Checks), verdict.Points(t.Of()))
		minutes, points = minutes+t.Minutes, points+t.Of()
	}
	fmt.Fprintf(&b, "| | | | | %d | | %s |\n", minutes, verdict.Points(points))
	return b.String()
}

// Answers asks the machine for the answers of a task: what its scripts
// compare each key with.
func (c *Course) Answers(l *Lab, t *Task) (map[string]string, error) {
	bin, err := c.testBinary(l, l.Name+".test", nil, false)
	if err != nil {
		return nil, err
	}
	req := worker.Request{Lab: l.Name, Task: t.ID, Text: t.Text, All: true}
	reply, err := worker.Launch(worker.TestBinary(bin, TestName, l.Dir), req)
	if err != nil {
		return nil, err
	}
	if reply.Fault != "" {
		return nil, fmt.Errorf("%s: %s\n%s", t.Name(), reply.Fault, reply.Output)
	}
	return reply.Learned, nil
}

// A Mutant is a wrong solution.
type Mutant struct {
	Name          string // TASK/NAME
	Task          *Task
	Src           []byte
	Check         string // the check that must fail first; "" for one made by machine
	Misconception string
}

// Mutants reads the wrong solutions of a lab. The first comment of each names
// the check that must fail and the misconception:
//
//	// Fails: every unit begins as a copy of the linked image
//	// Misconception: the units are zeroed memory
func Mutants(l *Lab) ([]Mutant, error) {
	var out []Mutant
	for _, t := range l.Tasks {
		dir := filepath.Join(l.Dir, "testdata", "mutants", strings.TrimSuffix(t.File(), filepath.Ext(t.File())))
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			src, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			m := Mutant{Name: t.ID + "/" + strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())), Task: t, Src: src}
			m.Check, m.Misconception = intent(src)
			if !slices.ContainsFunc(t.Checks, func(c script.Check) bool { return c.Name == m.Check }) {
				return nil, fmt.Errorf("%s/%s: Fails: %q is no check of %s", dir, e.Name(), m.Check, t.ID)
			}
			out = append(out, m)
		}
	}
	return out, nil
}

// intent reads the first comment of a mutant.
func intent(src []byte) (check, misconception string) {
	for line := range bytes.Lines(src) {
		text := strings.TrimSpace(strings.TrimLeft(string(line), "/# "))
		if rest, ok := strings.CutPrefix(text, "Fails: "); ok {
			check = rest
		}
		if rest, ok := strings.CutPrefix(text, "Misconception: "); ok {
			return check, rest
		}
	}
	return check, ""
}

// MachineMutants makes small wrong versions of a lab's Go solutions.
func MachineMutants(l *Lab) ([]Mutant, error) {
	var out []Mutant
	for _, t := range l.Tasks {
		if t.Kind.Ext() != ".go" {
			continue
		}
		sol, err := Solved(l, t)
		if err != nil {
			return nil, err
		}
		list, err := mutate.All(t.File(), sol)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			out = append(out, Mutant{Name: t.ID + ": " + m.Name, Task: t, Src: m.Src})
		}
	}
	return out, nil
}

// A Kill is a line of the kill table: what became of a wrong solution.
type Kill struct {
	Mutant        string `json:"mutant"`
	Task          string `json:"task"`
	Check         string `json:"check,omitempty"` // that failed first; none if it survived
	Misconception string `json:"misconception,omitempty"`
	Survives      string `json:"survives,omitempty"` // why
}

// A KillTable is what the book's appendix prints of a lab.
type KillTable struct {
	Lab       string `json:"lab"`
	Written   []Kill `json:"written"`    // by hand
	Machine   []Kill `json:"by_machine"` // only those that survived
	Made      int    `json:"made"`       // by machine, and compiled
	Survivors int    `json:"survivors"`
}

// KillPath is where a lab's kill table lies.
func KillPath(l *Lab) string { return filepath.Join(l.Dir, "testdata", "kills.json") }

// ReadKills reads a lab's kill table.
func ReadKills(l *Lab) (*KillTable, error) {
	data, err := os.ReadFile(KillPath(l))
	if err != nil {
		return nil, err
	}
	t := new(KillTable)
	return t, json.Unmarshal(data, t)
}

// Markdown is the table as the book's appendix prints it.
func (t *KillTable) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| wrong solution | misconception | caught by |\n| --- | --- | --- |\n")
	for _, k := range t.Written {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Mutant, k.Misconception, k.Check)
	}
	fmt.Fprintf(&b, "\nOf %d one-line changes made by machine, %d survive:\n\n", t.Made, t.Survivors)
	for _, k := range t.Machine {
		fmt.Fprintf(&b, "* `%s`: %s\n", k.Mutant, k.Survives)
	}
	return b.String()
}

// Survivors reads why some machine-made mutants may survive: lines of
// "MUTANT = REASON".
func Survivors(l *Lab) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(l.Dir, "testdata", "survivors.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	for line := range strings.Lines(string(data)) {
		if name, why, ok := strings.Cut(strings.TrimSpace(line), " = "); ok && !strings.HasPrefix(name, "#") {
			out[name] = why
		}
	}
	return out, nil
}
