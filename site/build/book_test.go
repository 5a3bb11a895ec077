package build

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const chapterOne = "---\ntitle: One\n---\n\n# One\n\n## A\n\n```console\n$ boot\n$ add 2\n$ get\ntotal\n2\n```\n\nText with a [link](02-two.md#b).\n"

const chapterTwo = "# Two\n\n## B\n\n```go symbol=demo.Word doc=off\ntype Word[T any] struct{ v T }\n```\n\n```console\n$ boot\n$ add 5\n$ get\ntotal\n5\n```\n\nBack to [one](one#a), and {lab:demo/demo-carve}.\n"

func twoChapters(t testing.TB) *Builder {
	return testBook(t, map[string]string{"book/en/01-one.md": chapterOne, "book/en/02-two.md": chapterTwo})
}

func mustBuild(t testing.TB, b *Builder) *Site {
	t.Helper()
	site, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func TestBuild(t *testing.T) {
	site := mustBuild(t, twoChapters(t))
	for _, name := range []string{"index.html", "01-one.html", "02-two.html", "glossary.html", "verbs.html", "404.html",
		"lab-demo.html", "src-kernelsim-kernel-demo-demo.go.html", "assets/book.css", "assets/book.js", "assets/icon.svg"} {
		if site.Files[name] == nil {
			t.Errorf("the site has no %s", name)
		}
	}
	one := string(site.Files["01-one.html"])
	for _, want := range []string{`<h1>One</h1>`, "Chapter 1", `href="02-two.html#b"`, `rel="next" href="02-two.html"`} {
		if !strings.Contains(one, want) {
			t.Errorf("chapter one does not contain %s", want)
		}
	}
}

// edit1 replaces one thing in a file of the book.
func edit1(t *testing.T, b *Builder, file, old, new string) {
	t.Helper()
	full := filepath.Join(b.config.Root, file)
	data, err := os.ReadFile(full)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	write(t, full, strings.Replace(string(data), old, new, 1))
}

func TestOnlyTheTouchedChapterIsBuilt(t *testing.T) {
	b := twoChapters(t)
	mustBuild(t, b)
	ran := b.Ran()
	edit1(t, b, "book/en/01-one.md", "Text with", "More text with")
	site := mustBuild(t, b)
	if got := b.Rendered(); !slices.Equal(got, []string{"book/en/01-one.md"}) {
		t.Errorf("an edit in chapter one rendered %v", got)
	}
	if b.Ran() != ran {
		t.Errorf("an edit in the prose executed %d shell lines", b.Ran()-ran)
	}
	if !strings.Contains(string(site.Files["01-one.html"]), "More text with") {
		t.Error("the edit is not on the page")
	}
	edit1(t, b, "book/en/01-one.md", "$ add 2\n$ get\ntotal\n2", "$ add 3\n$ get\ntotal\n3")
	mustBuild(t, b)
	if got := b.Ran() - ran; got != 3 {
		t.Errorf("an edit in a session of three lines executed %d", got)
	}
}

func TestAChangedSourceReachesItsListing(t *testing.T) {
	b := twoChapters(t)
	mustBuild(t, b)
	edit1(t, b, "kernelsim/kernel/demo/demo.go", "struct{ v T }", "struct{ w T }")
	if _, err := b.Build(); err != nil {
		t.Fatal("a source is looked at again without being told:", err)
	}
	if err := b.Changed("kernelsim/kernel/demo/demo.go"); err != nil {
		t.Fatal(err)
	}
	_, err := b.Build()
	var ps Problems
	if !errors.As(err, &ps) || len(ps) != 1 || !ps[0].Drift || ps[0].File != "book/en/02-two.md" || ps[0].Line != 5 {
		t.Fatalf("want one drift at book/en/02-two.md:5, got %v", err)
	}
	if got := b.Rendered(); !slices.Equal(got, []string{"book/en/02-two.md"}) {
		t.Errorf("rendered %v", got)
	}
}

func TestUpdate(t *testing.T) {
	b := twoChapters(t)
	edit1(t, b, "book/en/01-one.md", "total\n2", "total\n99")
	edit1(t, b, "book/en/02-two.md", "struct{ v T }", "struct{}")
	if _, err := b.Build(); err == nil {
		t.Fatal("a drifted book builds")
	}
	changed, err := b.Update()
	if err != nil || !slices.Equal(changed, []string{"book/en/01-one.md", "book/en/02-two.md"}) {
		t.Fatalf("Update: %v, %v", changed, err)
	}
	mustBuild(t, b)
	for file, want := range map[string]string{"01-one.md": chapterOne, "02-two.md": chapterTwo} {
		if got, _ := os.ReadFile(filepath.Join(b.config.Root, "book/en", file)); string(got) != want {
			t.Errorf("%s after update:\n%s", file, got)
		}
	}
	if changed, err := b.Update(); err != nil || len(changed) != 0 {
		t.Errorf("a second update changes %v, %v", changed, err)
	}
}

func TestUpdateDoesNotRecordFailures(t *testing.T) {
	const src = "```console\n$ boot\n$ nonsense\n```\n"
	b := testBook(t, map[string]string{"book/en/01-one.md": src})
	if changed, err := b.Update(); err != nil || len(changed) != 0 {
		t.Errorf("update wrote a failure into %v, %v", changed, err)
	}
}

func TestLinks(t *testing.T) {
	tests := []struct{ link, want string }{
		{"02-two.md#b", ""},
		{"two#b", ""},
		{"two", ""},
		{"#a", ""},
		{"verbs#boot", ""},
		{"glossary#per-cpu-variable", ""},
		{"../../labs/demo/testdata/demo-carve.txtar", ""},
		{"https://kernel.org/x#y", ""},
		{"two#a", "two has nothing named a"},
		{"#b", "nothing named b"},
		{"verbs#boat", "nothing named boat (did you mean boot?)"},
		{"three", "leads nowhere"},
		{"../../labs", "leads nowhere"},
		{"glossary#per-cpu-varable", "did you mean per-cpu-variable?"},
	}
	for _, tt := range tests {
		b := twoChapters(t)
		edit1(t, b, "book/en/01-one.md", "02-two.md#b", tt.link)
		_, err := b.Build()
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.link, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "book/en/01-one.md:17: ")):
			t.Errorf("%s: got %v, want line 17 and %q", tt.link, err, tt.want)
		}
	}
}

