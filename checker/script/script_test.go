package script_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/checker/script"
)

const header = `# Task: Count
# Kind: fix   Size: S   Minutes: 5   Chapter: percpu#counting
# Shapes: cpus=1; cpus=2 seed=7
# Imports: bothhalves/labs/lab(TODO) fmt
#
`

const hints = "-- hint-1 --\na?\n-- hint-2 --\nb.\n-- hint-3 --\nc!\n"

// task wraps bodies into checks named a, b, c, …
func task(bodies ...string) string {
	var b strings.Builder
	b.WriteString(header)
	for i, body := range bodies {
		b.WriteString("# Check: check " + string(rune('a'+i)) + " (weight 2)\n# Why: because\n" + body + "\n")
	}
	return b.String() + hints
}

// deep is a series of hints of its own.
func deep(n int) (files string) {
	for i := range n {
		files += fmt.Sprintf("-- hint-deep-%d --\ndeep %[1]d\n", i+1)
	}
	return files
}

func parse(t *testing.T, text string) *script.Task {
	t.Helper()
	task, err := script.Parse("lab", "lab-count", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestParse(t *testing.T) {
	got := parse(t, strings.Replace(task("boot\nget\nexpect n=0"), "because", "because\n#    it must", 1))
	if got.Title != "Count" || got.Kind != script.Fix || got.Size != "S" || got.Minutes != 5 || got.Chapter != "percpu#counting" {
		t.Errorf("header: %+v", got)
	}
	if len(got.Shapes) != 2 || got.Shapes[1].String() != "cpus=2 seed=7" {
		t.Errorf("shapes: %v", got.Shapes)
	}
	if len(got.Imports) != 2 || got.Imports[0].Names[0] != "TODO" || got.Imports[1].Path != "fmt" {
		t.Errorf("imports: %v", got.Imports)
	}
	c := got.Checks[0]
	if c.Name != "check a" || c.Weight != 2 || c.Why != "because it must" || c.Line != 6 {
		t.Errorf("check: %+v", c)
	}
	if c.Body[2] != "boot" { // behind two lines of reason
		t.Errorf("body %q is not where it stands in the file", c.Body)
	}
	if len(got.Hints) != 3 || got.File() != "lab_count.go" {
		t.Errorf("hints %q, file %s", got.Hints, got.File())
	}
}

// TestHintsFor: a check has the hints that it names, another the task's.
func TestHintsFor(t *testing.T) {
	got := parse(t, strings.Replace(task("boot", "boot"), "because\n", "because\n# Hints: deep\n", 1)+deep(3))
	if name, hints := got.HintsFor(&got.Checks[0]); name != "lab/lab-count deep" || strings.Join(hints, " ") != "deep 1 deep 2 deep 3" {
		t.Errorf("%s: %q", name, hints)
	}
	if name, hints := got.HintsFor(&got.Checks[1]); name != "lab/lab-count" || strings.Join(hints, " ") != "a? b. c!" {
		t.Errorf("%s: %q", name, hints)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"unknown header", "# Colour: red\n", "unknown header"},
		{"no colon", "# Task\n", "want KEY: VALUE"},
		{"early command", "# Task: x\nboot\n", "in front of the first check"},
		{"no weight", "# Task: x\n# Check: a\n", "want Check: NAME (weight N)"},
		{"weight 0", "# Check: a (weight 0)\n", "want 1 to 100"},
		{"twice", "# Check: a (weight 1)\n# Check: a (weight 1)\n", "two checks"},
		{"shape", "# Shapes: cpus\n", "want name=value"},
		{"shape twice", "# Shapes: a=1 a=2\n", "stands twice"},
		{"seeds", "# Seeds: 9..1\n", "want FIRST..LAST"},
		{"minutes", "# Minutes: long\n", "not a number"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := script.Parse("lab", "lab-x", []byte(tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "lab-x.txtar:") {
				t.Errorf("error %v, want %q with file and line", err, tc.want)
			}
		})
	}
}

const good = "boot -cpus $CPUS\nget\nexpect n=0"

func TestLint(t *testing.T) {
	fine := task(good, good, good, good)
	if errs := script.Lint(parse(t, fine), vocabulary()); len(errs) != 0 {
		t.Fatalf("a good task: %v", errs)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"three checks", task(good, good, good), "3 checks: want 4 to 8"},
		{"grep proc", task(good, good, good, good+"\ngrep x /proc/interrupts"), "reads the host's file"},
		{"cmp sys", task(good, good, good, good+"\ncmp stdout /sys/kernel"), "reads the host's file"},
		{"exists dev", task(good, good, good, good+"\n! exists /dev"), "reads the host's file"},
		{"exec", task(good, good, good, good+"\nexec ls"), "acts on the host"},
		{"condition", task(good, good, good, good+"\n[linux] get"), "runs the same everywhere"},
		{"unknown", task(good, good, good, good+"\nbooot"), "no such command"},
		{"no boot", task(good, good, good, "get\nexpect n"), "its own boot"},
		{"no verdict", task(good, good, good, "boot\nget"), "cannot fail"},
		{"variable", task(good, good, good, good+"\nadd $NODES"), "no shape sets it"},
		{"quoted variable is none", strings.Replace(task(good, good, good, good), "expect n=0", "expect 'n$'", 1), ""},
		{"seeds", strings.Replace(fine, "(weight 2)", "(weight 2, seeds)", 1), "Seeds:"},
		{"hints", strings.Replace(fine, "hint-3", "notes", 1), "2 hints"},
		{"series", strings.Replace(fine, "because\n", "because\n# Hints: deep\n", 1), "no hint-deep-1"},
		{"series of two", strings.Replace(fine, "because\n", "because\n# Hints: deep\n", 1) + deep(2), "2 hints called deep"},
		{"series of three", strings.Replace(fine, "because\n", "because\n# Hints: deep\n", 1) + deep(3), ""},
		{"series for no check", fine + deep(3), "no check says Hints: deep"},
		{"chapter", strings.Replace(fine, "percpu#counting", "percpu", 1), "PAGE#ANCHOR"},
		{"why", strings.Replace(fine, "# Why: because\n", "", 1), "no Why"},
		{"size", strings.Replace(fine, "Size: S", "Size: XL", 1), "want S, M or L"},
		{"kind", strings.Replace(fine, "Kind: fix", "Kind: guess", 1), "Kind"},
		{"quote", task(good, good, good, good+"\nadd 'x"), "not closed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			errs := script.Lint(parse(t, tc.text), vocabulary())
			if tc.want == "" {
				if len(errs) > 0 {
					t.Errorf("%v", errs)
				}
				return
			}
			for _, err := range errs {
				if strings.Contains(err.Error(), tc.want) && strings.Contains(err.Error(), "lab-count.txtar:") {
					return
				}
			}
			t.Errorf("errors %v, want one with %q", errs, tc.want)
		})
	}
}

