package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"bothhalves/checker/grade"
	"bothhalves/checker/script"
)

func runHint(c *call) error {
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
	results, err := co.Grade(l, options(t))
	if err != nil {
		return err
	}
	if results[0].Status == script.Passed {
		fmt.Fprintf(c.Out, "%s passes: nothing is left to hint at\n", t.Name())
		return nil
	}
	shown, err := readHints(co)
	if err != nil {
		return err
	}
	if results[0].Status == script.NotStarted {
		fmt.Fprintf(c.Out, "%s is as it was shipped: the question, and no more until something stands there.\n", t.File())
		_, hints := t.HintsFor(&t.Checks[0])
		printHint(c.Out, hints, 0)
		return nil
	}
	i := max(results[0].FirstFailed(), 0)
	name, hints := t.HintsFor(&t.Checks[i])
	if t.Checks[i].Hints != "" { // the others are about the task
		fmt.Fprintf(c.Out, "For: %s\n", t.Checks[i].Name)
	}
	printHint(c.Out, hints, next(shown, name, len(hints)))
	return writeHints(co, shown)
}

// next is the hint that comes after those that were shown; the last one is
// shown again.
func next(shown map[string]int, name string, hints int) int {
	n := min(shown[name], hints-1)
	shown[name] = n + 1
	return n
}

func printHint(w io.Writer, hints []string, n int) {
	fmt.Fprintf(w, "Hint %d of %d:\n%s\n", n+1, len(hints), hints[n])
}

func hintsFile(co *grade.Course) string { return co.State("hints.json") }

// readHints says how many hints of each task were shown. A file that cannot
// be read as such starts over: it holds nothing of value.
func readHints(co *grade.Course) (map[string]int, error) {
	shown := make(map[string]int)
	data, err := os.ReadFile(hintsFile(co))
	if os.IsNotExist(err) {
		return shown, nil
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(data, &shown) != nil || shown == nil {
		return make(map[string]int), nil
	}
	for name, n := range shown {
		shown[name] = max(n, 0)
	}
	return shown, nil
}

func writeHints(co *grade.Course, shown map[string]int) error {
	data, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(hintsFile(co)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(hintsFile(co), data, 0o644)
}
