package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const demo = `package demo

import "fmt"

type T[V any] struct{ v V }

func add(a, b int) int { return a + b }

func text(a int) string { return "a" + fmt.Sprint(a) }

func count(n int) (sum int) {
outer:
	for i := 0; i < n; i++ {
		if i == 3 {
			break outer
		}
		sum += i
	}
	return sum
}

func must(a int) int {
	if a > 0 {
		return a
	}
	panic("no")
}

func spin(n int) {
	for n > 0 {
		n--
	}
}

func (t *T[V]) set(v V) { t.v = v }

func useless(a int) {
	a += 0
}
`

const demoTest = `package demo

import (
	"runtime"
	"strings"
	"testing"
)

func Test(t *testing.T) {
	must(1)
	spin(2)
	var x T[int]
	x.set(4)
	if add(2, 1) != 3 || text(1) != "a1" || count(9) != 3 || count(2) != 1 || x.v != 4 {
		t.Fatal("wrong")
	}
}

func TestLines(t *testing.T) {
	defer func() {
		_ = recover()
	}()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("must(0) returns")
			}
			pc := make([]uintptr, 9)
			frames := runtime.CallersFrames(pc[:runtime.Callers(0, pc)])
			for f, more := frames.Next(); more; f, more = frames.Next() {
				if strings.HasSuffix(f.Function, "demo.must") && f.Line != 26 {
					t.Errorf("the unchanged line is numbered %d", f.Line)
				}
			}
		}()
		must(0)
	}()
}
`

// patience with the few lines of the demonstration.
const patience = 300 * time.Millisecond

