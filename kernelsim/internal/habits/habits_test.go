package habits

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

// rules are small rules for small trees.
func rules(t *testing.T) Rules {
	t.Helper()
	order, err := ParseLattice("NONE < low < high, cmd/host; NONE < other;")
	if err != nil {
		t.Fatal(err)
	}
	return Rules{
		Order:     order,
		Hosts:     []string{"cmd"},
		Forbidden: map[string]string{"os": "ask the host", "sync": "there is one thread"},
		Only:      map[string][]string{"time": {"Duration", "Second"}},
		Makers:    []string{"errors.New", "low."},
		State:     []string{"low.registry"},
		MaxFile:   60, MaxFunc: 12, P90Func: 10,
	}
}

// newLoader is NewLoader where the standard library's source can be read.
func newLoader(t *testing.T) *Loader {
	t.Helper()
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("type-checks the standard library's source: run it natively")
	}
	return NewLoader()
}

// checked returns the findings for one file beside a small low package.
func checked(t *testing.T, l *Loader, name, src string) []string {
	t.Helper()
	tree, err := l.Load(fstest.MapFS{
		"low/low.go": {Data: []byte("// Package low is low.\npackage low\n\nvar registry []int\n\n" +
			"// A Var is a slot.\ntype Var *int\n\n// New makes one.\nfunc New() Var { registry = append(registry, 1); return nil }\n\n" +
			"// Table is constant in all but name.\nvar Table = [2]int{1, 2}\n")},
		name: {Data: []byte(src)},
	}, "mod/sim")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range Check(tree, rules(t)) {
		out = append(out, f.String())
	}
	return out
}

