package main

import (
	"bufio"
	"errors"
	"io"
	"syscall"
)

// errGone says that whoever read the output has left.
var errGone = errors.New("nobody reads the output any more")

// A pipeWriter buffers standard output and remembers that its reader has left.
type pipeWriter struct {
	w      *bufio.Writer
	gone   bool
	failed error // why something was not written, its reader's leave apart
}

func (p *pipeWriter) Write(b []byte) (int, error) {
	if p.gone {
		return 0, errGone
	}
	n, err := p.w.Write(b)
	return n, p.look(err)
}

// Flush sends what is buffered.
func (p *pipeWriter) Flush() error { return p.look(p.w.Flush()) }

func (p *pipeWriter) look(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		p.gone = true
		return errGone
	}
	if p.failed == nil {
		p.failed = err
	}
	return err
}

// A flushFirst is standard error: what was printed before an error message
// appears before it. Messages about a reader that has left are dropped.
type flushFirst struct {
	out *pipeWriter
	w   io.Writer
}

func (f *flushFirst) Write(b []byte) (int, error) {
	if f.out.Flush(); f.out.gone {
		return len(b), nil
	}
	return f.w.Write(b)
}