func module(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	files["go.mod"] = "module example\n\ngo 1.26\n"
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func demoModule(t *testing.T, survivors string) string {
	return module(t, map[string]string{"demo/demo.go": demo, "demo/demo_test.go": demoTest, "demo/testdata/survivors.txt": survivors})
}

// TestOutcomes knows of each mutant of a small package what has to become of
// it.
func TestOutcomes(t *testing.T) {
	root := demoModule(t, "")
	p, err := load(root, target{dir: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.try(root, patience); err != nil {
		t.Fatal(err)
	}
	got := map[outcome][]string{}
	for _, m := range p.mutants {
		if loops := m.key() == "demo.go:31 ++ and -- swapped"; loops && !m.hung {
			t.Errorf("%s ends", m.key())
		}
		got[m.outcome] = append(got[m.outcome], m.key())
	}
	for o, want := range map[outcome][]string{
		killed: {"demo.go:7 + becomes -", "demo.go:13 < becomes <=", "demo.go:17 an assignment dropped", "demo.go:17 += becomes -=",
			"demo.go:14 3 becomes 4", "demo.go:23 the condition negated", "demo.go:23 0 becomes 1", "demo.go:31 ++ and -- swapped", "demo.go:35 an assignment dropped"},
		survived: {"demo.go:13 0 becomes 1", "demo.go:30 > becomes >=", "demo.go:38 += becomes ="},
		notBuilt: {"demo.go:9 + becomes -", "demo.go:15 break dropped", "demo.go:26 a call dropped"},
	} {
		for _, key := range want {
			if !slices.Contains(got[o], key) {
				t.Errorf("%s is not outcome %d; those are\n  %s", key, o, strings.Join(got[o], "\n  "))
			}
		}
	}
}

// TestReport looks at the table, the excuses and the reasons to fail.
func TestReport(t *testing.T) {
	root := demoModule(t, "")
	p, err := load(root, target{dir: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range p.mutants {
		if m.key() != "demo.go:38 += becomes =" {
			m.outcome = killed
		}
	}
	for _, tt := range []struct {
		name, survivors  string
		least            float64
		wantOut, wantErr string
	}{
		{"enough", "", 90, "demo/demo.go:38 += becomes = — SURVIVED", ""},
		{"too few", "", 99, "", "less than 99 % killed in demo"},
		{"an excuse", "# why\ndemo.go:38 += becomes = — adds nothing\n", 100, "demo/demo.go:38 += becomes = — excused: adds nothing", ""},
		{"an excuse for what is killed", "demo.go:7 + becomes - — no\n", 90, "demo ", "name no survivor"},
		{"an excuse for nothing", "demo.go:99 + becomes - — no\n", 90, "demo ", "name no survivor"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(root, "demo/testdata/survivors.txt")
			if err := os.WriteFile(path, []byte(tt.survivors), 0o644); err != nil {
				t.Fatal(err)
			}
			if p.allowed, err = readAllowed(path); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			err := options{least: tt.least}.report([]*pkg{p}, &out)
			if fmt.Sprint(err) != "<nil>" && tt.wantErr == "" || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("error %v, want %q", err, tt.wantErr)
			}
			if !strings.Contains(out.String(), tt.wantOut) {
				t.Errorf("want %q in\n%s", tt.wantOut, out.String())
			}
		})
	}
}

// TestNothingToDo: a listed package that is not there yet is said to be so, an
// excuse without a reason is refused.
func TestNothingToDo(t *testing.T) {
	var out strings.Builder
	if err := (options{root: t.TempDir()}).all([]target{{dir: "missing"}}, &out); err == nil || !strings.Contains(out.String(), "missing: nothing to change yet") {
		t.Errorf("error %v, %q", err, out.String())
	}
	if _, err := load(demoModule(t, "demo.go:7 + becomes -\n"), target{dir: "demo"}); err == nil || !strings.Contains(err.Error(), "survivors.txt:1: want") {
		t.Errorf("error %v", err)
	}
}

// TestBrokenTests: tests that fail anyway kill everything and prove nothing.
func TestBrokenTests(t *testing.T) {
	root := module(t, map[string]string{"demo/demo.go": demo, "demo/demo_test.go": strings.Replace(demoTest, "!= 3 ||", "!= 4 ||", 1)})
	err := options{root: root}.all([]target{{dir: "demo"}}, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "fail without any change") {
		t.Errorf("error %v", err)
	}
}

// TestNoTests: without tests nothing is killed.
func TestNoTests(t *testing.T) {
	err := options{root: module(t, map[string]string{"demo/demo.go": demo}), least: 1}.all([]target{{dir: "demo"}}, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "less than 1 % killed") {
		t.Errorf("error %v", err)
	}
}

// TestWovenParses weaves every package of the list and looks whether all
// bodies found their function.
func TestWovenParses(t *testing.T) {
	for _, target := range targets() {
		p, err := load("../../..", target)
		if err != nil {
			t.Fatal(err)
		}
		byFile := map[string]map[int]*mutant{}
		for i, m := range p.mutants {
			if byFile[m.file] == nil {
				byFile[m.file] = map[int]*mutant{}
			}
			byFile[m.file][i+1] = m
		}
		for name, list := range byFile {
			text, err := weave("/x/"+name, p.sources[name], list)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.ParseFile(token.NewFileSet(), name, text, 0); err != nil {
				t.Errorf("%s/%s: %v", target.dir, name, err)
			}
			for id, m := range list {
				if m.outcome != notBuilt && strings.Count(text, fmt.Sprintf("\ncase %d:\n", id)) != 1 {
					t.Errorf("%s/%s has no place", target.dir, m.key())
				}
			}
		}
	}
}

func TestSample(t *testing.T) {
	make := func() []*pkg {
		var out []*pkg
		for _, dir := range []string{"a", "b"} {
			p := &pkg{target: target{dir: dir}}
			for i := range 50 {
				p.mutants = append(p.mutants, &mutant{file: "f.go", line: fmt.Sprint(i), change: "x"})
			}
			out = append(out, p)
		}
		return out
	}
	names := func(list []*pkg) (out []string) {
		for _, p := range list {
			for _, m := range p.mutants {
				out = append(out, p.dir+m.key())
			}
		}
		return out
	}
	one, two, all := make(), make(), make()
	sample(one, 10)
	sample(two, 20)
	sample(all, 1000)
	if len(names(one)) != 10 || len(names(two)) != 20 || len(names(all)) != 100 {
		t.Fatalf("%d, %d and %d of 100", len(names(one)), len(names(two)), len(names(all)))
	}
	for _, name := range names(one) {
		if !slices.Contains(names(two), name) {
			t.Errorf("%s is in the smaller sample only", name)
		}
	}
}

func TestOnly(t *testing.T) {
	p := &pkg{mutants: []*mutant{{file: "a.go", line: "1"}, {file: "b.go", line: "2"}, {file: "c.go", line: "3"}, {file: "a.go", line: "4"}}}
	only([]*pkg{p}, []string{"a.go", "c.go"})
	var lines []string
	for _, m := range p.mutants {
		lines = append(lines, m.line)
	}
	if got := strings.Join(lines, " "); got != "1 3 4" {
		t.Errorf("lines %s are left", got)
	}
}
