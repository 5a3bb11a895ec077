package shell_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"bothhalves/kernelsim/shell"
)

// TestRegistry: what help, usage, completion and the appendix are made from
// is complete and says the same everywhere.
func TestRegistry(t *testing.T) {
	var appendix bytes.Buffer
	shell.Markdown(&appendix)
	s := shell.New(newHost())
	all := do(t, s, "help")
	seen := map[string]bool{}
	for _, v := range shell.Commands() {
		if seen[v.Name] {
			t.Errorf("%s is registered twice", v.Name)
		}
		seen[v.Name] = true
		if !regexp.MustCompile(`^[a-z]+ `).MatchString(v.Summary) || strings.HasSuffix(v.Summary, ".") {
			t.Errorf("%s: the summary continues the verb's name and has no full stop: %q", v.Name, v.Summary)
		}
		if !strings.Contains(all, "\n  "+v.Name) {
			t.Errorf("help does not list %s", v.Name)
		}
		text := do(t, s, "help "+v.Name)
		for _, f := range v.Flags {
			if shown := strings.Contains(text, "  -"+f.Name+" ") && strings.Contains(v.Usage(), "-"+f.Name); shown == f.Held {
				t.Errorf("help %s and -%s: held back %v, shown %v", v.Name, f.Name, f.Held, shown)
			}
			if f.Help == "" && !f.Held {
				t.Errorf("%s -%s has no help", v.Name, f.Name)
			}
		}
		if !strings.Contains(appendix.String(), "### "+v.Name+"\n") {
			t.Errorf("the appendix lacks %s", v.Name)
		}
	}
}

// TestUsageErrors: every verb refuses an unknown flag or argument with status
// 2 and its usage, and does nothing.
func TestUsageErrors(t *testing.T) {
	s := shell.New(newHost())
	defer s.Close()
	do(t, s, "boot -cpus 1")
	before := state1(t, s)
	for _, v := range shell.Commands() {
		if v.Raw {
			continue
		}
		var errw bytes.Buffer
		err := s.Exec([]string{v.Name, "-nosuchflag"}, io.Discard, &errw)
		if shell.ErrorStatus(err) != 2 || !strings.HasSuffix(errw.String(), "\nusage: "+v.Usage()+"\n") ||
			!strings.HasPrefix(errw.String(), v.Name+": -nosuchflag: ") {
			t.Errorf("%s -nosuchflag: status %d, %s", v.Name, shell.ErrorStatus(err), errw.String())
		}
	}
	if state1(t, s) != before {
		t.Error("a refused command changed the machine")
	}
}

func TestComplete(t *testing.T) {
	s := shell.New(newHost())
	defer s.Close()
	for _, tt := range []struct {
		machine bool
		line    string
		want    string
	}{
		{false, "bo", "boot "},
		{false, "ps; ! tr", "trace "},
		{false, "boot -ap", "-append "},
		{false, "boot -cpus 2 -no", "-nodes "},
		{false, "run u", "until "},
		{false, "help di", ""},
		{false, "help dm", "dmesg "},
		{false, "dmesg | gr", "grep "},
		{false, "dmesg | grep -c 'x' | w", "wc "},
		{false, "trace show -format t", "timeline "},
		{false, "trace start sched_sw", "sched_switch "},
		{false, "cpu 0 st", "sti ,state "},
		{false, "cpu 0 local ti", "timer "},
		{false, "pin lint", "lint0 ,lint1 "},
		{false, "info ms", "msix "},
		{false, "mmio write 4 0 0 -c", "-cpu "},
		{false, "cat /pr", ""},
		{false, "nosuch -x", ""},
		{true, "info percpu cpu_n", "cpu_number"},
		{true, "modprobe count_pe", "count_percpu "},
	} {
		if tt.machine && s.Machine() == nil {
			do(t, s, "boot -cpus 1")
		}
		head, words, tail := s.Complete(tt.line+" rest", len(tt.line))
		if got := strings.Join(words, ","); got != tt.want {
			t.Errorf("%q is completed to %q, want %q", tt.line, got, tt.want)
		}
		if len(words) > 0 && (!strings.HasPrefix(tt.line, head) || tail != " rest") {
			t.Errorf("%q is cut into %q and %q", tt.line, head, tail)
		}
	}
}

// TestStreams: output is not held back, and a reader that leaves ends it
// without an error message of the verb's.
func TestStreams(t *testing.T) {
	s := shell.New(newHost())
	defer s.Close()
	do(t, s, "boot -cpus 2; burn 50ms; burn 50ms; burn 50ms; run idle")
	err := s.Line("trace show", &leaving{left: 3}, io.Discard)
	if err == nil {
		t.Error("the reader's leaving is not handed back to the host")
	}
	if got := do(t, s, "trace show | head -n 2 | wc -l"); got != "2\n" {
		t.Errorf("trace show | head -n 2 | wc -l = %q", got)
	}
}

// leaving is a reader that leaves after a few writes.
type leaving struct{ left int }

func (l *leaving) Write(p []byte) (int, error) {
	if l.left--; l.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}
