package console

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// counter is a session that prints how many lines it has seen.
type counter struct {
	n      int
	opened *int
	closed *int
}

func (c *counter) Close() { *c.closed++ }

func (c *counter) Line(text string, out, errw io.Writer) error {
	c.n++
	switch text {
	case "panic":
		fmt.Fprint(out, "before ")
		panic("as asked")
	case "loud":
		fmt.Fprint(errw, "loud: what\n")
		return errors.New("not printed")
	case "silent":
		return errors.New("silent: why")
	}
	fmt.Fprintf(out, "%d\n", c.n)
	return nil
}

func newCounters() (r *Runner, opened, closed *int) {
	opened, closed = new(int), new(int)
	return NewRunner(func() Session { *opened++; return &counter{opened: opened, closed: closed} }), opened, closed
}

func TestResultsAreRemembered(t *testing.T) {
	r, opened, closed := newCounters()
	for range 3 {
		m := r.Machine()
		for i, want := range []string{"1\n", "2\n"} {
			if got := m.Run(fmt.Sprint("line ", i)); got.Out != want || got.Failed {
				t.Errorf("line %d: %+v, want %q", i, got, want)
			}
		}
		m.Close()
	}
	if *opened != 1 || *closed != 1 || r.Ran() != 2 {
		t.Errorf("opened %d, closed %d, ran %d; want 1, 1, 2", *opened, *closed, r.Ran())
	}
}

func TestAnotherPastIsAnotherResult(t *testing.T) {
	r, _, _ := newCounters()
	a, b := r.Machine(), r.Machine()
	a.Run("x")
	if a.Run("z").Out != "2\n" || b.Run("z").Out != "1\n" {
		t.Error("the same line after another past has the same result")
	}
}

func TestForkLeavesItsParentAlone(t *testing.T) {
	r, _, _ := newCounters()
	m := r.Machine()
	m.Run("a")
	f := m.Fork()
	f.Run("b")
	if got := f.Run("c"); got.Out != "3\n" {
		t.Errorf("the fork is at %q", got.Out)
	}
	if got := m.Run("d"); got.Out != "2\n" {
		t.Errorf("the parent is at %q", got.Out)
	}
}

func TestFailures(t *testing.T) {
	tests := []struct{ line, want string }{
		{"loud", "loud: what\n"},
		{"silent", "silent: why\n"},
		{"panic", "before the simulator panicked: as asked\n"},
	}
	for _, tt := range tests {
		r, _, _ := newCounters()
		if got := r.Machine().Run(tt.line); !got.Failed || !strings.HasPrefix(got.Out, tt.want) {
			t.Errorf("%s: %+v", tt.line, got)
		}
	}
}

func TestProbe(t *testing.T) {
	r, _, _ := newCounters()
	m := r.Machine()
	m.Run("a")
	asked := 0
	ask := func(s Session) (string, error) { asked++; return fmt.Sprint(s.(*counter).n), nil }
	if m.Probe("n", ask).Out != "1" || m.Probe("n", ask).Out != "1" || asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if got := m.Probe("bad", func(Session) (string, error) { panic("x") }); !got.Failed {
		t.Errorf("a probe that panics: %+v", got)
	}
	m.Close()
	if m.Run("b").Out != "2\n" {
		t.Error("a closed machine does not come back")
	}
}

func TestTranscript(t *testing.T) {
	const text = "$ boot\n$ ! bad\nbad: no\n$ get\n1\n\n2\n"
	steps, stray := ParseTranscript(text)
	if stray != "" || len(steps) != 3 || !steps[1].MayFail || steps[1].Command != "bad" || steps[2].Output != "1\n\n2\n" || steps[2].Line != 3 {
		t.Errorf("%+v %q", steps, stray)
	}
	if got := FormatTranscript(steps); got != text {
		t.Errorf("%q", got)
	}
	if _, stray := ParseTranscript("hello\n$ x\n"); stray != "hello\n" {
		t.Errorf("stray %q", stray)
	}
}

func TestCommands(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"a; b ;c", []string{"a", "b", "c"}},
		{"boot -append 'x; y'; z", []string{"boot -append 'x; y'", "z"}},
		{";; ", nil},
		{"it''s; b", []string{"it''s", "b"}},
	}
	for _, tt := range tests {
		if got := Commands(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q", tt.text, got)
		}
	}
}

func TestValue(t *testing.T) {
	for text, want := range map[string]string{"a\n 2 \n\n": "2", "": "", "x": "x"} {
		if got := Value(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestTheShell types into a real machine.
func TestTheShell(t *testing.T) {
	m := NewRunner(Open).Machine()
	defer m.Close()
	if got := m.Run("boot -cpus 2"); got.Failed {
		t.Fatal(got.Out)
	}
	layout := m.Probe("layout", func(s Session) (string, error) {
		l, err := s.(*book).PercpuLayout()
		return l.Kind, err
	})
	if layout.Failed || layout.Out != "embed" {
		t.Errorf("%+v", layout)
	}
	lanes := m.Probe("lanes", func(s Session) (string, error) {
		l, err := s.(*book).Timeline()
		return fmt.Sprint(len(l.Lanes)), err
	})
	if lanes.Failed || lanes.Out != "2" {
		t.Errorf("%+v", lanes)
	}
	if _, err := Open().(*book).PercpuLayout(); err == nil {
		t.Error("a session without a machine has a layout")
	}
}