func TestCheckRejects(t *testing.T) {
	l := newLoader(t)
	tests := []struct {
		name, file, src string
		want            string // of the finding
	}{
		{"forbidden import", "high/a.go", "import _ \"os\"", "high/a.go:2: import of os: ask the host"},
		{"its child", "high/a.go", "import _ \"sync/atomic\"", "import of sync/atomic: there is one thread"},
		{"dependency", "high/a.go", "import _ \"github.com/x/y\"", "import of github.com/x/y: the standard library is enough"},
		{"above", "high/a.go", "import _ \"mod/site\"", "import of mod/site: the simulator knows nobody"},
		{"upward", "other/a.go", "import _ \"mod/sim/low\"", "other imports low against the import order"},
		{"unplaced", "new/a.go", "", "new/a.go:1: package new has no place in the import order: add it"},
		{"clock", "high/a.go", "import \"time\"\nvar _ = time.Now()", "high/a.go:3: use of time.Now: of package time use only Duration, Second"},
		{"go", "high/a.go", "func f() { go f() }", "high/a.go:2: go statement: make it a task"},
		{"select", "high/a.go", "func f() {\n\tselect {}\n}", "high/a.go:3: select statement"},
		{"map range", "high/a.go", "func f(m map[int]int) {\n\tfor range m {\n\t}\n}", "high/a.go:3: range over a map: write for range slices.Sorted"},
		{"named map", "high/a.go", "type set map[int]bool\n\nfunc f(m set) {\n\tfor range m {\n\t}\n}", "range over a map"},
		{"map in host", "cmd/host/a.go", "func f(m map[int]int) {\n\tfor range m {\n\t}\n}", "range over a map"},
		{"map iterator", "high/a.go", "import \"maps\"\nfunc f(m map[int]int) {\n\tfor range maps.Keys(m) {\n\t}\n}", "maps.Keys in map order"},
		{"collected", "high/a.go", "import (\"maps\"; \"slices\")\nfunc f(m map[int]int) []int { return slices.Collect(maps.Values(m)) }", "maps.Values in map order"},
		{"counter", "high/a.go", "var n int\n\nfunc f() { n++ }", "high/a.go:2: package variable n is changed at high/a.go:4"},
		{"assigned", "high/a.go", "var n int\n\nfunc f() { n = 1 }", "variable n is changed"},
		{"init", "high/a.go", "var n int\n\nfunc init() { n = 1 }", "variable n is changed"},
		{"element", "high/a.go", "var n = []int{1}\n\nfunc f() { (n)[0] = 1 }", "variable n is changed"},
		{"field", "high/a.go", "var n struct{ a [2]int }\n\nfunc f() { n.a[1] = 1 }", "variable n is changed"},
		{"map", "high/a.go", "var n = map[int]int{}\n\nfunc f() { delete(n, 1) }", "variable n is changed"},
		{"address", "high/a.go", "var n int\n\nfunc f() *int { return &n }", "variable n is changed"},
		{"method", "high/a.go", "import \"strings\"\nvar b strings.Builder\n\nfunc f() { b.Reset() }", "variable b is changed"},
		{"range target", "high/a.go", "var n int\n\nfunc f() {\n\tfor n = range 3 {\n\t}\n}", "variable n is changed"},
		{"another's", "high/a.go", "import \"mod/sim/low\"\nfunc f() { low.Table[0] = 1 }", "low/low.go:13: package variable Table is changed at high/a.go:3"},
		{"pointer", "high/a.go", "var p = new(int)", "variable p holds a pointer"},
		{"error's field", "high/a.go", "type e struct{ n int }\n\nfunc (*e) Error() string { return \"\" }\n\nvar errE = &e{1}\n\nfunc f() { errE.n = 2 }", "variable errE is changed"},
		{"channel", "high/a.go", "var c = make(chan int)", "variable c holds a channel"},
		{"interface", "high/a.go", "var x any = 1", "variable x holds an interface"},
		{"long file", "high/a.go", strings.Repeat("\n", 60), "file has 61 lines, more than 60"},
		{"long test", "high/a_test.go", strings.Repeat("\n", 60), "file has 61 lines, more than 60"},
		{"long function", "high/a.go", "func f() {\n" + strings.Repeat("\n", 11) + "}\n" + strings.Repeat("func _() {}\n", 9), "function f has 13 lines, more than 12"},
		{"long functions", "high/a.go", strings.Repeat("func _() {\n"+strings.Repeat("\n", 9)+"}\n", 2), "one function in ten has 11 lines"},
		{"function", "high/a.go", "func F() {}", "exported name F has no comment"},
		{"type", "high/a.go", "type T int", "exported name T has no comment"},
		{"type in group", "high/a.go", "// Types.\ntype (\n\tT int\n)", "exported name T has no comment"},
		{"const", "high/a.go", "const C = 1", "exported name C has no comment"},
		{"method", "high/a.go", "// T is.\ntype T[P any] int\nfunc (t *T[P]) M() {}", "exported name M has no comment"},
	}
	for _, tt := range tests {
		dir := tt.file[:strings.LastIndex(tt.file, "/")]
		name := dir[strings.LastIndex(dir, "/")+1:]
		got := checked(t, l, tt.file, "package "+name+"\n"+tt.src)
		if len(got) != 1 || !strings.Contains(got[0], tt.want) {
			t.Errorf("%s: findings %q, want one with %q", tt.name, got, tt.want)
		}
	}
}

