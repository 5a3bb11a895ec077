package build

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/testutil"

	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/reg"
	"bothhalves/site/console"
	"bothhalves/site/internal/figure"
)

var update = flag.Bool("update", false, "rewrite the expected halves of testdata/*.txt")

// fake is a session with four commands of its own: boot, add N, get, and fail;
// fakeboard_test.go has those of a bare machine.
type fake struct {
	total int
	up    bool
	fakeBoard
}

func openFake() console.Session { return &fake{} }

func (f *fake) Close() {}

func (f *fake) Line(text string, out, errw io.Writer) error {
	words := strings.Fields(text)
	switch {
	case words[0] == "boot":
		f.total, f.up, f.fakeBoard = 0, true, fakeBoard{}
	case words[0] == "panic":
		panic("as asked")
	case !f.up:
		fmt.Fprintf(errw, "%s: no machine: type boot first\n", words[0])
		return errors.New("no machine")
	case words[0] == "add" && len(words) == 2:
		n := 0
		_, _ = fmt.Sscan(words[1], &n)
		f.total += n
	case words[0] == "get":
		fmt.Fprintf(out, "total\n%d\n", f.total)
	default:
		return f.fakeBoard.line(words, out)
	}
	return nil
}

// PercpuLayout implements Layouter.
func (f *fake) PercpuLayout() (percpu.Layout, error) {
	return percpu.Layout{Kind: "embed", Static: 6000, Reserved: 1000, Dynamic: 1192, UnitSize: 16384, AllocSize: 32768,
		Groups: []percpu.Group{{CPUs: []int{0, 1}}, {BaseOffset: 65536, CPUs: []int{2, percpu.EmptyUnit}}}}, nil
}

// Timeline implements Timeliner.
func (f *fake) Timeline() (figure.Timeline, error) {
	return figure.Timeline{To: 1000, Lanes: []figure.Lane{{Name: "CPU 0",
		Spans: []figure.Span{{Start: 0, End: 1000, Context: "task", Label: "worker"}, {Start: 400, End: 600, Context: "irq", Label: "timer", Depth: 1}},
		Marks: []figure.Mark{{At: 400, Label: "local_timer_entry"}}}}}, nil
}

// testBook is a repository in a temporary folder.
func testBook(t testing.TB, files map[string]string) *Builder {
	t.Helper()
	root := t.TempDir()
	all := map[string]string{
		"kernelsim/kernel/demo/demo.go":        demoSource,
		"book/manuals.txt":                     "SDM 3A: Volume 3A\n\tAPIC Timer | 10.5.4\n",
		"book/testdata/src-index.txt":          "# Linux 6.1.1. Made.\nmm/percpu.c: pcpu_alloc@7 pcpu_free@9\n",
		"book/testdata/oracle/boot/smp4/dmesg": "first\npercpu: Embedded 62 pages/cpu s217088\n",
		"book/testdata/oracle/index.txt":       "boot/smp4: a kernel boots on 4 CPUs\n",
		"labs/demo/testdata/demo-carve.txtar":  "# Task: Carve it\n# Kind: implement   Size: M   Minutes: 30   Chapter: glossary#per-cpu-variable\n#\n# Check: a\nboot\n",
		"book/en/glossary.md":                  "# Glossary\n\n## per-CPU variable\n\nA variable of which each CPU has its own. More.\n",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		write(t, filepath.Join(root, name), text)
	}
	layouts := map[string]figure.Bits{"entry": {Title: "entry", Width: 16, Layout: reg.Layout{reg.Number("vector", 7, 0), reg.Flag("masked", 15)}},
		"wide": {Title: "wide", Width: 128, Layout: reg.Layout{reg.Number("low", 15, 0), reg.Number("middle", 63, 48)}, Above: reg.Layout{reg.Number("high", 31, 0)}}}
	b, err := New(Config{Root: root, Open: openFake, Layouts: layouts, Verbs: []Verb{{Name: "boot", Group: "bench", Usage: "boot [-cpus N]", Summary: "starts it"},
		{Name: "cat", Group: "box", Usage: "cat PATH", Summary: "shows it", Detail: "One.\n\nTwo."}, {Name: "save", Group: "bench", Usage: "save FILE", Flags: [][2]string{{"-x", "y"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const demoSource = `package demo

// Inc models this_cpu_inc.
func (w Word[T]) Inc(c int) {
	// Charge after the access.
	c++

	_ = c
}

// A Word is a word.
type Word[T any] struct{ v T }

// The limits.
const (
	Low  = 1
	High = 2
)
`

// caseMarkdown renders a case as one page of the test book, its problems
// below it, so that goldmark's harness can run our cases.
type caseMarkdown struct {
	goldmark.Markdown
	builder *Builder
}

func (m caseMarkdown) Convert(src []byte, w io.Writer, _ ...parser.ParseOption) error {
	p := newPage(m.builder.env, "book/en/case.md", "case", src)
	p.build()
	_, err := io.WriteString(w, p.html)
	for _, problem := range p.problems {
		_, _ = fmt.Fprintln(w, "PROBLEM", problem.Error())
	}
	if len(p.edits) > 0 {
		_, _ = fmt.Fprintf(w, "UPDATED\n%s", p.apply())
	}
	return err
}

func newCases(t testing.TB) caseMarkdown {
	b := testBook(t, nil)
	files, err := b.chapters()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.register(files); err != nil {
		t.Fatal(err)
	}
	return caseMarkdown{b.env.md, b}
}

func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no case files in testdata", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			if *update {
				rewrite(t, f)
			}
			testutil.DoTestCaseFile(newCases(t), f, t)
		})
	}
}

// rewrite renders every case of a file anew.
func rewrite(t *testing.T, name string) {
	const half, end = "//- - - - - - - - -//\n", "//= = = = = = = = = = = = = = = = = = = = = = = =//\n"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, c := range strings.SplitAfter(string(data), end) {
		parts := strings.SplitN(c, half, 3)
		if len(parts) < 3 {
			out.WriteString(c)
			continue
		}
		var html bytes.Buffer
		if err := newCases(t).Convert([]byte(strings.TrimSuffix(parts[1], "\n")), &html); err != nil {
			t.Fatal(err)
		}
		out.WriteString(parts[0] + half + parts[1] + half + strings.TrimRight(html.String(), "\n") + "\n" + end)
	}
	if err := os.WriteFile(name, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
