// Package worker runs the checks of one task in a process of its own: the
// lab's test binary started a second time. The process that asks keeps the
// expected outcome of endless loops, crashes and floods of output on its side.
package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"bothhalves/checker/script"
)

// requestVar names the file with the request in the worker's environment.
const requestVar = "BOTHHALVES_REQUEST"

// DefaultLimit is how long one attempt at a check may take.
const DefaultLimit = 20 * time.Second

// A Request is what a worker is to do.
type Request struct {
	Lab       string
	Task      string
	Text      []byte // the task's .txtar
	Student   []byte // the .ks or .answer file; a Go file is linked in
	Limit     time.Duration
	FirstOnly bool          // stop at the first failed attempt
	All       bool          // go on behind a wrong answer, to learn the right ones
	Only      string        // the one check to run, "" for all
	Variant   int           // which of several linked sets of parts to use
	Shell     *ShellRequest // instead of checks: a shell with the part
	Results   string        // the file to write events to
}

// A ShellRequest asks for an interactive shell with the task's part.
type ShellRequest struct {
	Check string // the check whose commands are replayed first, "" for none
	Seed  uint64
	Shape int
	Cut   int // the decision point at which to do what the check cuts in; 0 for none
	Event int // the event of the trace to show; 0 for none
	Line  int // the line of the script behind which to stop; 0 for the check's end
}

// An Event is one line of the results file.
type Event struct {
	Begin   *Begin              `json:",omitempty"`
	Check   *script.CheckResult `json:",omitempty"`
	Learned map[string]string   `json:",omitempty"`
	End     bool                `json:",omitempty"`
	Fault   string              `json:",omitempty"` // the lab itself is at fault
}

// A Begin says which attempt starts.
type Begin struct {
	Check string
	Shape string
	Seed  uint64
}

// Asked returns the request that this process was started with, nil if it was
// started for something else.
func Asked() (*Request, error) {
	name := os.Getenv(requestVar)
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("the request of the checker: %w", err)
	}
	req := new(Request)
	if err := json.Unmarshal(data, req); err != nil {
		return nil, fmt.Errorf("the request of the checker in %s: %w", name, err)
	}
	return req, nil
}
