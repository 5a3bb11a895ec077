package shell

import (
	"io"
	"strings"
)

// tail passes the last lines, or with +N everything from line N on.
type tail struct {
	out  io.Writer
	last *window // nil for +N
	skip int
}

func newTail(words []string, out io.Writer) (filter, error) {
	o, err := getopt("tail", "#n:", words)
	if err != nil {
		return nil, err
	}
	if err := o.noFiles(); err != nil {
		return nil, err
	}
	text, from := strings.CutPrefix(o.value('n', "10"), "+")
	n, err := lineCount(o, strings.TrimPrefix(text, "-"))
	if err != nil {
		return nil, err
	}
	if from {
		return &tail{out: out, skip: max(n-1, 0)}, nil
	}
	return &tail{out: out, last: &window{size: n}}, nil
}

func (t *tail) line(text []byte) error {
	if t.last != nil {
		t.last.push(text)
		return nil
	}
	if t.skip > 0 {
		t.skip--
		return nil
	}
	return writeLine(t.out, text)
}

func (t *tail) end() error {
	if t.last == nil {
		return nil
	}
	for _, text := range t.last.all() {
		if err := writeLine(t.out, text); err != nil {
			return err
		}
	}
	return nil
}
