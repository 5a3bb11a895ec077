package shell

import (
	"io"
	"strconv"
	"strings"
)

// head passes the first lines, or with a negative count all but the last.
type head struct {
	out  io.Writer
	left int
	hold *window // not nil for -n -N: lines that may be among the last
}

func newHead(words []string, out io.Writer) (filter, error) {
	o, err := getopt("head", "#n:", words)
	if err != nil {
		return nil, err
	}
	if err := o.noFiles(); err != nil {
		return nil, err
	}
	text, allBut := strings.CutPrefix(o.value('n', "10"), "-")
	n, err := lineCount(o, text)
	if err != nil {
		return nil, err
	}
	h := &head{out: out, left: n}
	if allBut {
		h.hold = &window{size: n}
	}
	return h, nil
}

// lineCount reads the number behind -n.
func lineCount(o *options, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || !isDigits(text) {
		return 0, o.misuse("-n: %s: not a number of lines", o.value('n', ""))
	}
	return n, nil
}

func (h *head) line(text []byte) error {
	if h.hold != nil {
		if old, full := h.hold.push(text); full {
			return writeLine(h.out, old)
		}
		return nil
	}
	if h.left == 0 {
		return errFull
	}
	if h.left--; h.left == 0 {
		if err := writeLine(h.out, text); err != nil {
			return err
		}
		return errFull
	}
	return writeLine(h.out, text)
}

func (h *head) end() error { return nil }

// A window holds the last lines.
type window struct {
	size  int
	lines [][]byte // a ring once it is full
	next  int
}

// push adds a line and returns the one that fell out.
func (w *window) push(text []byte) (old []byte, full bool) {
	text = append([]byte(nil), text...)
	if w.size == 0 {
		return text, true
	}
	if len(w.lines) < w.size {
		w.lines = append(w.lines, text)
		return nil, false
	}
	old, w.lines[w.next] = w.lines[w.next], text
	w.next = (w.next + 1) % w.size
	return old, true
}

// all is what the window holds, oldest first.
func (w *window) all() [][]byte {
	return append(append([][]byte(nil), w.lines[w.next:]...), w.lines[:w.next]...)
}
