package grade

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// An overlay maps paths to the text that the build sees there instead.
type overlay map[string][]byte

// write stores the overlay's texts in dir and returns the file for -overlay.
func (o overlay) write(dir string) (string, error) {
	replace := make(map[string]string)
	for i, path := range slices.Sorted(maps.Keys(o)) {
		file := filepath.Join(dir, fmt.Sprintf("%d-%s", i, filepath.Base(path)))
		if err := os.WriteFile(file, o[path], 0o600); err != nil {
			return "", err
		}
		replace[path] = file
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, data, 0o600)
}

// A BuildError is what the compiler says, sorted by file.
type BuildError struct {
	Files    map[string]string // messages by the file's base name
	Packages map[string]string // the first message by import path
	Text     string
	Help     string // what to do about it, where it is this computer and not the code
}

// Error is the compiler's text.
func (e *BuildError) Error() string { return e.Text }

// compile runs one go command over the lab with an overlay.
func (c *Course) compile(o overlay, args ...string) error {
	if len(o) > 0 {
		dir, err := os.MkdirTemp("", "bothhalves-overlay-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		file, err := o.write(dir)
		if err != nil {
			return err
		}
		args = slices.Insert(args, 1, "-overlay="+file)
	}
	return c.goCommand(args...)
}

func (c *Course) goCommand(args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = c.Root
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("there is no go command on the PATH: install Go 1.26 or later (%w)", err)
		}
		if out.Len() == 0 {
			return fmt.Errorf("go %s: %w", args[0], err)
		}
		e := newBuildError(out.String())
		e.Help = help(out.String())
		return e
	}
	return nil
}

// help knows the words by which go complains about where it runs.
func help(text string) string {
	for _, h := range []struct{ says, do string }{
		{"no space left on device", "make room on the disk"},
		{"permission denied", "make the clone's folder .bothhalves writable: the checker keeps what it builds there"},
		{"inconsistent vendoring", "unset GOFLAGS: this tree has no vendor folder (go env GOFLAGS shows it)"},
		{"from $GOROOT", "unset GO111MODULE: the course is a Go module"},
		{"GOPROXY=off", "the libraries are not on this computer: with a network, go mod download fetches them once"},
		{"dial tcp", "the libraries are not on this computer and there is no network: go mod download fetches them once there is"},
	} {
		if strings.Contains(text, h.says) {
			return h.do
		}
	}
	return ""
}

// unusedTODO is what the compiler says to a file that has no gap left.
const unusedTODO = `"bothhalves/labs/lab" imported and not used`

var compilerLine = regexp.MustCompile(`^(?:\./)?(\S+?\.go):(\d+)(?::\d+)?: (.*)$`)

// newBuildError cuts the compiler's output to messages of at most ten lines a
// file.
func newBuildError(text string) *BuildError {
	e := &BuildError{Files: make(map[string]string), Packages: make(map[string]string)}
	var all []string
	pkg := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if name, ok := strings.CutPrefix(line, "# "); ok {
			pkg, _, _ = strings.Cut(name, " ")
			continue
		}
		if strings.HasSuffix(line, "too many errors") {
			continue
		}
		if pkg != "" && e.Packages[pkg] == "" {
			e.Packages[pkg] = line
		}
		m := compilerLine.FindStringSubmatch(strings.TrimPrefix(line, "vet: "))
		if m == nil {
			if !strings.HasPrefix(line, "FAIL") {
				all = append(all, line)
			}
			continue
		}
		base := filepath.Base(m[1])
		msg := fmt.Sprintf("%s:%s: %s", base, m[2], m[3])
		if m[3] == unusedTODO {
			msg += ": it was for the gaps, and goes with the last one"
		}
		all = append(all, msg)
		if strings.Count(e.Files[base], "\n") < 10 {
			e.Files[base] += msg + "\n"
		}
	}
	e.Text = strings.Join(all[:min(len(all), 20)], "\n")
	return e
}

// testBinary builds the lab's test binary. The same sources under the same
// name are linked once.
func (c *Course) testBinary(l *Lab, name string, o overlay, race bool) (string, error) {
	out := c.State("bin", name)
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return "", fmt.Errorf("%w; the checker keeps what it builds in this folder: make it one that can be written", err)
	}
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", out, "./labs/" + l.Name}
	if race {
		args = slices.Insert(args, 1, "-race")
	}
	return out, c.compile(o, args...)
}
