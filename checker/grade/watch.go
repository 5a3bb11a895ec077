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
	s := &watch{course: c, opt: opt, report: report, fs: w, hashes: make(map[string]string),
		saved: make(map[string]bool), gone: make(map[string]bool)}
	s.remember()
	return s.loop(ctx)
}

// A watch knows what it has graded, so that a save that changes nothing, or
// an editor's second event, costs nothing.
type watch struct {
	course *Course
	opt    WatchOptions
	report func(Verdict)
	fs     *fsnotify.Watcher
	hashes map[string]string
	saved  map[string]bool // the files with events since the last look
	gone   map[string]bool // the labs' folders that are not there at present
}

// backTime is how often a folder that is gone is looked for.
const backTime = 200 * time.Millisecond

func (s *watch) loop(ctx context.Context) error {
	back := time.NewTicker(backTime)
	defer back.Stop()
	for ctx.Err() == nil {
		if len(s.saved) > 0 {
			s.settle(ctx)
			continue
		}
		select {
		case <-ctx.Done():
		case err := <-s.fs.Errors:
			s.report(Verdict{Err: err})
		case e := <-s.fs.Events:
			s.note(e)
		case <-back.C:
			s.lookForGone()
		}
	}
	return nil
}

func (s *watch) remember() {
	for _, l := range s.course.Labs {
		for _, t := range l.Tasks {
			s.changed(filepath.Join(l.Dir, t.File()))
		}
	}
}

// note takes an event down. A folder that is renamed or removed takes its
// watch with it.
func (s *watch) note(e fsnotify.Event) {
	s.saved[e.Name] = true
	for _, l := range s.course.Labs {
		if e.Name == l.Dir && e.Op&(fsnotify.Remove|fsnotify.Rename) != 0 && !s.gone[l.Dir] {
			s.gone[l.Dir] = true
			s.report(Verdict{Err: fmt.Errorf("labs/%s is gone; its files are watched again when it is back", l.Name)})
		}
	}
}

// lookForGone watches a folder again that is back, with what was saved in it
// meanwhile.
func (s *watch) lookForGone() {
	for _, l := range s.course.Labs {
		if !s.gone[l.Dir] || s.fs.Add(l.Dir) != nil {
			continue
		}
		delete(s.gone, l.Dir)
		for _, t := range l.Tasks {
			s.saved[filepath.Join(l.Dir, t.File())] = true
		}
	}
}

// differs reads a file's hash and says whether it is another than the one
// noted.
func (s *watch) differs(name string) (hash string, differs bool) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", false // gone for a moment: an editor renames over it
	}
	hash = labs.Hash(data)
	return hash, s.hashes[name] != hash
}

// changed notes a file's content and says whether it differs from before.
func (s *watch) changed(name string) bool {
	hash, differs := s.differs(name)
	if differs {
		s.hashes[name] = hash
	}
	return differs
}

// settle collects what else happens in the next moment, then grades.
func (s *watch) settle(ctx context.Context) {
	start := time.Now()
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	for waiting := true; waiting; {
		select {
		case e := <-s.fs.Events:
			s.note(e)
		case <-timer.C:
			waiting = false
		}
	}
	saved := s.saved
	s.saved = make(map[string]bool)
	for _, l := range s.course.Labs {
		for _, t := range l.Tasks {
			name := filepath.Join(l.Dir, t.File())
			if (s.opt.Task == nil || s.opt.Task == t) && saved[name] && ctx.Err() == nil && s.changed(name) {
				s.grade(ctx, l, t, name, start)
			}
		}
	}
}

// grade reports the verdict on a file, unless the file is saved anew or the
// watch ends before there is one: a loop without an end need not be waited for.
func (s *watch) grade(ctx context.Context, l *Lab, t *Task, name string, start time.Time) {
	stop, done := make(chan struct{}), make(chan Verdict, 1)
	go func() {
		results, err := s.course.Grade(l, Options{Tasks: []string{t.ID}, Stop: stop})
		done <- Verdict{File: name, Results: results, Took: time.Since(start), Err: err}
	}()
	for {
		select {
		case v := <-done:
			s.report(v)
			return
		case <-ctx.Done():
			close(stop)
			<-done
			return
		case e := <-s.fs.Events:
			s.note(e)
			if _, again := s.differs(name); again && e.Name == name {
				close(stop)
				<-done
				return
			}
		}
	}
}
