package gate

import (
	"strings"
	"testing"

	"bothhalves/checker/script"
)

func TestCheck(t *testing.T) {
	allowed := []script.Import{{Path: "errors"}, {Path: "bothhalves/kernelsim/kernel/percpu", Names: []string{"Addr"}}}
	for _, tc := range []struct{ name, src, want string }{
		{"fine", `package p; import ("errors"; "bothhalves/kernelsim/kernel/percpu"); var e = errors.New; type a = percpu.Addr`, ""},
		{"gap", `package p; import "bothhalves/labs/lab"; func f() int { panic(lab.TODO("x")) }`, ""},
		{"forget", `package p; import "bothhalves/labs/lab"; func f() { lab.Forget() }`, "lab.Forget: of this package"},
		{"unsafe", `package p; import "unsafe"; var x unsafe.Pointer`, `x.go:1: import "unsafe"`},
		{"C", `package p; import "C"`, `import "C"`},
		{"default part", `package p; import "bothhalves/kernelsim/kernel/percpu/firstchunk"; var f = firstchunk.Setup`, "may import"},
		{"other name", `package p; import "bothhalves/kernelsim/kernel/percpu"; var f = percpu.Attach`, "percpu.Attach: of this package"},
		{"renamed", `package p; import q "bothhalves/kernelsim/kernel/percpu"; var f = q.Attach`, "q.Attach"},
		{"dot", `package p; import . "errors"`, "give the package its name"},
		{"linkname", "package p\n\n//go:linkname a b\nfunc a()", "x.go:3: //go:…"},
		{"build tag", "//go:build ignore\n\npackage p", "directives"},
		{"line", "package p\n//line y.go:7\n", "directives"},
		{"goroutine", `package p; func f() { go f() }`, "go statement"},
		{"select", `package p; func f() { select {} }`, "select statement"},
		{"init", `package p; func init() {}`, "func init"},
		{"values", `package p; import "errors"; type t int; var a, b, c = errors.New("x"), t(1), make([]int, 3); var f = func() { g() }; func g() {}`, ""},
		{"value calls", `package p; var a = g(); func g() int { return 1 }`, "g(…): a variable of the package"},
		{"value called in a literal", `package p; var a = []int{1, g()}; func g() int { return 1 }`, "g(…)"},
		{"value of a func", `package p; var a = func() int { for {} }()`, "func(…)"},
		{"value of a method", `package p; type t int; func (t) m() int { return 1 }; var a = t(0).m()`, "m(…)"},
		{"syntax", "package p\nfunc f( {}", "x.go:2:"},
		{"package", "package q", "package p"},
		{"huge", "package p //" + strings.Repeat("x", MaxBytes), "is not read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := Check("p", "x.go", []byte(tc.src), allowed)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}
