package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"bothhalves/checker/grade"
)

// watchLabs grades a task whenever its file is saved, until Ctrl-C.
func watchLabs(c *call, co *grade.Course, only *grade.Lab, task *grade.Task, asJSON bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Fprintln(c.Err, "Watching. Save one of the lab's files to see it graded; Ctrl-C ends.")
	err := co.Watch(ctx, grade.WatchOptions{Lab: only, Task: task}, func(v grade.Verdict) {
		if v.Err != nil {
			fmt.Fprintf(c.Err, "checker: %v\n", v.Err)
			return
		}
		c.print(v.Results, asJSON)
		fmt.Fprintf(c.Err, "%s: graded in %v\n", filepath.Base(v.File), v.Took.Round(time.Millisecond))
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}