func TestLintIDs(t *testing.T) {
	for id, bad := range map[string]bool{
		"percpu-carve": false, "x": false, "a-linux": true, "a-test": true, "a-arm64": true,
		"a-wasip1": true, "Percpu": true, "a_b": true, "linux": false, "a-b-windows": true, "": true,
	} {
		task := parse(t, task(good, good, good, good))
		task.ID = id
		if errs := script.Lint(task, vocabulary()); (len(errs) > 0) != bad {
			t.Errorf("id %q: %v", id, errs)
		}
	}
}

// run plays a task and returns its checks.
func run(t *testing.T, text string, change func(*script.Runner)) []script.CheckResult {
	t.Helper()
	r := &script.Runner{Task: parse(t, text), Open: openFake, Vocabulary: vocabulary()}
	if change != nil {
		change(r)
	}
	defer r.Close()
	var out []script.CheckResult
	for i := range r.Task.Checks {
		out = append(out, r.Check(i))
	}
	return out
}

func part(own string) func(*script.Runner) {
	return func(r *script.Runner) {
		r.Open = func(p string) (script.Machine, error) {
			if p == script.Own {
				p = own
			}
			return openFake(p)
		}
	}
}

func TestChecksAreScoredAlone(t *testing.T) {
	got := run(t, task(
		"boot\nadd\nget\nexpect n=1",
		"boot\nadd\nget\nexpect n=7",
		"boot\ngap",
		"boot\ncrash",
		"boot\nrefuse",
		"boot\n! get",
		"boot\nadd\nget\nstdout n=3",
		"boot\nget\nexpect n=0\n",
	), nil)
	for i, want := range []struct {
		status  script.Status
		message string
		line    int
	}{
		{script.Passed, "", 0},
		{script.Failed, "not what was expected", 17},
		{script.Failed, "still to write: add one", 21},
		{script.Failed, "panic: out of ideas", 25},
		{script.Failed, "refuse: Invalid argument (EINVAL)", 29},
		{script.Failed, "get succeeded, and should have been refused", 33},
		{script.Failed, "no match for `n=3` found in stdout", 39},
		{script.Passed, "", 0},
	} {
		c := got[i]
		if c.Status != want.status {
			t.Errorf("%s: %s, want %s (%+v)", c.Name, c.Status, want.status, c.First())
			continue
		}
		if a := c.First(); a != nil && (a.Message != want.message || a.Line != want.line) {
			t.Errorf("%s: line %d %q, want line %d %q", c.Name, a.Line, a.Message, want.line, want.message)
		}
	}
	if a := got[1].First(); a.Want != "n=7" || a.Got != "n=1" || a.Shape != "cpus=1 seed=1" || len(got[1].Attempts) != 2 {
		t.Errorf("expected against actual: %+v", got[1])
	}
	if a := got[3].First(); a.Where != "" {
		t.Errorf("a stack without a student's file names %q", a.Where)
	}
}

