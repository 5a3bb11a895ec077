package shell

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// runFilter feeds text through one tool, in pieces that do not end with lines.
func runFilter(words []string, text string) (string, int) {
	var out bytes.Buffer
	f, err := newFilter(words, &out)
	if err != nil {
		return err.Error(), ErrorStatus(err)
	}
	s := &stage{filter: f}
	for len(text) > 0 {
		n := min(len(text), 7)
		if _, err := s.Write([]byte(text[:n])); err != nil {
			break
		}
		text = text[n:]
	}
	err = s.Close()
	return out.String(), ErrorStatus(err)
}

const fruit = "10 apple\n9 pear\n100 Apple\n9 pear\n-3 fig\n0.5 a.b\n  2 two words\nx|y (z) [w] a\\b\n10 apple\n"

// filterCommands are commands whose output the real tools must share.
var filterCommands = []string{
	"head", "head -n 3", "head -n3", "head -2", "head -n 0", "head -n -4", "head -n 100",
	"tail", "tail -n 2", "tail -n2", "tail -3", "tail -n +4", "tail -n 0", "tail -n +0",
	"wc", "wc -l", "wc -w", "wc -c", "wc -lw", "wc -m -l",
	"grep apple", "grep -v apple", "grep -c apple", "grep -ci apple", "grep -in apple", "grep -nv e",
	"grep -o [0-9]*", "grep -on 9", "grep -w 9", "grep -x '9 pear'", "grep -m 1 pear", "grep -q pear", "grep nothing", "grep -c nothing",
	"grep -n -A 1 fig", "grep -n -B 1 fig", "grep -C1 fig", "grep -A1 -m1 pear", "grep -n -A1 apple", "grep -n -B1 'apple'",
	"grep -E 'pear|fig'", "grep 'pear|fig'", "grep 'pear\\|fig'", "grep -E '^[0-9]{2} '", "grep '^[0-9]\\{2\\} '", "grep -F a.b", "grep a.b",
	"grep 'x|y (z)'", "grep -E '\\(z\\)'", "grep '*'", "grep '[[:digit:]]\\+'", "grep '[]w[]'", "grep '[\\]'", "grep 'a\\\\b'",
	"grep -e 10 -n", "grep 'e$'", "grep -E 'p{2}'", "grep -E '{'", "grep '\\<pear\\>'", "grep ''", "grep -i APPLE",
	"sort", "sort -r", "sort -n", "sort -rn", "sort -u", "sort -k 2", "sort -k2,2", "sort -k 2,2 -u", "sort -nu", "sort -k1n -k2r",
	"sort -t . -k 2", "sort -f", "sort -k 1.2", "sort -b -k 2", "sort -s -k 2,2", "sort -rk 2,2", "sort -k 2.2,2.3",
}

// TestFiltersAsTheRealTools compares with the tools of this machine where
// they are GNU's.
func TestFiltersAsTheRealTools(t *testing.T) {
	if out, err := exec.Command("grep", "--version").Output(); err != nil || !strings.Contains(string(out), "GNU grep") {
		t.Skip("no GNU tools here to compare with")
	}
	if out, err := exec.Command("sort", "--version").Output(); err != nil || !strings.Contains(string(out), "GNU") {
		t.Skip("no GNU tools here to compare with")
	}
	for _, text := range []string{fruit, "", "\n", "z\n\n\na\n"} {
		for _, line := range filterCommands {
			cmds, err := Parse(line)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			words := cmds[0].Stages[0]
			real := exec.Command(words[0], words[1:]...)
			real.Env = append(os.Environ(), "LC_ALL=C")
			real.Stdin = strings.NewReader(text)
			want, err := real.Output()
			status := 0
			if e := (*exec.ExitError)(nil); errors.As(err, &e) {
				status = e.ExitCode()
			}
			if got, st := runFilter(words, text); got != string(want) || st != status {
				t.Errorf("%s\n%q, status %d; the real tool:\n%q, status %d", line, got, st, want, status)
			}
		}
	}
}

// TestFilters keeps a few of them where no real tool is at hand.
func TestFilters(t *testing.T) {
	for _, tt := range []struct {
		line, want string
		status     int
	}{
		{"grep -c apple", "2\n", 0},
		{"grep -n fig", "5:-3 fig\n", 0},
		{"grep none", "", 1},
		{"head -n 1", "10 apple\n", 0},
		{"tail -n 1", "10 apple\n", 0},
		{"wc -l", "9\n", 0},
		{"sort -n -k 1 -u", "-3 fig\nx|y (z) [w] a\\b\n0.5 a.b\n  2 two words\n9 pear\n10 apple\n100 Apple\n", 0},
	} {
		cmds, _ := Parse(tt.line)
		if got, st := runFilter(cmds[0].Stages[0], fruit); got != tt.want || st != tt.status {
			t.Errorf("%s = %q, status %d, want %q, status %d", tt.line, got, st, tt.want, tt.status)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"cat", "cat: a pipe leads into head, tail, grep, wc or sort"},
		{"grpe x", "grpe: a pipe leads into head, tail, grep, wc or sort; did you mean grep?"},
		{`b"`, `b": a pipe leads into head, tail, grep, wc or sort; double quotes do not group: use single quotes`},
		{`b c"`, `b: a pipe leads into head, tail, grep, wc or sort; double quotes do not group: use single quotes`},
		{"head -n x", "head: -n: x: not a number of lines\nusage: CMD | head [-n [-]N]"},
		{"head -n", "head: -n: its value is missing\nusage: CMD | head [-n [-]N]"},
		{"tail /x", "tail: /x: it reads what comes through the pipe, not files\nusage: CMD | tail [-n [+]N]"},
		{"wc -z", "wc: -z: no such option here\nusage: CMD | wc [-lwcm]"},
		{"grep", "grep: RE is missing: what to look for\nusage: CMD | grep [-EFcinoqvwx] [-A N] [-B N] [-C N] [-m N] [-e] RE"},
		{"grep [", "grep: [: [ without ]"},
		{"grep -E '('", "grep: (: missing closing ): `(`"},
		{"grep '\\(a\\)\\1'", `grep: \(a\)\1: \1: back-references are not known here`},
		{"grep a\\", `grep: a\: trailing backslash`},
		{"sort -k 0", "sort: -k: 0: not a key such as 2, 2,2 or 3.2nr\nusage: CMD | sort [-nrubfs] [-t CHAR] [-k FIELD[.CHAR][nrbf][,FIELD[.CHAR]]]…"},
	} {
		cmds, err := Parse(tt.line)
		if err != nil {
			t.Fatal(err)
		}
		if got, st := runFilter(cmds[0].Stages[0], ""); got != tt.want || st != StatusUsage {
			t.Errorf("%s: %q, status %d, want %q", tt.line, got, st, tt.want)
		}
	}
}

// TestHeadLeavesEarly: the writer learns that nobody reads any more.
func TestHeadLeavesEarly(t *testing.T) {
	var out bytes.Buffer
	f, _ := newFilter([]string{"head", "-n", "1"}, &out)
	s := &stage{filter: f}
	if _, err := s.Write([]byte("a\nb\n")); err == nil {
		t.Error("after its last line head still takes more")
	}
	if err := s.Close(); err != nil || out.String() != "a\n" {
		t.Errorf("head -n 1 = %q, %v", out.String(), err)
	}
}
