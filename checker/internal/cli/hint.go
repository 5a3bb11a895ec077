package cli

import (
	"encoding/json"
	"fmt"
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
	n := min(shown[t.Name()], len(t.Hints)-1)
	shown[t.Name()] = n + 1
	if i := results[0].FirstFailed(); i >= 0 {
		fmt.Fprintf(c.Out, "For: %s\n", results[0].Checks[i].Name)
	}
	fmt.Fprintf(c.Out, "Hint %d of %d:\n%s\n", n+1, len(t.Hints), t.Hints[n])
	return writeHints(co, shown)
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