func TestTasksLeadIntoTheBook(t *testing.T) {
	for chapter, want := range map[string]string{"one#a": "", "01-one#a": "", "one": "", "one#z": "01-one has nothing named z", "three#a": "not there"} {
		b := testBook(t, map[string]string{"book/en/01-one.md": "# One\n\n## A\n", "labs/demo/testdata/demo-carve.txtar": "# Task: T\n# Kind: fix   Chapter: " + chapter + "\n"})
		_, err := b.Build()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), "labs/demo/testdata/demo-carve.txtar:2: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", chapter, err, want)
		}
	}
}

func TestAHandoutsTableIsTheTableOfTasks(t *testing.T) {
	b := testBook(t, map[string]string{"labs/demo/README.md": "# Demo\n\n<!-- made -->\n| file | task |\n| --- | --- |\n| `demo_carve.go` | Carve |\n",
		"book/en/01-one.md": "# One\n\n{lab:demo/demo-carve}\n"})
	page := string(mustBuild(t, b).Files["lab-demo.html"])
	if !strings.Contains(page, `<tr id="task-demo-carve">`) || strings.Contains(page, "Tasks at a glance") || strings.Contains(page, "made") {
		t.Error(page)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	b := testBook(t, map[string]string{
		"book/en/01-one.md": "{fig:x}\n\n[a](b)\n\n{src:no.c}\n",
		"book/en/02-two.md": "```go symbol=no.No\n```\n",
	})
	_, err := b.Build()
	var ps Problems
	if !errors.As(err, &ps) || len(ps) != 4 || !strings.HasSuffix(err.Error(), "4 problems") {
		t.Fatalf("want four problems, got %v", err)
	}
	for i, at := range []int{1, 3, 5, 1} {
		if ps[i].Line != at {
			t.Errorf("problem %d is at line %d, want %d", i, ps[i].Line, at)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mine.html"), "mine")
	site := &Site{Files: map[string][]byte{"a.html": []byte("a"), "assets/x": []byte("x")}}
	if err := site.Write(dir); err != nil {
		t.Fatal(err)
	}
	if err := (&Site{Files: map[string][]byte{"b.html": []byte("b")}}).Write(dir); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, name := range []string{"a.html", "assets/x", "b.html", "mine.html"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			left = append(left, name)
		}
	}
	if !slices.Equal(left, []string{"b.html", "mine.html"}) {
		t.Errorf("left in the folder: %v", left)
	}
}

func BenchmarkSaveToPage(bench *testing.B) {
	b := twoChapters(bench)
	long := strings.Repeat("A paragraph of `prose` with a [link](02-two.md#b) and a note.{src:mm/percpu.c:pcpu_alloc}\n\n", 400)
	file := filepath.Join(b.config.Root, "book/en/01-one.md")
	mustBuild(bench, b)
	n := 0
	for bench.Loop() {
		n++
		write(bench, file, chapterOne+long+strings.Repeat("x", n%7)+"\n")
		mustBuild(bench, b)
	}
}
