package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"

	"bothhalves/checker/grade"
	"bothhalves/checker/internal/verdict"
	"bothhalves/checker/script"
)

func runCheck(c *call) error {
	watch := c.flags.Bool("watch", false, "grade again whenever a student's file is saved")
	asJSON := c.flags.Bool("json", false, "print results for tools")
	if err := c.parse(0, 1); err != nil {
		return err
	}
	co, err := c.course()
	if err != nil {
		return err
	}
	var only *grade.Lab
	var task *grade.Task
	if len(c.args) == 1 {
		if only, task, err = c.find(co, c.args[0]); err != nil {
			return err
		}
	}
	if *watch {
		return watchLabs(c, co, only, task, *asJSON)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	opt := options(task)
	opt.Stop = ctx.Done()
	var all []script.TaskResult
	for _, l := range co.Labs {
		if only != nil && l != only {
			continue
		}
		results, err := co.Grade(l, opt)
		if err != nil {
			return err
		}
		all = append(all, results...)
	}
	return c.print(all, *asJSON)
}

func options(t *grade.Task) grade.Options {
	if t == nil {
		return grade.Options{}
	}
	return grade.Options{Tasks: []string{t.ID}}
}

// print shows results, and fails if a task that was started did not pass.
func (c *call) print(results []script.TaskResult, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(c.Out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(results); err != nil {
			return err
		}
	}
	bad := false
	tenths, of := 0, 0
	for _, r := range results {
		tenths, of = tenths+r.Tenths, of+r.Of
		bad = bad || r.Status != script.Passed && r.Status != script.NotStarted
		if !asJSON {
			verdict.Write(c.Out, &r)
		}
	}
	if !asJSON && len(results) > 1 {
		fmt.Fprintf(c.Out, "%s of %s points\n", verdict.Points(tenths), verdict.Points(of))
	}
	if bad {
		return errFailed
	}
	return nil
}
