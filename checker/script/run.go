package script

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"bothhalves/labs/lab"
)

// A Runner runs the checks of one task.
type Runner struct {
	Task       *Task
	Open       Opener
	Vocabulary Vocabulary
	Student    []byte // the .ks or .answer file
	FirstOnly  bool   // stop at the first attempt that fails
	// Begin is called in front of every attempt, for progress and for a
	// watchdog; it may be nil.
	Begin func(check string, a *Attempt)
	// Learned collects what the machine says to each answer KEY, by shape.
	Learned map[string]string
	// LearnAll takes every answer for right, so that all are learned.
	LearnAll bool

	dir string
}

// Check runs one check over its shapes and seeds and returns its result,
// without points.
func (r *Runner) Check(i int) CheckResult {
	c := &r.Task.Checks[i]
	res := CheckResult{Name: c.Name, Status: Passed, Why: c.Why, See: c.See}
	if res.See == "" {
		res.See = r.Task.Chapter
	}
	for _, s := range r.Task.Shapes {
		if a := r.shape(c, s); a != nil {
			res.Status = worse(res.Status, a.Status)
			res.Attempts = append(res.Attempts, *a)
			if r.FirstOnly {
				break
			}
		}
	}
	return res
}

func worse(a, b Status) Status {
	if a == Passed || a == NotRun && b == Failed {
		return b
	}
	return a
}

// shape runs a check on one shape, under every seed if it asks for that, and
// returns the first attempt that did not pass.
func (r *Runner) shape(c *Check, s Shape) *Attempt {
	seeds := []uint64{1}
	if n, err := strconv.ParseUint(s.Get("seed"), 10, 64); err == nil {
		seeds[0] = n
	}
	if c.Seeds {
		seeds = seeds[:0]
		for n := r.Task.Seeds.First; n <= r.Task.Seeds.Last; n++ {
			seeds = append(seeds, n)
		}
	}
	for _, seed := range seeds {
		if a := r.attempt(c, s.With("seed", strconv.FormatUint(seed, 10)), seed); a.Status != Passed {
			return a
		}
	}
	return nil
}

// attempt runs a check once, or, where it cuts, once for each cut point.
func (r *Runner) attempt(c *Check, s Shape, seed uint64) *Attempt {
	first := &cutting{}
	a := r.play(c, s, seed, first)
	if !first.all {
		return a
	}
	if first.found == 0 {
		a.Status = Failed
		if a.Message == "" {
			a.Message = "nothing runs after the cut: there is no point to cut at"
		}
		return a
	}
	for k := 1; k <= first.found; k++ {
		if a = r.play(c, s, seed, &cutting{point: k}); a.Status != Passed {
			return a
		}
	}
	return a
}

// play runs the script of one check from its own boot.
func (r *Runner) play(c *Check, s Shape, seed uint64, cut *cutting) *Attempt {
	a := &Attempt{Status: NotRun, Shape: s.String(), Seed: seed}
	if r.Begin != nil {
		r.Begin(c.Name, a)
	}
	lab.Forget()
	h := &host{run: r, att: a, cut: cut}
	defer h.close()
	own, err := h.open(Own)
	if err != nil {
		a.Status, a.Message = Broken, err.Error()
		return a
	}
	h.own = own
	t := &quietT{}
	file, err := r.write(c)
	if err != nil {
		a.Status, a.Message = Broken, err.Error()
		return a
	}
	runScript(t, testscript.Params{
		Files: []string{file},
		Cmds:  h.commands(),
		Setup: func(e *testscript.Env) error { return setup(e, s) },
	})
	r.settle(h, t, file)
	return a
}

// settle turns the end of the script into the attempt's status.
func (r *Runner) settle(h *host, t *quietT, file string) {
	a := h.att
	a.Line, a.Message = failLine(t.log.String(), file, a.Message)
	switch {
	case a.Status == Broken:
	case t.failed:
		a.Status = Failed
		if h.cut != nil {
			a.Cut = h.cut.point
		}
		r.diverge(h)
	case h.ended:
		*a = Attempt{Status: Passed, Shape: a.Shape, Seed: a.Seed}
	}
}

// setup gives the script the shape's variables and nothing of the host.
func setup(e *testscript.Env, s Shape) error {
	e.Setenv("PATH", "")
	for _, v := range s {
		e.Setenv(strings.ToUpper(v.Name), v.Value)
	}
	return nil
}

// write stores the script of one check, at the lines it has in the task's
// file, under a name that nobody can guess.
func (r *Runner) write(c *Check) (string, error) {
	if r.dir == "" {
		dir, err := os.MkdirTemp("", "bothhalves-check-")
		if err != nil {
			return "", err
		}
		r.dir = dir
	}
	text := strings.Repeat("\n", c.Line) + strings.Join(c.Body, "\n") + "\n" + checkEnd + "\n"
	a := &txtar.Archive{Comment: []byte(text), Files: r.Task.Files}
	file := filepath.Join(r.dir, r.Task.ID+".txtar")
	return file, os.WriteFile(file, txtar.Format(a), 0o600)
}

// Close removes what the runner wrote.
func (r *Runner) Close() {
	if r.dir != "" {
		os.RemoveAll(r.dir)
		r.dir = ""
	}
}

// learn keeps what the machine says to a question and tells whether that is
// all that is asked for.
func (r *Runner) learn(key, value string) bool {
	if r.Learned != nil {
		if _, ok := r.Learned[key]; !ok {
			r.Learned[key] = oneLine(value)
		}
	}
	return r.LearnAll
}

var failForm = regexp.MustCompile(`:(\d+): `)

// failLine finds the line that testscript says a script failed at, and its
// words where the host has none of its own.
func failLine(log, file, message string) (int, string) {
	_, rest, ok := strings.Cut(log, "FAIL: "+file)
	if !ok {
		return 0, message
	}
	m := failForm.FindStringSubmatchIndex(rest)
	if m == nil || m[0] != 0 {
		return 0, message
	}
	line, _ := strconv.Atoi(rest[m[2]:m[3]])
	if message == "" {
		message = strings.TrimSpace(rest[m[1]:])
	}
	return line, clip(message)
}

// quietT is the T that testscript reports to.
type quietT struct {
	log    strings.Builder
	failed bool
}

// stopScript ends a script from within.
type stopScript struct{}

func runScript(t *quietT, p testscript.Params) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(stopScript); !ok {
				panic(r)
			}
		}
	}()
	testscript.RunT(t, p)
}

func (t *quietT) Skip(args ...any)  { panic(stopScript{}) }
func (t *quietT) Fatal(args ...any) { t.Log(args...); t.FailNow() }
func (t *quietT) Parallel()         {}
func (t *quietT) Log(args ...any)   { fmt.Fprintln(&t.log, args...) }
func (t *quietT) Verbose() bool     { return false }
func (t *quietT) FailNow()          { t.failed = true; panic(stopScript{}) }
func (t *quietT) Run(name string, f func(testscript.T)) {
	f(t)
}
