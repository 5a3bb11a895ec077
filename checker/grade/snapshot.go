package grade

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bothhalves/checker/internal/labs"
)

// A Snapshot is a student's file that was put away.
type Snapshot struct {
	Lab, File string
	Path      string
	When      string // as in the file's name
}

// stamp is the form of a snapshot's date: it sorts, and every file system
// takes it.
const stamp = "2006-01-02T150405"

// keep puts a student's file away under the time. It never overwrites.
func (c *Course) keep(l *Lab, file string, data []byte, now time.Time) (string, error) {
	dir := c.State("snapshots", l.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for i := 0; ; i++ {
		path := filepath.Join(dir, file+"."+now.Format(stamp))
		if i > 0 {
			path += fmt.Sprintf("-%d", i)
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(data)
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(path) // half a snapshot is none
			return "", err
		}
		return path, nil
	}
}

// Reset puts the shipped file of a task back and returns where the student's
// was kept, "" if it was the shipped one.
func (c *Course) Reset(l *Lab, t *Task, now time.Time) (kept string, err error) {
	starter, err := l.Starter(t)
	if err != nil {
		return "", err
	}
	src, err := l.Student(t)
	if err == nil && string(src) == string(starter) {
		return "", nil
	}
	if err == nil {
		if kept, err = c.keep(l, t.File(), src, now); err != nil {
			return "", err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return kept, os.WriteFile(filepath.Join(l.Dir, t.File()), starter, 0o644)
}

// Update brings the files that were never started to the present release.
// It returns the ones it changed and leaves every other alone.
func (c *Course) Update(l *Lab) (changed []string, err error) {
	shipped, err := l.Shipped()
	if err != nil {
		return nil, err
	}
	for _, t := range l.Tasks {
		src, err := l.Student(t)
		missing := errors.Is(err, fs.ErrNotExist)
		if err != nil && !missing {
			return changed, err
		}
		earlier := !missing && slices.Index(shipped[t.File()], labs.Hash(src)) > 0
		if !earlier && !missing {
			continue
		}
		starter, err := l.Starter(t)
		if err != nil {
			return changed, err
		}
		if err := os.WriteFile(filepath.Join(l.Dir, t.File()), starter, 0o644); err != nil {
			return changed, err
		}
		changed = append(changed, t.File())
	}
	return changed, nil
}

// Snapshots lists what was put away, oldest first.
func (c *Course) Snapshots() ([]Snapshot, error) {
	paths, err := filepath.Glob(c.State("snapshots", "*", "*"))
	if err != nil {
		return nil, err
	}
	var out []Snapshot
	for _, p := range paths {
		base := filepath.Base(p)
		i := strings.LastIndexByte(base, '.')
		if i < 0 {
			continue
		}
		out = append(out, Snapshot{Lab: filepath.Base(filepath.Dir(p)), File: base[:i], Path: p, When: base[i+1:]})
	}
	slices.SortStableFunc(out, func(a, b Snapshot) int { return strings.Compare(a.When, b.When) })
	return out, nil
}