func TestEndNotReachedIsNotPassed(t *testing.T) {
	got := run(t, task("boot\nstop\nget\nexpect n=0"), nil)
	if got[0].Status != script.NotRun {
		t.Errorf("a check that stopped early is %q, want not run", got[0].Status)
	}
}

func TestSeeds(t *testing.T) {
	text := strings.Replace(task("boot\nget\nexpect n=0$SEED"), "(weight 2)", "(weight 2, seeds)", 1)
	text = strings.Replace(text, "#\n", "# Seeds: 1..4\n", 1)
	seen := map[uint64]bool{}
	run(t, strings.Replace(text, "n=0$SEED", "n=0", 1), func(r *script.Runner) {
		r.Begin = func(_ string, a *script.Attempt) { seen[a.Seed] = true }
	})
	if len(seen) != 4 {
		t.Errorf("seeds %v, want 1 to 4", seen)
	}
	if a := run(t, text, nil)[0].First(); a == nil || a.Seed != 1 || a.Want != "n=01" {
		t.Errorf("the failing seed: %+v", a)
	}
}

func TestSameAsReference(t *testing.T) {
	text := task("boot\nadd\nsame-as-reference get\nadd\nsame-as-reference get")
	if c := run(t, text, nil)[0]; c.Status != script.Passed {
		t.Errorf("the reference against itself: %+v", c.First())
	}
	a := run(t, text, part("broken-add"))[0].First()
	if a == nil || a.Want != "n=1" || a.Got != "n=2" || a.Event != 2 || !strings.Contains(a.Differs, "add (broken)") {
		t.Errorf("difference: %+v", a)
	}
}

func TestCut(t *testing.T) {
	all := task("boot\ncut all event\nrun\nget\nexpect n=101")
	if c := run(t, all, nil)[0]; c.Status != script.Passed {
		t.Errorf("safe: %+v", c.First())
	}
	a := run(t, all, part("racy"))[0].First()
	if a == nil || !strings.HasPrefix(a.Message, "with event at decision point 1:") || a.Got != "n=1" {
		t.Errorf("racy: %+v", a)
	}
	if c := run(t, task("boot\ncut 2 event\nrun\nget\nexpect n=101"), nil)[0]; c.Status != script.Passed {
		t.Errorf("cut 2: %+v", c.First())
	}
	if c := run(t, task("boot\ncut all event\nget\nexpect n=0"), nil)[0]; c.Status == script.Passed {
		t.Error("a cut with no point to cut at passes")
	}
}

const answerHeader = "# Task: x\n# Kind: predict   Size: S   Minutes: 5   Chapter: a#b\n# Shapes: cpus=1\n"

func TestAnswer(t *testing.T) {
	text := answerHeader + "# Check: a (weight 1)\nboot\nadd\nget\nanswer n '^n=(\\d+)'\n"
	for answer, want := range map[string]script.Status{
		"n = 1\n": script.Passed, "n=0x1 # hex": script.Passed, "n = 2\n": script.Failed,
		"n =\n": script.Failed, "": script.Failed, "junk": script.Failed, "n=1\nn=1": script.Failed,
	} {
		got := run(t, text, func(r *script.Runner) { r.Student = []byte(answer) })[0]
		if got.Status != want {
			t.Errorf("%q: %s, want %s", answer, got.Status, want)
		}
		if a := got.First(); a != nil && strings.Contains(a.Want+a.Got+a.Message, "n = 1") {
			t.Errorf("%q: the report tells the answer: %+v", answer, a)
		}
	}
}

// TestAnswerSet: of a set neither the order nor the way of writing counts.
func TestAnswerSet(t *testing.T) {
	text := answerHeader + "# Check: a (weight 1)\nboot\nadd\nget\nanswer -set -like '0x01 0x02' n '^n=(\\d+)'\n"
	for answer, want := range map[string]string{
		"n = 1\n": "", "n = 0x1\n": "", "n = 0x01, 1\n": "", "n = 1,1\n": "",
		"n = 2 1\n": "n is not what the machine shows",
		"n = 1;2\n": "n is not written as asked",
		"n =\n":     "still to answer: n",
	} {
		got := ""
		if a := run(t, text, func(r *script.Runner) { r.Student = []byte(answer) })[0].First(); a != nil {
			got = a.Message
		}
		if got != want {
			t.Errorf("%q: %q, want %q", answer, got, want)
		}
	}
}

