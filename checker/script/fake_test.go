package script_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"bothhalves/checker/script"
	"bothhalves/labs/lab"
)

// fake is a machine with one number. Its parts differ in how they add.
type fake struct {
	part  string
	n     int
	at    map[uint64]func()
	steps uint64
	trace []string
}

func vocabulary() script.Vocabulary {
	return script.Vocabulary{
		Verbs: []string{"boot", "add", "run", "get", "gap", "crash", "refuse", "event"},
		Box:   []string{"add", "get"},
	}
}

func openFake(part string) (script.Machine, error) {
	if part == "no-such-part" {
		return nil, errors.New("no such part")
	}
	return &fake{part: part, at: map[uint64]func(){}}, nil
}

func (f *fake) Line(text string, out, errw io.Writer) error {
	words, err := script.Words(text)
	if err != nil {
		return err
	}
	if len(words) > 0 && words[0] == "!" {
		if f.Exec(words[1:], out, errw) == nil {
			return errors.New("it was to fail, and it succeeded")
		}
		return nil
	}
	return f.Exec(words, out, errw)
}

func (f *fake) Exec(argv []string, out, errw io.Writer) error {
	f.trace = append(f.trace, strings.Join(argv, " ")+f.note(argv[0]))
	switch argv[0] {
	case "boot":
		f.n = 0
	case "add":
		f.n++
		if f.part == "broken-add" {
			f.n++
		}
	case "event":
		f.n += 100
	case "run":
		f.window()
	case "get":
		fmt.Fprintf(out, "n=%d\n", f.n)
	case "gap":
		defer func() { recover() }()
		panic(lab.TODO("add one"))
	case "crash":
		panic("out of ideas")
	default:
		fmt.Fprintf(errw, "%s: Invalid argument (EINVAL)\n", argv[0])
		return errors.New("status 1")
	}
	return nil
}

func (f *fake) note(verb string) string {
	if f.part == "broken-add" && verb == "add" {
		return " (broken)"
	}
	return ""
}

// window adds one with a read, a gap of two decision points, and a write.
func (f *fake) window() {
	old := f.n
	for range 3 {
		f.steps++
		if fn := f.at[f.steps]; fn != nil {
			fn()
		}
	}
	if f.part != "racy" {
		old = f.n
	}
	f.n = old + 1
}

func (f *fake) Decisions() uint64         { return f.steps }
func (f *fake) At(step uint64, fn func()) { f.at[step] = fn }
func (f *fake) Trace() []string           { return f.trace }
func (f *fake) Close()                    {}
