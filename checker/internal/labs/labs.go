// Package labs finds the labs of a working tree: their tasks, the students'
// files, what was shipped, and what each check is worth.
package labs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bothhalves/checker/script"
)

// A Lab is one folder under labs.
type Lab struct {
	Name  string
	Dir   string
	Tasks []*Task
}

// A Task is a parsed task with its text.
type Task struct {
	*script.Task
	Text   []byte
	Points []int // tenths of a point, by check
}

// Of is what the task is worth, in tenths of a point.
func (t *Task) Of() int {
	sum := 0
	for _, p := range t.Points {
		sum += p
	}
	return sum
}

// Load reads one lab's folder. Tasks come in the order of the README's
// mentions, which is the order to do them in.
func Load(dir string) (*Lab, error) {
	l := &Lab{Name: filepath.Base(dir), Dir: dir}
	names, err := filepath.Glob(filepath.Join(dir, "testdata", "*.txtar"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		t, err := script.Parse(l.Name, strings.TrimSuffix(filepath.Base(name), ".txtar"), text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		l.Tasks = append(l.Tasks, &Task{Task: t, Text: text})
	}
	if len(l.Tasks) == 0 {
		return nil, fmt.Errorf("%s: no task in testdata/*.txtar", dir)
	}
	l.order()
	l.share()
	return l, nil
}

// order sorts the tasks by where the handout first names them.
func (l *Lab) order() {
	readme, _ := os.ReadFile(filepath.Join(l.Dir, "README.md"))
	at := func(t *Task) int {
		if i := bytes.Index(readme, []byte("`"+t.ID+"`")); i >= 0 {
			return i
		}
		return len(readme)
	}
	slices.SortStableFunc(l.Tasks, func(a, b *Task) int { return at(a) - at(b) })
}

// labTenths is what a lab is worth in tenths of a point.
const labTenths = 1000

// share deals the lab's 100 points to the checks by weight: rounded down
// first, then a tenth each to those that lost most by it.
func (l *Lab) share() {
	total := 0
	for _, t := range l.Tasks {
		total += t.Weight()
	}
	left := labTenths
	var losses []loss
	for _, t := range l.Tasks {
		t.Points = make([]int, len(t.Checks))
		for i, c := range t.Checks {
			t.Points[i] = c.Weight * labTenths / max(total, 1)
			left -= t.Points[i]
			losses = append(losses, loss{c.Weight * labTenths % max(total, 1), &t.Points[i]})
		}
	}
	slices.SortStableFunc(losses, func(a, b loss) int { return b.part - a.part })
	for i := 0; i < left && i < len(losses); i++ {
		*losses[i].points++
	}
}

// A loss is what a check lost by rounding.
type loss struct {
	part   int
	points *int
}

// Task finds a task by its id.
func (l *Lab) Task(id string) *Task {
	for _, t := range l.Tasks {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// All loads every lab of a working tree.
func All(root string) ([]*Lab, error) {
	entries, err := os.ReadDir(filepath.Join(root, "labs"))
	if err != nil {
		return nil, fmt.Errorf("no labs: %w", err)
	}
	var out []*Lab
	for _, e := range entries {
		dir := filepath.Join(root, "labs", e.Name())
		if _, err := os.Stat(filepath.Join(dir, "testdata")); err != nil || !e.IsDir() {
			continue
		}
		l, err := Load(dir)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// Root finds the working tree that dir lies in.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for d := dir; ; d = filepath.Dir(d) {
		mod, err := os.ReadFile(filepath.Join(d, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module bothhalves\n")) {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("%s lies in no working tree of the course: change into the clone", dir)
		}
	}
}

// shippedFile keeps the hashes of the files as shipped, the present one first
// and those of earlier releases below.
const shippedFile = "shipped.txt"

// Shipped maps a student's file to the hashes it has been shipped with.
func (l *Lab) Shipped() (map[string][]string, error) {
	data, err := os.ReadFile(filepath.Join(l.Dir, "testdata", shippedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string][]string)
	for line := range strings.Lines(string(data)) {
		if hash, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			out[name] = append(out[name], hash)
		}
	}
	return out, nil
}

// Hash is the hash that shipped.txt holds.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// FormatShipped is the text of shipped.txt with the present files put in
// front of the earlier ones.
func (l *Lab) FormatShipped(files map[string][]byte) (string, error) {
	old, err := l.Shipped()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, t := range l.Tasks {
		now := Hash(files[t.File()])
		fmt.Fprintf(&b, "%s  %s\n", now, t.File())
		for _, h := range old[t.File()] {
			if h != now {
				fmt.Fprintf(&b, "%s  %s\n", h, t.File())
			}
		}
	}
	return b.String(), nil
}

// Student reads the student's file of a task from the tree. What is no file
// is not read: a pipe would never end.
func (l *Lab) Student(t *Task) ([]byte, error) {
	name := filepath.Join(l.Dir, t.File())
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		what := "no regular file"
		if info.IsDir() {
			what = "a folder"
		}
		return nil, fmt.Errorf("labs/%s/%s is %s: move it away; go run ./checker reset %s brings the shipped file", l.Name, t.File(), what, t.Name())
	}
	return os.ReadFile(name)
}

// Starter reads the file as shipped.
func (l *Lab) Starter(t *Task) ([]byte, error) {
	return os.ReadFile(filepath.Join(l.Dir, "testdata", "starter", t.File()))
}

// Solution reads the file that solves the task, marks and all.
func (l *Lab) Solution(t *Task) ([]byte, error) {
	return os.ReadFile(filepath.Join(l.Dir, "testdata", "solution", t.File()))
}

// ShippedPath is where the lab's hashes lie.
func (l *Lab) ShippedPath() string { return filepath.Join(l.Dir, "testdata", shippedFile) }

// Vacant is a task's result before anything of it was run.
func (t *Task) Vacant(s script.Status, message string) script.TaskResult {
	return script.TaskResult{Lab: t.Lab, Task: t.ID, Status: s, Message: message, Of: t.Of()}
}

// Merge makes a task's result from the checks that were run: the others are
// not run, and points are given here and nowhere else.
func (t *Task) Merge(ran []script.CheckResult) script.TaskResult {
	r := t.Vacant(script.Failed, "")
	for i, c := range t.Checks {
		res := script.CheckResult{Name: c.Name, Status: script.NotRun}
		for _, x := range ran {
			if x.Name == c.Name {
				res = x
			}
		}
		res.Of, res.Why, res.See = t.Points[i], c.Why, c.See
		if res.See == "" {
			res.See = t.Chapter
		}
		r.Checks = append(r.Checks, res)
	}
	r.Settle()
	return r
}