// TestAnswerLike: who writes an answer in a form that was not asked for is
// told so, and not that it is wrong.
func TestAnswerLike(t *testing.T) {
	text := answerHeader + "# Check: a (weight 1)\nboot\nadd\nget\nanswer -like 'n=1 n=2' line\nanswer -like 1 n '^n=(\\d+)'\n"
	for answer, want := range map[string]string{
		"line = n=1\nn = 1\n":     "",
		"line = N=1\nn = 0x1\n":   "",
		"line = n=1n=2\nn = 1\n":  "line is not written as asked",
		"line = n=2 n=1\nn = 1\n": "line is not what the machine shows",
		"line = n=1\nn = one\n":   "n is not a number",
		"line = n=1\nn = 2\n":     "n is not what the machine shows",
		"line = n=1\nn =\n":       "still to answer: n",
	} {
		got := ""
		if a := run(t, text, func(r *script.Runner) { r.Student = []byte(answer) })[0].First(); a != nil {
			got = a.Message
		}
		if got != want {
			t.Errorf("%q: %q, want %q", answer, got, want)
		}
	}
}

func TestScenario(t *testing.T) {
	text := strings.Replace(answerHeader, "predict", "write the scenario", 1) +
		"# Check: a (weight 1)\nboot\nagainst broken-add\n# Check: b (weight 1)\nboot\nonly-box lab-count.ks\nget\nexpect n=1\n"
	for _, tc := range []struct {
		file string
		a, b script.Status
	}{
		{"add\n! refuse # no\n", script.Failed, script.Failed},
		{"add\n", script.Failed, script.Passed},
		{"", script.Failed, script.Failed},
		{"# nothing\n", script.Failed, script.Failed},
		{"get; run", script.Failed, script.Failed},
		{"refuse", script.Failed, script.Failed},
	} {
		got := run(t, text, func(r *script.Runner) { r.Student = []byte(tc.file) })
		if got[0].Status != tc.a || got[1].Status != tc.b {
			t.Errorf("%q: %s %s, want %s %s", tc.file, got[0].Status, got[1].Status, tc.a, tc.b)
		}
	}
}

// TestOnlyBoxSaysWhy tells a verb that acts from outside from a slip.
func TestOnlyBoxSaysWhy(t *testing.T) {
	text := strings.Replace(answerHeader, "predict", "tune", 1) + "# Check: a (weight 1)\nboot\nonly-box lab-count.ks\nget\nexpect n=1\n"
	for file, want := range map[string]string{
		"add\nrun 1ms\n": "line 2: run acts on the machine from outside",
		"adddd\n":        "line 1: adddd is no command",
	} {
		got := run(t, text, func(r *script.Runner) { r.Student = []byte(file) })[0]
		if a := got.First(); a == nil || !strings.HasPrefix(a.Message, want) {
			t.Errorf("%q: %+v, want %q", file, a, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(task(good, good, good, good))
	f.Add(header + "# Check: (weight 1)\n'")
	f.Add("#    Shapes: ;\n-- hint-1 --\n")
	f.Fuzz(func(t *testing.T, text string) {
		task, err := script.Parse("lab", "lab-fuzz", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "lab-fuzz.txtar:") {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		script.Lint(task, vocabulary())
		lines := strings.Count(text, "\n") + 1
		for _, c := range task.Checks {
			if c.Line < 1 || c.Line+len(c.Body) > lines+1 {
				t.Errorf("check %q spans lines %d to %d of %d", c.Name, c.Line, c.Line+len(c.Body), lines)
			}
		}
	})
}

func TestStudentLine(t *testing.T) {
	for stack, want := range map[string]string{
		"goroutine 7 [running]:\nruntime/debug.Stack()\n\t/go/src/x.go:5\nbothhalves/labs/percpu.(*areas).Offset(0x1, 0x2)\n\t/home/me/labs/percpu/percpu_carve.go:41 +0x1b\n": "percpu_carve.go:41 ((*areas).Offset)",
		"Call Trace:\n <TASK>\n => percpu.SetupAreas  labs/percpu/percpu_carve.go:12\n":                                                                                        "percpu_carve.go:12 (SetupAreas)",
		"bothhalves/labs/percpu.spin()\n\t/home/me/labs/percpu/percpu_carve.go:1 +0x1b\n":                                                                                      "percpu_carve.go (spin)", // an empty loop
		"main.main()\n\t/home/me/main.go:3\n": "",
		"":                                    "",
	} {
		if got := script.StudentLine(stack, "percpu_carve.go"); got != want {
			t.Errorf("%q: %q, want %q", stack, got, want)
		}
	}
}