func TestCheckAccepts(t *testing.T) {
	l := newLoader(t)
	tests := []struct{ name, file, src string }{
		{"downward", "high/a.go", "import _ \"mod/sim/low\""},
		{"duration", "high/a.go", "import \"time\"\nconst c time.Duration = time.Second"},
		{"sorted keys", "high/a.go", "import (\"maps\"; \"slices\")\nfunc f(m map[int]int) {\n\tfor range slices.Sorted(maps.Keys(m)) {\n\t}\n}"},
		{"slice", "high/a.go", "func f(s []int) {\n\tfor range s {\n\t}\n}"},
		{"host", "cmd/host/a.go", "import (\"os\"; \"time\")\nfunc f() {\n\tgo f()\n\tselect {}\n}\nvar _ = time.Now\nvar _ = os.Args"},
		{"host dependency", "cmd/host/a.go", "import _ \"github.com/x/y\""},
		{"test", "high/a_test.go", "import _ \"os\"\nvar n int\nfunc F() {\n" + strings.Repeat("\n", 20) + "\tn++\n}"},
		{"table", "high/a.go", "var names = []string{\"a\"}\n\nfunc f() string { return names[0] }"},
		{"shadowed", "high/a.go", "var n = 1\n\nfunc f() {\n\tn := 2\n\tn++\n\t_ = n\n}"},
		{"error", "high/a.go", "import \"errors\"\nvar errX = errors.New(\"x\")"},
		{"error type", "high/a.go", "type e struct{ n int }\n\nfunc (*e) Error() string { return \"\" }\n\nvar errE = &e{1}"},
		{"declared", "high/a.go", "import \"mod/sim/low\"\nvar slot = low.New()"},
		{"assertion", "high/a.go", "var _ error = (*e)(nil)\n\ntype e struct{}\n\nfunc (*e) Error() string { return \"\" }"},
		{"value method", "high/a.go", "type s int\n\nfunc (s) m() {}\n\nvar v s\n\nfunc f() { v.m() }"},
		{"documented", "high/a.go", "// Numbers.\nconst (\n\tA = 1\n\tB = 2\n)\n\n// F does.\nfunc F() {}\n\ntype t int\n\nfunc (t) M() {}"},
	}
	for _, tt := range tests {
		dir := tt.file[:strings.LastIndex(tt.file, "/")]
		name := dir[strings.LastIndex(dir, "/")+1:]
		if got := checked(t, l, tt.file, "package "+name+"\n"+tt.src); len(got) != 0 {
			t.Errorf("%s: findings %q, want none", tt.name, got)
		}
	}
}

func TestLattice(t *testing.T) {
	l, err := ParseLattice(`
		# a comment; with punctuation, < inside
		NONE < a, b < GROUP;
		GROUP < c < d;
		b < e;
		c !< e;`)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, imported string
		want           bool
	}{
		{"c", "a", true}, {"d", "b", true}, {"d", "c", true}, {"e", "b", true},
		{"a", "b", false}, {"c", "d", false}, {"e", "a", false}, {"c", "c", false}, {"x", "a", false}, {"a", "x", false},
	}
	for _, tt := range tests {
		if got := l.Allows(tt.name, tt.imported); got != tt.want {
			t.Errorf("%s may import %s: %v, want %v", tt.name, tt.imported, got, tt.want)
		}
	}
	if !l.Knows("e") || l.Knows("x") {
		t.Error("Knows(e), Knows(x) are wrong")
	}
}

func TestLatticeRejects(t *testing.T) {
	tests := []struct{ text, want string }{
		{"NONE < a; a < b < a", "would import each other"},
		{"NONE < a < a", "would import each other"},
		{"a < b", `"a" stands on the left before it was placed`},
		{"NONE < a < b; a !< b", `"b" may import "a"`},
		{"NONE < a b", "a comma, < or ; is missing"},
		{"NONE", "no operator"},
		{"NONE <", "nothing stands after"},
		{"< a", "nothing stands before"},
		{"NONE < a < b; NONE < c < a", `"a" was already used below "b"`},
	}
	for _, tt := range tests {
		_, err := ParseLattice(tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %v, want one with %q", tt.text, err, tt.want)
		}
	}
}

func TestLoadSaysWhatDoesNotParse(t *testing.T) {
	_, err := NewLoader().Load(fstest.MapFS{"a/a.go": {Data: []byte("package a\nfunc {")}}, "mod/sim")
	if err == nil || !strings.Contains(fmt.Sprint(err), "a/a.go:2") {
		t.Errorf("error %v, want one that names a/a.go:2", err)
	}
}
