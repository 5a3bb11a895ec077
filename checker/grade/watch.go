package grade

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"bothhalves/checker/internal/labs"
	"bothhalves/checker/script"
)

// WatchOptions narrow what is watched; nil means everything.
type WatchOptions struct {
	Lab  *Lab
	Task *Task
}

// A Verdict is what follows a save.
type Verdict struct {
	File    string
	Results []script.TaskResult
	Took    time.Duration // from the save's notice to the verdict
	Err     error
}

// settleTime is how long a file must be quiet: editors write in several
// steps.
const settleTime = 20 * time.Millisecond

// Watch calls report after every save of a student's file, until ctx ends.
// Only the lab of the saved file is built, and only the file's task runs.
func (c *Course) Watch(ctx context.Context, opt WatchOptions, report func(Verdict)) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching for saves: %w", err)
	}
	defer w.Close()
	for _, l := range c.Labs {
		if opt.Lab == nil || opt.Lab == l {
			if err := w.Add(l.Dir); err != nil {
				return fmt.Errorf("watching %s: %w", l.Dir, err)
			}
		}
	}
	s := &watch{course: c, opt: opt, report: report, hashes: make(map[string]string)}
	s.remember()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			report(Verdict{Err: err})
		case e := <-w.Events:
			s.event(w, e.Name)
		}
	}
}

// A watch knows what it has graded, so that a save that changes nothing, or
// an editor's second event, costs nothing.
type watch struct {
	course *Course
	opt    WatchOptions
	report func(Verdict)
	hashes map[string]string
}

func (s *watch) remember() {
	for _, l := range s.course.Labs {
		for _, t := range l.Tasks {
			s.changed(filepath.Join(l.Dir, t.File()))
		}
	}
}

// changed notes a file's content and says whether it differs from before.
func (s *watch) changed(name string) bool {
	data, err := os.ReadFile(name)
	if err != nil {
		return false // gone for a moment: an editor renames over it
	}
	h := labs.Hash(data)
	if s.hashes[name] == h {
		return false
	}
	s.hashes[name] = h
	return true
}

// event collects what else happens in the next moment, then grades.
func (s *watch) event(w *fsnotify.Watcher, first string) {
	start := time.Now()
	names := map[string]bool{first: true}
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	for waiting := true; waiting; {
		select {
		case e := <-w.Events:
			names[e.Name] = true
		case <-timer.C:
			waiting = false
		}
	}
	for _, l := range s.course.Labs {
		for _, t := range l.Tasks {
			name := filepath.Join(l.Dir, t.File())
			if (s.opt.Task == nil || s.opt.Task == t) && names[name] && s.changed(name) {
				results, err := s.course.Grade(l, Options{Tasks: []string{t.ID}})
				s.report(Verdict{File: name, Results: results, Took: time.Since(start), Err: err})
			}
		}
	}
}
