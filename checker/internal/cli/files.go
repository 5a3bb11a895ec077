package cli

import (
	"fmt"
	"path/filepath"

	"bothhalves/checker/grade"
	"bothhalves/checker/script"
)

func runReset(c *call) error {
	list := c.flags.Bool("list", false, "show what was put away")
	if err := c.parse(0, 1); err != nil {
		return err
	}
	co, err := c.course()
	if err != nil {
		return err
	}
	if *list {
		return listSnapshots(c, co)
	}
	if len(c.args) == 0 {
		return c.misuse("reset what?")
	}
	l, task, err := c.find(co, c.args[0])
	if err != nil {
		return err
	}
	for _, t := range l.Tasks {
		if task != nil && t != task {
			continue
		}
		kept, err := co.Reset(l, t, c.Now())
		if err != nil {
			return err
		}
		if kept == "" {
			fmt.Fprintf(c.Out, "%s is as shipped\n", t.File())
			continue
		}
		fmt.Fprintf(c.Out, "%s is as shipped again; yours is in %s: copy it back whenever you like\n", t.File(), c.relative(co, kept))
	}
	return nil
}

func (c *call) relative(co *grade.Course, path string) string {
	if rel, err := filepath.Rel(co.Root, path); err == nil {
		return rel
	}
	return path
}

func listSnapshots(c *call, co *grade.Course) error {
	list, err := co.Snapshots()
	if err != nil {
		return err
	}
	for _, s := range list {
		fmt.Fprintf(c.Out, "%s  labs/%s/%s  %s\n", s.When, s.Lab, s.File, c.relative(co, s.Path))
	}
	if len(list) == 0 {
		fmt.Fprintln(c.Out, "nothing was put away yet")
	}
	return nil
}

func runUpdate(c *call) error {
	if err := c.parse(0, 0); err != nil {
		return err
	}
	co, err := c.course()
	if err != nil {
		return err
	}
	n := 0
	for _, l := range co.Labs {
		changed, err := co.Update(l)
		for _, name := range changed {
			fmt.Fprintf(c.Out, "labs/%s/%s follows this release\n", l.Name, name)
		}
		if err != nil {
			return err
		}
		n += len(changed)
	}
	if n == 0 {
		fmt.Fprintln(c.Out, "every file that you have not started is this release's; those that you have started are untouched")
	}
	return nil
}

func runSolution(c *call) error {
	spoil := c.flags.Bool("spoil", false, "show it though the task has not passed")
	if err := c.parse(1, 1); err != nil {
		return err
	}
	co, err := c.course()
	if err != nil {
		return err
	}
	l, t, err := c.task(co, c.args[0])
	if err != nil {
		return err
	}
	text, err := grade.Solved(l, t)
	if err != nil {
		return err
	}
	if !*spoil {
		results, err := co.Grade(l, options(t))
		if err != nil {
			return err
		}
		if results[0].Status != script.Passed {
			fmt.Fprintf(c.Out, "%s has not passed yet (%s). checker hint %s gives the next hint; -spoil shows the solution all the same.\n",
				t.Name(), results[0].Status, t.Name())
			return errFailed
		}
	}
	if _, err := c.Out.Write(text); err != nil {
		return err
	}
	_, err = c.Out.Write(grade.Alternatives(l, t))
	return err
}
