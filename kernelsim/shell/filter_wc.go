package shell

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// wc counts lines, words, characters and bytes, in that order.
type wc struct {
	out   io.Writer
	which string // the letters of the counts to print
	count map[byte]int
}

func newWC(words []string, out io.Writer) (filter, error) {
	o, err := getopt("wc", "lwcm", words)
	if err != nil {
		return nil, err
	}
	if err := o.noFiles(); err != nil {
		return nil, err
	}
	which := ""
	for _, letter := range []byte("lwmc") {
		if o.has(letter) {
			which += string(letter)
		}
	}
	if which == "" {
		which = "lwc"
	}
	return &wc{out: out, which: which, count: map[byte]int{}}, nil
}

// line counts a newline with every line: the verbs end all their lines.
func (w *wc) line(text []byte) error {
	w.count['l']++
	w.count['w'] += len(bytes.Fields(text))
	w.count['m'] += utf8.RuneCount(text) + 1
	w.count['c'] += len(text) + 1
	return nil
}

// end prints a single count alone and several in columns of seven, as the
// real tool does for a pipe.
func (w *wc) end() error {
	text := ""
	for i := range len(w.which) {
		n := w.count[w.which[i]]
		switch {
		case len(w.which) == 1:
			text = fmt.Sprint(n)
		case i == 0:
			text = fmt.Sprintf("%7d", n)
		default:
			text += fmt.Sprintf(" %7d", n)
		}
	}
	return writeLine(w.out, []byte(text))
}
