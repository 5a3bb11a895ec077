package script

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/imports"
)

// A Vocabulary is what a linter must know of the simulator's shell.
type Vocabulary struct {
	Verbs []string // every verb of the shell
	Box   []string // those typed at the simulated machine's own prompt
}

// Lint returns what is wrong with a task, each with file and line, none when
// it may be shipped.
func Lint(t *Task, v Vocabulary) []error {
	l := &linter{task: t, vocabulary: v}
	l.id()
	l.head()
	l.checks()
	return l.errs
}

type linter struct {
	task       *Task
	vocabulary Vocabulary
	errs       []error
}

func (l *linter) bad(line int, format string, args ...any) {
	l.errs = append(l.errs, &SyntaxError{
		File: l.task.ID + ".txtar", Line: line, Msg: fmt.Sprintf(format, args...),
	})
}

var idForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// id refuses names that cannot be a Go file's, or that Go would leave out.
func (l *linter) id() {
	id := l.task.ID
	if !idForm.MatchString(id) {
		l.bad(1, "id %q: want lower-case words joined by -", id)
		return
	}
	last := id[strings.LastIndexByte(id, '-')+1:]
	if last != id && (last == "test" || last == "wasip1" || imports.KnownOS[last] || imports.KnownArch[last]) {
		l.bad(1, "id %q: Go leaves a file out whose name ends in _%s", id, last)
	}
}

func (l *linter) head() {
	t := l.task
	if t.Title == "" {
		l.bad(1, "no Task: line")
	}
	if !slices.Contains(Kinds(), t.Kind) {
		l.bad(1, "Kind %q: want one of %q", t.Kind, Kinds())
	}
	if !slices.Contains([]string{"S", "M", "L"}, t.Size) {
		l.bad(1, "Size %q: want S, M or L", t.Size)
	}
	if t.Minutes < 1 || t.Minutes > 180 {
		l.bad(1, "Minutes %d: want 1 to 180", t.Minutes)
	}
	if page, anchor, ok := strings.Cut(t.Chapter, "#"); !ok || page == "" || anchor == "" {
		l.bad(1, "Chapter %q: want PAGE#ANCHOR, where a failure sends its reader", t.Chapter)
	}
	if len(t.Shapes) == 0 {
		l.bad(1, "no Shapes: line")
	}
	if wantGo := t.Kind.Ext() == ".go"; wantGo != (len(t.Imports) > 0) {
		l.bad(1, "Imports: a Go task lists what its file may import, another has none")
	}
	l.hints()
}

// hints wants three in each series, and a check for each series.
func (l *linter) hints() {
	t := l.task
	if n := len(t.Hints); n != 3 {
		l.bad(1, "%d hints: want hint-1 (a question), hint-2 (a pointer), hint-3 (nearly the code)", n)
	}
	for _, s := range t.Series {
		if n := len(s.Hints); n != 3 {
			l.bad(1, "%d hints called %s: want hint-%[2]s-1, hint-%[2]s-2, hint-%[2]s-3", n, s.Name)
		}
		if !slices.ContainsFunc(t.Checks, func(c Check) bool { return c.Hints == s.Name }) {
			l.bad(1, "hint-%s-1: no check says Hints: %[1]s", s.Name)
		}
	}
}

func (l *linter) checks() {
	t := l.task
	if n := len(t.Checks); n < 4 || n > 8 {
		l.bad(1, "%d checks: want 4 to 8", n)
	}
	seeds := false
	for i := range t.Checks {
		l.check(&t.Checks[i])
		seeds = seeds || t.Checks[i].Seeds
	}
	if seeds != (t.Seeds.Len() > 0) {
		l.bad(1, "Seeds: a task with a (seeds) check states them, another does not")
	}
}

// verdicts are the commands by which a check can fail for a reason of its own.
var verdicts = []string{"expect", "same-as-reference", "answer", "against", "only-box", "quantile", "cmp", "stdout", "stderr"}

func (l *linter) check(c *Check) {
	if c.Why == "" {
		l.bad(c.Line, "check %q has no Why: line", c.Name)
	}
	if c.Hints != "" && !slices.ContainsFunc(l.task.Series, func(s HintSeries) bool { return s.Name == c.Hints }) {
		l.bad(c.Line, "Hints: %s: there is no hint-%[1]s-1", c.Hints)
	}
	first, judged := true, false
	for i, text := range c.Body {
		at := c.Line + 1 + i
		words, err := Words(text)
		if err != nil {
			l.bad(at, "%v", err)
			continue
		}
		if len(words) == 0 {
			continue
		}
		neg := words[0] == "!"
		if neg {
			words = words[1:]
		}
		if len(words) == 0 {
			l.bad(at, "! without a command")
			continue
		}
		if first && (neg || words[0] != "boot") {
			l.bad(at, "check %q starts with %q: every check starts from its own boot", c.Name, words[0])
		}
		first = false
		judged = judged || neg || slices.Contains(verdicts, words[0])
		l.command(at, words)
		l.variables(at, text)
	}
	if !judged {
		l.bad(c.Line, "check %q cannot fail: nothing in it is compared", c.Name)
	}
}

// builtins are testscript's own commands: they are looked up first, so a verb
// of the same name is never reached.
var builtins = strings.Fields("cd chmod cmp cmpenv cp env exec exists grep kill mkdir mv rm skip stderr stdin stdout stop symlink ttyin ttyout unix2dos unquote wait")

// allowed are those of testscript's own commands that a lab may use.
var allowed = []string{"cmp", "stdout", "stderr"}

func (l *linter) command(at int, words []string) {
	name := words[0]
	switch {
	case strings.HasPrefix(name, "["):
		l.bad(at, "condition %s: a task runs the same everywhere", name)
	case slices.Contains(builtins, name):
		l.builtin(at, words)
	case slices.Contains(hostCommands, name):
	case slices.Contains(l.vocabulary.Verbs, name):
	default:
		l.bad(at, "%s: no such command", name)
	}
}

func (l *linter) builtin(at int, words []string) {
	for _, w := range words[1:] {
		for _, dir := range []string{"/proc", "/sys", "/dev"} {
			if w == dir || strings.HasPrefix(w, dir+"/") {
				l.bad(at, "%s %s reads the host's file, not the machine's: write cat %s, then stdout or | grep", words[0], w, w)
				return
			}
		}
	}
	if !slices.Contains(allowed, words[0]) {
		l.bad(at, "%s is testscript's own command and acts on the host: a task may use only %q", words[0], allowed)
	}
}

var variable = regexp.MustCompile(`\$(?:\{([A-Za-z0-9_@]+)\}|([A-Za-z0-9_]+))`)

// variables refuses names that the shapes do not set, as testscript would
// take them for empty. Inside single quotes nothing is expanded.
func (l *linter) variables(at int, text string) {
	for i, part := range strings.Split(text, "'") {
		if i%2 == 1 {
			continue
		}
		for _, m := range variable.FindAllStringSubmatch(part, -1) {
			name := strings.TrimSuffix(m[1]+m[2], "@R")
			if !l.known(name) {
				l.bad(at, "$%s: no shape sets it", name)
			}
		}
	}
}

func (l *linter) known(name string) bool {
	if name == "SEED" || name == "WORK" {
		return true
	}
	for _, s := range l.task.Shapes {
		if s.Get(strings.ToLower(name)) == "" {
			return false
		}
	}
	return true
}
