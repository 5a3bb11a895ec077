package shell

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func one(words ...string) Command { return Command{Stages: [][]string{words}} }

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		rule, line string
		want       []Command
	}{
		{"nothing is no command", "", nil},
		{"nor is a comment", "  # boot", nil},
		{"words are separated by blanks", "boot\t-cpus  2 ", []Command{one("boot", "-cpus", "2")}},
		{"a carriage return is a blank", "ps\r", []Command{one("ps")}},
		{"a semicolon separates commands", "ps;dmesg ;; ls /proc;", []Command{one("ps"), one("dmesg"), one("ls", "/proc")}},
		{"so does a line's end", "ps # all\ndmesg", []Command{one("ps"), one("dmesg")}},
		{"single quotes group words", "boot -append 'a  b'", []Command{one("boot", "-append", "a  b")}},
		{"two quotes inside are one", "echo 'it''s'", []Command{one("echo", "it's")}},
		{"an empty word needs quotes", "echo '' x", []Command{one("echo", "", "x")}},
		{"quotes may begin inside a word", "run until a'b c'd", []Command{one("run", "until", "ab cd")}},
		{"double quotes are ordinary", `echo "a b"`, []Command{one("echo", `"a`, `b"`)}},
		{"a comment begins anywhere outside quotes", "echo a#b", []Command{one("echo", "a")}},
		{"but not inside them", "echo 'a#b'", []Command{one("echo", "a#b")}},
		{"a semicolon in quotes is text", "echo 'a;b' ';'", []Command{one("echo", "a;b", ";")}},
		{"> names a file", "echo f > /proc/irq/24/smp_affinity",
			[]Command{{Stages: [][]string{{"echo", "f"}}, To: "/proc/irq/24/smp_affinity"}}},
		{"with or without blanks", "echo f>/x", []Command{{Stages: [][]string{{"echo", "f"}}, To: "/x"}}},
		{">> adds to it", "echo f >>/x", []Command{{Stages: [][]string{{"echo", "f"}}, To: "/x", Append: true}}},
		{"| leads into a filter", "dmesg|grep -c 'a b' | head > /x",
			[]Command{{Stages: [][]string{{"dmesg"}, {"grep", "-c", "a b"}, {"head"}}, To: "/x"}}},
		{"an operator cannot be quoted away", "echo f '>' /x", []Command{{Stages: [][]string{{"echo", "f"}}, To: "/x"}}},
		{"a longer word can", "echo 'a>b' 'a|b'", []Command{one("echo", "a>b", "a|b")}},
		{"! asserts a failure", "! cat /x", []Command{{Negated: true, Stages: [][]string{{"cat", "/x"}}}}},
		{"! behind the verb is a word", "echo !", []Command{one("echo", "!")}},
	} {
		got, err := Parse(tt.line)
		if err != nil {
			t.Errorf("%s: Parse(%q): %v", tt.rule, tt.line, err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: Parse(%q) (-want +got):\n%s", tt.rule, tt.line, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"echo 'abc", "syntax error: column 6: the quote that opens here is never closed"},
		{"ps; echo x'", "syntax error: column 11: the quote that opens here is never closed"},
		{"| head", "syntax error: column 1: no command stands before |"},
		{"> /x", "syntax error: column 1: no command stands before >"},
		{"ps |", "syntax error: the command ends after |: one of head, tail, grep, wc or sort belongs there"},
		{"ps || wc", "syntax error: column 5: | stands right after |: one of head, tail, grep, wc or sort belongs there"},
		{"ps >", "syntax error: column 4: no file is named after >"},
		{"ps > ''", "syntax error: column 4: no file is named after >"},
		{"ps >>>/x", "syntax error: column 4: no file is named after >>"},
		{"ps > /x -a", "syntax error: column 9: > /x ends the command, but -a follows"},
		{"ps > /x | wc", "syntax error: column 9: > /x ends the command, but | follows"},
		{"!", "syntax error: no command follows !"},
		{"! ! ps", "syntax error: column 3: ! stands once, before the verb"},
	} {
		_, err := Parse(tt.line)
		var e *Error
		if !errors.As(err, &e) || e.Msg != tt.want || e.Status != StatusUsage {
			t.Errorf("Parse(%q) = %v, want %s", tt.line, err, tt.want)
		}
	}
}

// TestParseWords: a script's host splits the line itself; the result is the
// same as for the line.
func TestParseWords(t *testing.T) {
	got, err := ParseWords([]string{"!", "dmesg", "|", "grep", "a b", ">>", "/x"})
	want, _ := Parse("! dmesg | grep 'a b' >> /x")
	if err != nil || !reflect.DeepEqual(got, want[0]) {
		t.Errorf("ParseWords = %v, %v, want %v", got, err, want[0])
	}
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{nil, "syntax error: there is no verb"},
		{[]string{"echo", "1", ">/proc/x"}, "syntax error: >/proc/x: in a script, > stands between spaces: > /proc/x"},
		{[]string{"ps", "|"}, "syntax error: the command ends after |: one of head, tail, grep, wc or sort belongs there"},
	} {
		if _, err := ParseWords(tt.words); err == nil || err.Error() != tt.want {
			t.Errorf("ParseWords(%q) = %v, want %s", tt.words, err, tt.want)
		}
	}
	if cmd, err := ParseWords([]string{"echo", ">=", ">x"}); err != nil {
		t.Errorf("words that only begin with > are words: %v, %v", cmd, err)
	}
}

// FuzzLine: no line panics, and what was read prints as a line that reads the
// same.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{"boot -cpus 2; run idle", "echo 'it''s' >> /x # c", "! ps | grep -c 'a#b' | wc -l",
		"'''", "a'b'c", ">>>", "! !", "echo ''''", "echo '\n'", "ps|sort>/x;;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		cmds, err := Parse(line)
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Status != StatusUsage {
				t.Fatalf("Parse(%q) = %v: not a usage error", line, err)
			}
			return
		}
		for _, cmd := range cmds {
			again, err := Parse(cmd.String())
			if err != nil || len(again) != 1 || !reflect.DeepEqual(again[0], cmd) {
				t.Fatalf("%q was read as %#v, printed as %q, read again as %#v, %v", line, cmd, cmd.String(), again, err)
			}
		}
	})
}
