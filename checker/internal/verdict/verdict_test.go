package verdict

import (
	"strings"
	"testing"

	"bothhalves/checker/script"
)

func result() *script.TaskResult {
	r := &script.TaskResult{Lab: "toy", Task: "toy-count", Mistake: "two is one", Output: "hi\x1b[2Jthere\u202e\n", Of: 50,
		Checks: []script.CheckResult{
			{Name: "first", Status: script.Passed, Of: 15},
			{Name: "second", Status: script.Failed, Of: 20, Why: "one and one", See: "01-toy#two-words", Attempts: []script.Attempt{{
				Status: script.Failed, Shape: "cpus=2 seed=9", Seed: 9, Line: 12, Command: "get n", Message: "not what was expected",
				Want: "2", Got: "1\n1", Where: "toy_count.go:4 (Count)", Cut: 3, Event: 17}}},
			{Name: "third", Status: script.NotRun, Of: 15},
		}}
	r.Settle()
	return r
}

const want = `toy/toy-count: failed, 1.5 of 5 points
  ok   first
  FAIL second
       not what was expected
       in your file: toy_count.go:4 (Count)
       expected: 2
       actual:
         1
         1
       machine: cpus=2 seed=9
       script: toy-count.txtar:12: get n
       why: one and one
       misconception: two is one
       read: "two words" in book/en/01-toy.md, or 01-toy.html#two-words in the pages
       replay: go run ./checker shell toy/toy-count -seed 9 -cut 3 -at 17
  Of the checks behind it: 1 not run.
  Your code printed:
    hi·[2Jthere·
`

// TestExpected: a pattern is shown as the line that it stands for, and nothing
// else is touched.
func TestExpected(t *testing.T) {
	for _, tc := range []struct{ message, have, want string }{
		{script.NoMatch, `^offset: 15:0$`, `offset: 15:0`},
		{script.NoMatch, ` 1\.145 No$`, ` 1.145 No`},
		{script.NoMatch, `^a \(b\)$`, `a (b)`},
		{script.NoMatch, ` 1 +0 .*GPIO +0-edge +edge$`, ` 1 0 …GPIO 0-edge edge`},
		{script.NoMatch, `^handled \+ none: .*: handled$`, `handled + none: …: handled`},
		{script.NoMatch, `^ *23:( +0)* +1 x$`, ` *23:( +0)* +1 x`},
		{script.NoMatch, `^vector 0x.. of .*x`, `vector 0x.. of .*x`},
		{script.NoMatch, `^used: \d+$`, `used: \d+`},
		{script.NoMatch, `^five\$`, `^five\$`},
		{script.NoMatch, `^with bit 44: $`, `with bit 44: `},
		{"dmesg: line 3 differs", `^C$`, `^C$`},
	} {
		if got := expected(&script.Attempt{Message: tc.message, Want: tc.have}); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.message, got, tc.want)
		}
	}
}

// The replay of a wrong answer would show the right one.
func TestWriteHidesAnswer(t *testing.T) {
	r := result()
	r.Checks[1].Attempts[0].Asked = true
	var b strings.Builder
	Write(&b, r)
	if strings.Contains(b.String(), "replay:") {
		t.Errorf("the verdict replays to the answer:\n%s", b.String())
	}
}

func TestWrite(t *testing.T) {
	var b strings.Builder
	Write(&b, result())
	if b.String() != want {
		t.Errorf("verdict:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestPoints(t *testing.T) {
	for n, want := range map[int]string{0: "0", 5: "0.5", 10: "1", 251: "25.1", 1000: "100"} {
		if got := Points(n); got != want {
			t.Errorf("Points(%d) = %s, want %s", n, got, want)
		}
	}
}
