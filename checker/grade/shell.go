package grade

import (
	"fmt"
	"io"
	"slices"

	"bothhalves/checker/internal/worker"
	"bothhalves/checker/script"
)

// ShellOptions say what a shell replays before it takes lines.
type ShellOptions struct {
	Check string
	Seed  uint64
	Cut   int
	Event int
	Files map[string][]byte // instead of the student's file of that name
}

// Shell runs the simulator's shell with the student's part plugged in.
func (c *Course) Shell(l *Lab, t *Task, opt ShellOptions, in io.Reader, out, errw io.Writer) error {
	g := &grading{course: c, lab: l, opt: Options{Tasks: []string{t.ID}, Force: true, Files: opt.Files},
		results: make(map[string]script.TaskResult), src: make(map[string][]byte)}
	if err := g.read(); err != nil {
		return err
	}
	if err := g.build(); err != nil {
		return err
	}
	src, ok := g.src[t.ID]
	if !ok {
		return fmt.Errorf("%s: %s\n%s", t.Name(), g.results[t.ID].Status, g.results[t.ID].Message)
	}
	req := worker.Request{Lab: l.Name, Task: t.ID, Text: t.Text, Student: src}
	shell := worker.ShellRequest{Check: opt.Check, Seed: opt.Seed, Cut: opt.Cut, Event: opt.Event}
	if opt.Seed > 0 || opt.Event > 0 || opt.Cut > 0 {
		if err := g.failing(t, src, &shell); err != nil {
			return err
		}
	}
	req.Shell = &shell
	return worker.Interact(worker.TestBinary(g.binary, TestName, l.Dir), req, in, out, errw)
}

// failing runs the task to find where it fails: in the check that the request
// names, or else in the first that does.
func (g *grading) failing(t *Task, src []byte, req *worker.ShellRequest) error {
	r, err := g.runTask(t, src)
	if err != nil {
		return err
	}
	i := r.FirstFailed()
	if req.Check != "" {
		i = slices.IndexFunc(r.Checks, func(c script.CheckResult) bool { return c.Name == req.Check })
	}
	if i < 0 {
		req.Check = t.Checks[0].Name
		return nil
	}
	req.Check = r.Checks[i].Name
	if a := r.Checks[i].First(); a != nil {
		req.Line = a.Line
		req.Shape = max(0, slices.IndexFunc(t.Shapes, func(s script.Shape) bool {
			return s.With("seed", fmt.Sprint(a.Seed)).String() == a.Shape
		}))
	}
	return nil
}
