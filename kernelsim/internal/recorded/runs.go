// Package recorded is the one table of recorded runs of a real kernel, each
// with the command that boots the machine which it is held against, and with
// what was then done to both. Its tests make the comparison; the recordings are
// in testdata.
package recorded

import (
	"slices"
	"strings"
)

// A Run is a recording: the folder testdata/Name, the boot line, and the steps,
// one a line. A step that is none of the words that the test knows is a command
// of the shell.
type Run struct {
	Name, Boot string
	Steps      []string
}

// Runs lists all runs.
func Runs() []Run {
	return slices.Concat(vectorRuns(), lineRuns(), threadRuns(), directRuns(), softirqRuns())
}

// Find is the run of a name.
func Find(name string) (Run, bool) {
	for _, r := range Runs() {
		if r.Name == name {
			return r, true
		}
	}
	return Run{}, false
}

// run makes a Run out of a text of steps, in which pairs of words are replaced.
func run(name, boot, steps string, pairs ...string) Run {
	r := Run{Name: name, Boot: boot}
	for l := range strings.Lines(strings.NewReplacer(pairs...).Replace(steps)) {
		if l = strings.TrimSpace(l); l != "" {
			r.Steps = append(r.Steps, l)
		}
	}
	return r
}
