package worker

import (
	"bufio"
	"bytes"
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
	Env  []string // added to the present environment
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
	Fault   string // why there is no complete reply; "" if there is one
}

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
	runErr := runLimited(cmd, 4*req.Limit+time.Minute)
	reply, err := collect(req.Results)
	if err != nil {
		return nil, err
	}
	reply.Output = out.String()
	if reply.Fault == "" && !reply.ended() {
		reply.crashed(&req, runErr)
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

func runLimited(cmd *exec.Cmd, limit time.Duration) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	timer := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	defer timer.Stop()
	return cmd.Wait()
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
func (c *collected) crashed(req *Request, runErr error) {
	if c.begun == nil {
		if len(c.Checks) == 0 {
			c.Fault = fmt.Sprintf("the lab's test ended before its first check (%v)", runErr)
		}
		return
	}
	a := script.Attempt{Status: script.Failed, Shape: c.begun.Shape, Seed: c.begun.Seed}
	a.Message = fatalLine(c.Output)
	a.Where = script.StudentLine(c.Output, (&script.Task{ID: req.Task, Kind: script.Implement}).File())
	c.Output = "" // nothing but the runtime's dump of every goroutine
	c.Checks = append(c.Checks, script.CheckResult{Name: c.begun.Check, Status: script.Failed, Attempts: []script.Attempt{a}})
}

// fatalLine is the line by which Go's runtime ends a process.
func fatalLine(output string) string {
	for line := range strings.Lines(output) {
		for _, start := range []string{"fatal error: ", "panic: ", "runtime: goroutine stack exceeds"} {
			if strings.HasPrefix(line, start) {
				return "the program died: " + strings.TrimSpace(line)
			}
		}
	}
	return "the program ended in the middle of the check"
}

// tail keeps the beginning of what is written and counts the rest.
type tail struct {
	buf   bytes.Buffer
	limit int
	more  int64
}

var _ io.Writer = (*tail)(nil)

// Write never fails, so that the writer is never blocked nor killed.
func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if room := t.limit - t.buf.Len(); len(p) > room {
		t.more += int64(len(p) - max(room, 0))
		p = p[:max(room, 0)]
	}
	t.buf.Write(p)
	return n, nil
}

// String is what was kept, and how much was not.
func (t *tail) String() string {
	s := strings.ToValidUTF8(t.buf.String(), "?")
	s = strings.TrimSuffix(s, "PASS\n")
	if t.more > 0 {
		s += fmt.Sprintf("\n… and %d bytes more", t.more)
	}
	return s
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
