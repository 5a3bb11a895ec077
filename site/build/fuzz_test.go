package build

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzMarkdown feeds the extensions with anything: they must not panic, must
// end, must keep every edit inside the source, and what they write must be
// balanced.
func FuzzMarkdown(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for i, part := range strings.Split(string(data), "//- - - - - - - - -//\n") {
			if i%2 == 1 {
				f.Add(part)
			}
		}
	}
	f.Add("# {=\n```go symbol=\n```predict\nanswer = from\n```figure sequence\nlanes:\ncaption:")
	m := newCases(f)
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 1<<14 {
			t.Skip()
		}
		p := newPage(m.builder.env, "book/en/case.md", "case", []byte(src))
		p.build()
		for _, e := range p.edits {
			if e.start < 0 || e.stop < e.start || e.stop > len(p.src) {
				t.Fatalf("an edit outside the source: %+v of %d", e, len(p.src))
			}
		}
		for _, w := range unbalanced(p.html) {
			t.Errorf("%s\n%s", w, p.html)
		}
		_, _ = io.WriteString(io.Discard, string(p.apply()))
	})
}
