package grade

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"bothhalves/checker/internal/gate"
	"bothhalves/checker/internal/labs"
	"bothhalves/checker/internal/worker"
	"bothhalves/checker/script"
)

// Options say what to grade and with which files.
type Options struct {
	Tasks     []string          // ids; none means all of the lab
	Files     map[string][]byte // instead of the student's file of that name
	Force     bool              // grade what is as shipped, too
	FirstOnly bool              // stop a task at its first failed attempt
	Limit     time.Duration     // for one attempt; 0 is worker.DefaultLimit
	Name      string            // of the binary, where several grade at once
	Race      bool              // build under the race detector
	Stop      <-chan struct{}   // ends the runs when it is closed
}

// ErrStopped is what Grade returns when Options.Stop was closed.
var ErrStopped = worker.ErrStopped

// TestName is the name of the test in every lab's package.
const TestName = "TestLab"

// Lab grades tasks of a lab.
func (c *Course) Grade(l *Lab, opt Options) ([]script.TaskResult, error) {
	g := &grading{course: c, lab: l, opt: opt, results: make(map[string]script.TaskResult), src: make(map[string][]byte)}
	if err := g.read(); err != nil {
		return nil, err
	}
	if err := g.build(); err != nil {
		return nil, err
	}
	if err := g.run(); err != nil {
		return nil, err
	}
	if err := g.recognize(); err != nil {
		return nil, err
	}
	var out []script.TaskResult
	for _, t := range g.tasks {
		out = append(out, g.results[t.ID])
	}
	return out, nil
}

// A grading is one call of Grade.
type grading struct {
	course  *Course
	lab     *Lab
	opt     Options
	tasks   []*Task
	src     map[string][]byte // the student's files of tasks to run, by id
	overlay overlay
	binary  string
	results map[string]script.TaskResult
}

// settle gives a task a result that needs no run, and puts the shipped file
// in its place so that the lab's other tasks can be built.
func (g *grading) settle(t *Task, s script.Status, message string) {
	g.results[t.ID] = t.Vacant(s, strings.TrimSpace(message))
	delete(g.src, t.ID)
	if t.Kind.Ext() != ".go" {
		return
	}
	if starter, err := g.lab.Starter(t); err == nil {
		g.overlay[g.path(t)] = starter
	}
}

func (g *grading) path(t *Task) string { return filepath.Join(g.lab.Dir, t.File()) }

// read sorts out what is not started and what is not allowed.
func (g *grading) read() error {
	shipped, err := g.lab.Shipped()
	if err != nil {
		return err
	}
	g.overlay = make(overlay)
	for _, t := range g.lab.Tasks {
		if g.wanted(t) {
			g.tasks = append(g.tasks, t)
		}
		g.readTask(t, shipped[t.File()])
	}
	return nil
}

func (g *grading) wanted(t *Task) bool {
	return len(g.opt.Tasks) == 0 || slices.Contains(g.opt.Tasks, t.ID)
}

func (g *grading) readTask(t *Task, shipped []string) {
	src, given := g.opt.Files[t.File()]
	if !given {
		var err error
		src, err = g.lab.Student(t)
		if errors.Is(err, fs.ErrNotExist) {
			g.settle(t, script.Rejected, fmt.Sprintf("%s is gone; go run ./checker reset %s brings the shipped one back", t.File(), t.Name()))
			return
		}
		if err != nil {
			g.settle(t, script.Rejected, err.Error())
			return
		}
	}
	isGo := t.Kind.Ext() == ".go"
	if given && isGo {
		g.overlay[g.path(t)] = src
	}
	if len(src) > gate.MaxBytes {
		g.settle(t, script.Rejected, fmt.Sprintf("%s: %d bytes: a file of more than %d is not read", t.File(), len(src), gate.MaxBytes))
		return
	}
	if !g.opt.Force && len(shipped) > 0 && labs.Hash(src) == shipped[0] {
		g.results[t.ID] = t.Vacant(script.NotStarted, fmt.Sprintf("labs/%s/%s is as it was shipped", g.lab.Name, t.File()))
		return
	}
	if isGo {
		if err := gate.Check(g.lab.Name, t.File(), src, t.Imports); err != nil {
			status := script.NoBuild
			if _, ok := err.(*gate.Refusal); ok {
				status = script.Rejected
			}
			g.settle(t, status, err.Error())
			return
		}
	}
	g.src[t.ID] = src
}

