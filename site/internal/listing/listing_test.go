package listing

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const source = `// Package demo.
package demo

import "fmt"

// Do does it.
func Do() {
	// First, say so.
	fmt.Println("a")
	if true {
		fmt.Println("b")

		fmt.Println("c")
	}

	// Then, stop.
	return
}

type (
	// A Kind is a kind.
	Kind int
)

var x = 1 // Marked alone.
`

func index(t *testing.T) *Index {
	return NewIndex(tree(t, map[string]string{
		"kernelsim/kernel/demo/a.go":      source,
		"kernelsim/kernel/demo/a_test.go": "package demo\n\nfunc OnlyInTests() {}\n",
		"kernelsim/hw/twin/t.go":          "package twin\n\nfunc F() {}\n",
		"kernelsim/kernel/twin/t.go":      "package twin\n\nfunc G() {}\n",
		"kernelsim/bad/bad.go":            "package bad\n\nfunc {\n",
		"labs/demo/a.go":                  "package demo\n\nfunc Do() int { return 1 }\n",
	}), "kernelsim", "labs")
}

func TestSymbol(t *testing.T) {
	tests := []struct{ symbol, want, wrong string }{
		{"demo.Do", "// Do does it.\nfunc Do() {", ""},
		{"kernel/demo.Do", "// Do does it.\nfunc Do() {", ""},
		{"labs/demo.Do", "func Do() int", ""},
		{"demo.Kind", "type (\n", ""},
		{"demo.x", "var x = 1", ""},
		{"hw/twin.F", "func F() {}", ""},
		{"twin.F", "", "kernelsim/hw/twin or kernelsim/kernel/twin"},
		{"demo.OnlyInTests", "", "declares no OnlyInTests"},
		{"demo.fmt", "", "declares no fmt"},
		{"demo", "", "package.Name"},
		{"damo.Do", "", "did you mean demo"},
		{"bad.F", "", "does not parse"},
	}
	x := index(t)
	for _, tt := range tests {
		cut, err := x.Symbol(tt.symbol, true)
		if tt.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%s: %v, want %q", tt.symbol, err, tt.wrong)
			}
			continue
		}
		if err != nil || !strings.HasPrefix(cut.Text, tt.want) {
			t.Errorf("%s: %v\n%s", tt.symbol, err, cut.Text)
		}
	}
}

func TestRegion(t *testing.T) {
	tests := []struct{ words, want, wrong string }{
		{"First, say", "// First, say so.\nfmt.Println(\"a\")\nif true {\n\tfmt.Println(\"b\")\n\n\tfmt.Println(\"c\")\n}\n", ""},
		{"Then, stop.", "// Then, stop.\nreturn\n", ""},
		{"A Kind", "// A Kind is a kind.\nKind int\n", ""},
		{"Marked alone", "var x = 1 // Marked alone.\n", ""},
		{"Fist, say", "", "did you mean First, say"},
		{"", "", "comments begin with"},
	}
	x := index(t)
	for _, tt := range tests {
		cut, err := x.Region("kernelsim/kernel/demo/a.go", tt.words)
		if tt.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%q: %v, want %q", tt.words, err, tt.wrong)
			}
			continue
		}
		if err != nil || cut.Text != tt.want {
			t.Errorf("%q: %v\n%s", tt.words, err, cut.Text)
		}
	}
	if _, err := x.Region("kernelsim/kernel/demo/no.go", "x"); err == nil {
		t.Error("a file that is not there has a region")
	}
	if _, err := x.SymbolRegion("demo.Kind", "First"); err == nil {
		t.Error("a comment outside the symbol is found")
	}
}

func TestForget(t *testing.T) {
	root := tree(t, map[string]string{"kernelsim/demo/a.go": "package demo\n\nfunc A() {}\n"})
	x := NewIndex(root, "kernelsim")
	if _, err := x.Symbol("demo.A", false); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "kernelsim/demo/a.go"), []byte("package demo\n\nfunc B() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	x.Forget("kernelsim/demo/a.go")
	if _, err := x.Symbol("demo.B", false); err != nil {
		t.Error(err)
	}
	if _, err := x.Symbol("demo.A", false); err == nil {
		t.Error("what is gone is still found")
	}
}
