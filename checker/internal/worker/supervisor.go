package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// outputLimit is how much a student's code may print before it is ended.
const outputLimit = 32 << 20

// A supervisor watches a worker from outside, for what the watchdog inside it
// cannot see: code that runs before the first check, floods of output, and a
// person who wants no answer any more.
type supervisor struct {
	cmd     *exec.Cmd
	out     *tail
	req     *Request
	stop    <-chan struct{}
	why     string // why it was ended
	stopped bool
}

// run starts the worker and waits for its end.
func (s *supervisor) run() error {
	if err := s.cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	began := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-s.stop:
			s.stopped = true
			s.cmd.Process.Kill()
			return <-done
		case <-tick.C:
			if s.why = s.tooMuch(time.Since(began)); s.why != "" {
				return s.end(done)
			}
		}
	}
}

// tooMuch says what there is too much of, "" if all is well.
func (s *supervisor) tooMuch(ran time.Duration) string {
	switch {
	case s.out.written() > outputLimit:
		return fmt.Sprintf("ended after %d MiB of output: a loop that prints?", outputLimit>>20)
	case ran > 4*s.req.Limit+time.Minute:
		return fmt.Sprintf("no end after %v in all", ran.Round(time.Second))
	case ran > s.req.Limit && !s.serving():
		return fmt.Sprintf("no end after %v", s.req.Limit)
	}
	return ""
}

// serving says whether the worker has come as far as its checks.
func (s *supervisor) serving() bool {
	_, err := os.Stat(s.req.Results)
	return !errors.Is(err, fs.ErrNotExist)
}

// end asks the runtime for all stacks, where there is such a signal, and makes
// sure of the end.
func (s *supervisor) end(done <-chan error) error {
	if s.cmd.Process.Signal(syscall.SIGQUIT) == nil {
		select {
		case err := <-done:
			return err
		case <-time.After(time.Second):
		}
	}
	s.cmd.Process.Kill()
	return <-done
}

// A tail keeps the beginning of what is written, counts the rest, and
// remembers the latest: what the runtime says at a process's end.
type tail struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	limit int
	more  int64
	late  []byte
}

var _ io.Writer = (*tail)(nil)

// dumpKept is how much of the latest output is kept.
const dumpKept = 64 << 10

// Write never fails, so that the writer is never blocked nor killed.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	t.late = append(t.late, p...)
	if len(t.late) > 2*dumpKept {
		t.late = append(t.late[:0], t.late[len(t.late)-dumpKept:]...)
	}
	if room := t.limit - t.buf.Len(); len(p) > room {
		t.more += int64(len(p) - max(room, 0))
		p = p[:max(room, 0)]
	}
	t.buf.Write(p)
	return n, nil
}

func (t *tail) written() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(t.buf.Len()) + t.more
}

// dump is the latest output.
func (t *tail) dump() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.late), "?")
}

// String is what was kept, and how much was not.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.ToValidUTF8(t.buf.String(), "?")
	s = strings.TrimSuffix(s, "PASS\n")
	if t.more > 0 {
		s += fmt.Sprintf("\n… and %d bytes more", t.more)
	}
	return s
}