// build compiles the lab. A task whose file does not compile is settled and
// the others are built without it.
func (g *grading) build() error {
	if !g.pending() {
		return nil
	}
	name := g.opt.Name
	if name == "" {
		name = g.lab.Name + ".test"
	}
	for range len(g.lab.Tasks) + 1 {
		bin, err := g.course.testBinary(g.lab, name, g.overlay, g.opt.Race)
		var be *BuildError
		if err == nil {
			g.binary = bin
			return nil
		}
		if !errors.As(err, &be) {
			return err
		}
		if !g.blame(be) {
			return g.noFault(be)
		}
	}
	return fmt.Errorf("the lab %s does not build", g.lab.Name)
}

// noFault is a build that failed for no task's file.
func (g *grading) noFault(be *BuildError) error {
	if be.Help == "" {
		return fmt.Errorf("the lab %s does not build, and not for a task's file:\n%w", g.lab.Name, be)
	}
	first := strings.Join(strings.SplitN(be.Text, "\n", 4)[:min(3, 1+strings.Count(be.Text, "\n"))], "\n")
	return fmt.Errorf("the lab %s does not build here: %s\n%s", g.lab.Name, be.Help, first)
}

// pending says whether any wanted task still needs a run.
func (g *grading) pending() bool {
	for _, t := range g.tasks {
		if _, ok := g.src[t.ID]; ok {
			return true
		}
	}
	return false
}

// blame settles the tasks whose files the compiler names. If it names none of
// them, a changed signature shows elsewhere: the first started Go task whose
// shipped file makes the lab build again is to blame.
func (g *grading) blame(be *BuildError) bool {
	found := false
	for _, t := range g.lab.Tasks {
		if msg := be.Files[t.File()]; msg != "" && g.src[t.ID] != nil {
			g.settle(t, script.NoBuild, msg)
			found = true
		}
	}
	if found {
		return true
	}
	for _, t := range g.lab.Tasks {
		if g.src[t.ID] == nil || t.Kind.Ext() != ".go" {
			continue
		}
		starter, err := g.lab.Starter(t)
		if err != nil {
			continue
		}
		try := maps.Clone(g.overlay)
		try[g.path(t)] = starter
		if _, err := g.course.testBinary(g.lab, g.lab.Name+".blame", try, false); err == nil {
			g.settle(t, script.NoBuild, "the rest of the lab no longer fits this file; keep the shipped signatures:\n"+be.Text)
			return true
		}
	}
	return false
}

// run starts a worker for each task that is left, as many as there are
// processors at a time.
func (g *grading) run() error {
	var mu sync.Mutex
	var wait sync.WaitGroup
	var failed error
	slots := make(chan bool, runtime.NumCPU())
	for _, t := range g.tasks {
		src, ok := g.src[t.ID]
		if !ok {
			continue
		}
		wait.Add(1)
		slots <- true
		go func() {
			defer func() { <-slots; wait.Done() }()
			res, err := g.runTask(t, src)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = err
			}
			g.results[t.ID] = res
		}()
	}
	wait.Wait()
	return failed
}

func (g *grading) runTask(t *Task, src []byte) (script.TaskResult, error) {
	reply, err := g.launch(t, src)
	if err != nil {
		return script.TaskResult{}, err
	}
	if reply.Fault != "" {
		r := t.Vacant(script.Broken, reply.Fault)
		r.Output = reply.Output
		return r, nil
	}
	r := t.Merge(reply.Checks)
	r.Message, r.Output = reply.Crash, reply.Output
	return r, nil
}

func (g *grading) launch(t *Task, src []byte) (*worker.Reply, error) {
	req := worker.Request{Lab: g.lab.Name, Task: t.ID, Text: t.Text, Limit: g.opt.Limit, FirstOnly: g.opt.FirstOnly}
	if t.Kind.Ext() != ".go" {
		req.Student = src
	}
	p := worker.TestBinary(g.binary, TestName, g.lab.Dir)
	p.Stop = g.opt.Stop
	return worker.Launch(p, req)
}
