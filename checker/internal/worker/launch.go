package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"bothhalves/checker/script"
)

// A Program is how a worker is started.
type Program struct {
	Path string
	Args []string
	Dir  string
	Env  []string        // added to the present environment
	Stop <-chan struct{} // ends the worker when it is closed; nil: nobody stops it
}

// TestBinary is the program of a lab's test binary.
func TestBinary(path, test, dir string) Program {
	return Program{Path: path, Args: []string{"-test.run", "^" + test + "$", "-test.timeout", "0"}, Dir: dir}
}

// outputShown is how much of what a student's code prints is kept.
const outputShown = 4 << 10

// A Reply is what came back from a worker.
type Reply struct {
	Checks  []script.CheckResult // those that were run, in order
	Learned map[string]string
	Output  string // what the process printed, cut
	Crash   string // how the student's code ended the process before the first check
	Fault   string // why there is no complete reply; "" if there is one
}

// ErrStopped is what Launch returns when Program.Stop was closed.
var ErrStopped = errors.New("stopped")

// Launch starts a worker, waits for it and collects what it says.
func Launch(p Program, req Request) (*Reply, error) {
	dir, err := os.MkdirTemp("", "bothhalves-worker-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	req.Results = filepath.Join(dir, "results")
	if req.Limit <= 0 {
		req.Limit = DefaultLimit
	}
	cmd, err := p.command(dir, &req)
	if err != nil {
		return nil, err
	}
	out := &tail{limit: outputShown}
	cmd.Stdout, cmd.Stderr = out, out
	s := &supervisor{cmd: cmd, out: out, req: &req, stop: p.Stop}
	runErr := s.run()
	if s.stopped {
		return nil, ErrStopped
	}
	reply, err := collect(req.Results)
	if err != nil {
		return nil, err
	}
	reply.Output = out.String()
	if reply.Fault == "" && !reply.ended() {
		reply.crashed(&req, s.why, out.dump(), runErr)
	}
	return reply.Reply, nil
}

func (p Program) command(dir string, req *Request) (*exec.Cmd, error) {
	data, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "request")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.Env = append(cmd.Env, requestVar+"="+file, "GOTRACEBACK=all", "GOCOVERDIR="+dir,
		"TMPDIR="+dir, "TMP="+dir, "TEMP="+dir) // a process that dies leaves nothing behind
	cmd.WaitDelay = time.Second
	return cmd, nil
}

// collected is a reply with what is needed to judge an incomplete one.
type collected struct {
	*Reply
	begun *Begin // the attempt that was under way
	end   bool
	full  []byte
}

func (c *collected) ended() bool { return c.end }

func collect(name string) (*collected, error) {
	c := &collected{Reply: &Reply{}}
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dec := json.NewDecoder(bufio.NewReader(f))
	for {
		var e Event
		if err := dec.Decode(&e); err != nil {
			return c, nil // the end, or a line cut by the end of the process
		}
		c.add(&e)
	}
}

func (c *collected) add(e *Event) {
	switch {
	case e.Begin != nil:
		c.begun = e.Begin
	case e.Check != nil:
		c.Checks = append(c.Checks, *e.Check)
		c.begun = nil
	case e.Fault != "":
		c.Fault = e.Fault
	case e.End:
		c.end, c.Learned = true, e.Learned
	}
}

// crashed turns the end of a process in the middle of a check into that
// check's result. The watchdog has already reported when it ended the process.
// why is what the supervisor ended it for, dump what the runtime said last.
func (c *collected) crashed(req *Request, why, dump string, runErr error) {
	message := why
	if message == "" {
		message = fatalLine(dump)
	}
	where := script.StudentLine(dump, (&script.Task{ID: req.Task, Kind: script.Implement}).File())
	switch {
	case c.begun == nil && len(c.Checks) > 0:
		return
	case c.begun == nil && where == "" && why == "":
		c.Fault = fmt.Sprintf("the lab's test ended before its first check (%v)", runErr)
		return
	}
	c.Output = beforeDump(c.Output)
	if c.begun == nil {
		c.Crash = message + ", before the first check: a variable of the package gets its value before any machine exists"
		if where != "" {
			c.Crash = where + ": " + c.Crash
		}
		return
	}
	a := script.Attempt{Status: script.Failed, Shape: c.begun.Shape, Seed: c.begun.Seed, Message: message, Where: where}
	c.Checks = append(c.Checks, script.CheckResult{Name: c.begun.Check, Status: script.Failed, Attempts: []script.Attempt{a}})
}

// ends are the words by which Go's runtime begins to tell of a process's end.
var ends = []string{"fatal error: ", "panic: ", "runtime: goroutine stack exceeds", "SIGQUIT: "}

// beforeDump is what was printed before the runtime listed every goroutine.
func beforeDump(output string) string {
	at := 0
	for line := range strings.Lines(output) {
		for _, start := range ends {
			if strings.HasPrefix(line, start) {
				return output[:at]
			}
		}
		at += len(line)
	}
	return output
}

// fatalLine is the line by which Go's runtime ends a process.
func fatalLine(output string) string {
	for line := range strings.Lines(output) {
		for _, start := range ends {
			if strings.HasPrefix(line, start) {
				return "the program died: " + script.OneLine(line)
			}
		}
	}
	return "the program ended in the middle of the check"
}

// Interact starts a worker that a person talks to.
func Interact(p Program, req Request, in io.Reader, out, errw io.Writer) error {
	dir, err := os.MkdirTemp("", "bothhalves-worker-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cmd, err := p.command(dir, &req)
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, errw
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the last line failed (%w)", err)
	}
	return nil
}
