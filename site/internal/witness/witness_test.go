package witness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func load(t *testing.T, files map[string]string) (*Data, error) {
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
	return Load(root, "book")
}

func TestBrokenIndexesAreNamed(t *testing.T) {
	for name, text := range map[string]string{
		"book/manuals.txt":               "\tsection first\n",
		"book/testdata/src-index.txt":    "no colon\n",
		"book/testdata/oracle/index.txt": "no title\n",
	} {
		if _, err := load(t, map[string]string{name: text}); err == nil || !strings.Contains(err.Error(), name+":1:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := load(t, nil); err != nil {
		t.Error("a book without witnesses:", err)
	}
}

func TestResolve(t *testing.T) {
	d, err := load(t, map[string]string{
		"book/manuals.txt":                "# c\n\nM: A manual\n\tOne | 1.2\n",
		"book/testdata/src-index.txt":     "# Linux 6.1.9. x\na/b.c: f@3 g@4\n",
		"book/testdata/oracle/s/r/file":   "one\n two \n",
		"book/testdata/oracle/index.txt":  "s: a scenario\n",
		"book/testdata/oracle/s/other/it": "x\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ kind, ref, pattern, want string }{
		{"src", "a/b.c:g", "", "a/b.c, line 4 in Linux 6.1.9"},
		{"src", "a/b.c", "", "a/b.c in Linux 6.1.9"},
		{"manual", "M, one", "", "A manual, section “One”"},
		{"manual", "M, 1.2", "", "A manual, section “One”"},
		{"manual", "M", "", "A manual"},
		{"oracle", "s/r/file", "t.o", "s/r/file two"},
		{"oracle", "s/r", "", "s/r a scenario"},
		{"oracle", "s/r", "x", ""},
		{"oracle", "../../../book/manuals.txt", "", ""},
		{"src", "a/b.c:h", "", ""},
		{"rumor", "x", "", ""},
	}
	for _, tt := range tests {
		n, err := d.Resolve(tt.kind, tt.ref, tt.pattern)
		if got := strings.TrimSpace(n.Where + " " + n.Text); (tt.want == "") != (err != nil) || err == nil && got != tt.want {
			t.Errorf("%s:%s %q: %q, %v; want %q", tt.kind, tt.ref, tt.pattern, got, err, tt.want)
		}
	}
}
