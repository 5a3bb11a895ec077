package cli

import (
	"fmt"

	"bothhalves/checker/grade"
	"bothhalves/checker/internal/verdict"
	"bothhalves/checker/script"
)

func runProgress(c *call) error {
	if err := c.parse(0, 0); err != nil {
		return err
	}
	co, err := c.course()
	if err != nil {
		return err
	}
	next := ""
	for _, l := range co.Labs {
		results, err := co.Grade(l, grade.Options{})
		if err != nil {
			return err
		}
		tenths, of := 0, 0
		for _, r := range results {
			tenths, of = tenths+r.Tenths, of+r.Of
		}
		fmt.Fprintf(c.Out, "%s: %s of %s points\n", l.Name, verdict.Points(tenths), verdict.Points(of))
		for i, r := range results {
			t := l.Tasks[i]
			fmt.Fprintf(c.Out, "  %-20s %-18s %-2s %3d min  %5s of %-5s %s\n", r.Task, t.Kind, t.Size, t.Minutes,
				verdict.Points(r.Tenths), verdict.Points(r.Of), note(&r))
			if next == "" && r.Status != script.Passed {
				next = fmt.Sprintf("Next: %s (%s), about %d minutes: labs/%s/%s", t.Name(), t.Title, t.Minutes, l.Name, t.File())
			}
		}
	}
	if next == "" {
		next = "Everything passes."
	}
	fmt.Fprintln(c.Out, next)
	return nil
}

// note says how a task stands.
func note(r *script.TaskResult) string {
	if i := r.FirstFailed(); r.Status == script.Failed && i >= 0 {
		return fmt.Sprintf("failed: %s", r.Checks[i].Name)
	}
	return string(r.Status)
}
