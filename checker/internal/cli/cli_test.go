package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bothhalves/checker/internal/labs"
)

// tree makes a working tree with one small lab; nothing in it is built.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	put(t, root, "go.mod", "module bothhalves\n")
	env := &Env{Out: new(bytes.Buffer), Err: new(bytes.Buffer), Dir: root, Now: time.Now}
	put(t, root, "labs/toy/README.md", "")
	if status := Main([]string{"new", "toy/toy-guess", "-kind", "predict"}, withLab(t, env)); status != ok {
		t.Fatal(env.Err)
	}
	os.Remove(filepath.Join(root, "labs/toy/testdata/toy-first.txtar"))
	put(t, root, "labs/toy/toy-guess.answer", "cpus =\n")
	put(t, root, "labs/toy/testdata/starter/toy-guess.answer", "cpus =\n")
	put(t, root, "labs/toy/testdata/shipped.txt", labs.Hash([]byte("cpus =\n"))+"  toy-guess.answer\n"+
		labs.Hash([]byte("older\n"))+"  toy-guess.answer\n")
	return root
}

// withLab gives the tree a first task, so that it counts as one with labs.
func withLab(t *testing.T, env *Env) *Env {
	put(t, env.Dir, "labs/toy/testdata/toy-first.txtar", "# Task: x\n# Kind: predict\n")
	return env
}

