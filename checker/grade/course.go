// Package grade grades the labs of a working tree: it builds a lab with the
// student's files in their places, runs each task in a process of its own and
// gives the points. It is a library: the checker, the site and the tests of
// the labs are its users.
package grade

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"bothhalves/checker/internal/labs"
	"bothhalves/checker/script"
)

// A Lab and a Task are a lab's folder and one of its tasks, parsed.
type (
	Lab  = labs.Lab
	Task = labs.Task
)

// A Course is a working tree with its labs.
type Course struct {
	Root string
	Labs []*Lab
}

// Open finds the working tree around dir and reads its labs.
func Open(dir string) (*Course, error) {
	root, err := labs.Root(dir)
	if err != nil {
		return nil, err
	}
	list, err := labs.All(root)
	if err != nil {
		return nil, err
	}
	return &Course{Root: root, Labs: list}, nil
}

// State is the folder for what belongs to a reader and not to the project:
// built binaries, snapshots, which hints were shown.
func (c *Course) State(elem ...string) string {
	return filepath.Join(append([]string{c.Root, ".bothhalves"}, elem...)...)
}

// Lab finds a lab, or fails with the nearest name.
func (c *Course) Lab(name string) (*Lab, error) {
	var names []string
	for _, l := range c.Labs {
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return nil, fmt.Errorf("no lab %q%s", name, Suggest(name, names))
}

// Find resolves LAB or LAB/TASK; the task is nil for a lab. The path of a
// lab's folder or of a student's file names them, too.
func (c *Course) Find(arg string) (*Lab, *Task, error) {
	arg = strings.TrimPrefix(strings.TrimPrefix(filepath.ToSlash(arg), "./"), "labs/")
	for _, l := range c.Labs {
		for _, t := range l.Tasks {
			if arg == l.Name+"/"+t.File() {
				return l, t, nil
			}
		}
	}
	name, id, err := script.ParseName(strings.TrimSuffix(arg, "/"))
	if err != nil {
		return nil, nil, err
	}
	l, err := c.Lab(name)
	if err != nil || id == "" {
		return l, nil, err
	}
	if t := l.Task(id); t != nil {
		return l, t, nil
	}
	var ids []string
	for _, t := range l.Tasks {
		ids = append(ids, t.ID)
	}
	return nil, nil, fmt.Errorf("no task %q in lab %s%s", id, l.Name, Suggest(id, ids))
}

// Suggest is "; did you mean X?" for the nearest of some names, or what there
// is when none is near.
func Suggest(name string, names []string) string {
	best, dist := "", max(3, len(name)/2+1)
	for _, n := range names {
		if d := distance(name, n); d < dist {
			best, dist = n, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	for _, n := range names {
		if strings.Contains(n, name) && name != "" {
			return fmt.Sprintf("; did you mean %s?", n)
		}
	}
	return "; there are " + strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

// distance counts the letters to change, add or leave out.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