func put(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, root, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// run runs a command line in root.
func run(root string, args ...string) (status int, out, errs string) {
	var o, e bytes.Buffer
	now := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	status = Main(args, &Env{In: strings.NewReader(""), Out: &o, Err: &e, Dir: root, Now: func() time.Time { return now }})
	return status, o.String(), e.String()
}

func TestBadCommandLines(t *testing.T) {
	root := tree(t)
	for _, tc := range []struct {
		args   string
		status int
		want   string
	}{
		{"", usage, "usage: go run ./checker VERB"},
		{"chekc", usage, "did you mean check?"},
		{"check tyo", usage, "did you mean toy?"},
		{"check toy/toy-gess", usage, "did you mean toy-guess?"},
		{"check nothing-like-it", usage, "there are toy"},
		{"check a/b/c", usage, "want LAB or LAB/TASK"},
		{"check toy -wacth", usage, "did you mean watch?"},
		{"check toy extra", usage, "usage: checker check"},
		{"shell toy", usage, "which task of toy: "},
		{"shell toy/toy-guess -seed x", usage, "invalid value"},
		{"hint", usage, "usage: checker hint LAB/TASK"},
		{"reset", usage, "reset what?"},
		{"solution toy/none", usage, "no task"},
		{"new toy", usage, "want LAB/TASK"},
		{"new toy/x-linux", usage, "_linux"},
		{"new toy/x -kind gues", usage, "the kinds are"},
		{"new toy/toy-guess -kind predict", failed, "not overwritten"},
		{"agenda", failed, "comes with grading for credit"},
		{"handout -o x", failed, "comes with"},
		{"grade", failed, "comes with"},
		{"similar", failed, "comes with"},
		{"serve", failed, "comes with"},
		{"submit", failed, "comes with"},
		{"worker", failed, "comes with"},
	} {
		status, out, errs := run(root, strings.Fields(tc.args)...)
		if status != tc.status || !strings.Contains(errs, tc.want) || out != "" {
			t.Errorf("checker %s: status %d, %q %q; want %d and %q", tc.args, status, out, errs, tc.status, tc.want)
		}
	}
	if status, _, errs := run(t.TempDir(), "check"); status != failed || !strings.Contains(errs, "no working tree of the course") {
		t.Errorf("outside: %d %q", status, errs)
	}
}

func TestHelpNamesEveryVerb(t *testing.T) {
	_, out, _ := run(t.TempDir(), "help")
	for _, v := range verbs() {
		if !strings.Contains(out, v.name) || !strings.Contains(out, v.summary) {
			t.Errorf("help does not tell of %s", v.name)
		}
	}
}

func TestResetKeepsWhatWasThere(t *testing.T) {
	root := tree(t)
	put(t, root, "labs/toy/toy-guess.answer", "cpus = 4 # mine\n")
	status, out, errs := run(root, "reset", "toy/toy-guess")
	if status != ok || !strings.Contains(out, "yours is in .bothhalves/snapshots/toy/toy-guess.answer.2026-11-22T180000") {
		t.Fatalf("%d %q %q", status, out, errs)
	}
	if got := get(t, root, "labs/toy/toy-guess.answer"); got != "cpus =\n" {
		t.Errorf("the shipped file is not back: %q", got)
	}
	put(t, root, "labs/toy/toy-guess.answer", "cpus = 5\n")
	run(root, "reset", "toy/toy-guess") // in the same second
	if got := get(t, root, ".bothhalves/snapshots/toy/toy-guess.answer.2026-11-22T180000"); got != "cpus = 4 # mine\n" {
		t.Errorf("the first snapshot is now %q", got)
	}
	if got := get(t, root, ".bothhalves/snapshots/toy/toy-guess.answer.2026-11-22T180000-1"); got != "cpus = 5\n" {
		t.Errorf("the second snapshot is %q", got)
	}
	if _, out, _ := run(root, "reset", "-list"); strings.Count(out, "labs/toy/toy-guess.answer") != 2 {
		t.Errorf("reset -list: %q", out)
	}
	if status, out, _ := run(root, "reset", "toy/toy-guess"); status != ok || !strings.Contains(out, "is as shipped\n") {
		t.Errorf("reset of an untouched file: %d %q", status, out)
	}
	os.Remove(filepath.Join(root, "labs/toy/toy-guess.answer"))
	if status, _, errs := run(root, "reset", "toy/toy-guess"); status != ok {
		t.Errorf("reset of a file that is gone: %d %q", status, errs)
	}
}

func TestUpdateTouchesOnlyWhatWasNotStarted(t *testing.T) {
	root := tree(t)
	for _, tc := range []struct{ have, want, say string }{
		{"older\n", "cpus =\n", "follows this release"},
		{"cpus =\n", "cpus =\n", "untouched"},
		{"cpus = 4\n", "cpus = 4\n", "untouched"},
	} {
		put(t, root, "labs/toy/toy-guess.answer", tc.have)
		_, out, _ := run(root, "update")
		if got := get(t, root, "labs/toy/toy-guess.answer"); got != tc.want || !strings.Contains(out, tc.say) {
			t.Errorf("%q became %q (%q)", tc.have, got, out)
		}
	}
}

func TestUntouchedNeedsNoBuild(t *testing.T) {
	root := tree(t)
	status, out, errs := run(root, "check", "toy/toy-guess")
	if status != ok || out != "toy/toy-guess: not started: labs/toy/toy-guess.answer is as it was shipped\n" {
		t.Errorf("%d %q %q", status, out, errs)
	}
	status, out, _ = run(root, "check", "toy/toy-guess", "-json")
	if status != ok || !strings.Contains(out, `"status": "not started"`) {
		t.Errorf("%d %q", status, out)
	}
	for range 2 { // nothing is spent on it
		if _, out, errs := run(root, "hint", "toy/toy-guess"); !strings.Contains(out, "Hint 1 of 3:\nA question.") || strings.Contains(out, "For:") {
			t.Errorf("hint: %q %q", out, errs)
		}
	}
	if status, out, _ := run(root, "solution", "toy/toy-guess"); status != failed || !strings.Contains(out, "has not passed yet") {
		t.Errorf("solution: %d %q", status, out)
	}
	if status, out, _ := run(root, "solution", "toy/toy-guess", "-spoil"); status != ok || out != "cpus = 4\n" {
		t.Errorf("solution -spoil: %d %q", status, out)
	}
}

// TestNextHint: each series goes on for itself, and its last hint stays.
func TestNextHint(t *testing.T) {
	shown := map[string]int{"toy/a": 1}
	for i, want := range []struct {
		name string
		n    int
	}{{"toy/a", 1}, {"toy/a deep", 0}, {"toy/a", 2}, {"toy/a", 2}, {"toy/a deep", 1}} {
		if got := next(shown, want.name, 3); got != want.n {
			t.Errorf("%d: hint %d of %s, want %d", i, got, want.name, want.n)
		}
	}
}

func TestDoctor(t *testing.T) {
	status, out, errs := run(tree(t), "doctor")
	if status != ok || !strings.Contains(out, "ok  Go") || !strings.Contains(out, "1 labs") {
		t.Errorf("%d %q %q", status, out, errs)
	}
}

// TestNewPassesItsLint: the skeleton of every kind is a task at once.
func TestNewPassesItsLint(t *testing.T) {
	root := tree(t)
	for i, kind := range []string{"implement", "fix", "predict", "tune", "diagnose", "write the scenario"} {
		name := "toy/toy-new" + string(rune('a'+i))
		if status, out, errs := run(root, "new", name, "-kind", kind); status != ok || !strings.Contains(out, "wrote labs/toy/testdata/toy-new") {
			t.Errorf("new of kind %s: %d %q %q", kind, status, out, errs)
		}
	}
}
