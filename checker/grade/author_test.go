package grade

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bothhalves/checker/internal/labs"
)

var update = flag.Bool("update", false, "rewrite what is made from the solutions: starters, hashes, signatures, kill tables")

// open reads the labs of this working tree.
func open(t *testing.T) *Course {
	t.Helper()
	c, err := Open(".")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eachLab runs a subtest for every lab of the tree.
func eachLab(t *testing.T, f func(t *testing.T, c *Course, l *Lab)) {
	c := open(t)
	for _, l := range c.Labs {
		t.Run(l.Name, func(t *testing.T) { f(t, c, l) })
	}
}

func TestLabsLint(t *testing.T) {
	eachLab(t, func(t *testing.T, c *Course, l *Lab) {
		for _, err := range Lint(l) {
			t.Errorf("%s: %v", l.Name, err)
		}
		for _, task := range l.Tasks {
			if size, err := Size(l, task); err != nil || size != task.Size {
				t.Errorf("%s says size %s; its solution measures %q (%v)", task.Name(), task.Size, size, err)
			}
		}
	})
}

// TestLabsStarters holds what is shipped to what the solutions make of it.
func TestLabsStarters(t *testing.T) {
	eachLab(t, func(t *testing.T, c *Course, l *Lab) {
		files, err := Starters(l)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			writeStarters(t, l, files)
			writeAnswers(t, c, l)
		}
		shipped, err := l.Shipped()
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range l.Tasks {
			name := task.File()
			have, err := l.Starter(task)
			if err != nil || !bytes.Equal(have, files[name]) {
				t.Errorf("testdata/starter/%s is not what the solution makes: go test ./checker/grade -run Labs -update (%v)", name, err)
			}
			hashes := shipped[name]
			if len(hashes) == 0 || hashes[0] != labs.Hash(files[name]) {
				t.Errorf("testdata/shipped.txt does not have %s as it is shipped now", name)
				continue
			}
			src, err := l.Student(task)
			if err != nil {
				t.Errorf("%v", err)
				continue
			}
			if h := labs.Hash(src); h != hashes[0] {
				for _, old := range hashes[1:] {
					if h == old {
						t.Errorf("%s in the tree is an earlier release's", name)
					}
				}
			}
		}
	})
}

// writeStarters stores the shipped files and puts them into the tree where
// nobody has started.
func writeStarters(t *testing.T, l *Lab, files map[string][]byte) {
	shipped, err := l.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	text, err := l.FormatShipped(files)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(l.Dir, "testdata", "starter")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, task := range l.Tasks {
		name := task.File()
		write(t, filepath.Join(dir, name), files[name])
		src, err := l.Student(task)
		untouched := err != nil
		for _, h := range shipped[name] {
			untouched = untouched || labs.Hash(src) == h
		}
		if untouched {
			write(t, filepath.Join(l.Dir, name), files[name])
		}
	}
	write(t, l.ShippedPath(), []byte(text))
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// read returns a file's text, "" if there is none.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// writeAnswers puts what the machine says into the solutions.
func writeAnswers(t *testing.T, c *Course, l *Lab) {
	for _, task := range l.Tasks {
		if task.Kind.Ext() != ".answer" {
			continue
		}
		answers, err := c.Answers(l, task)
		if err != nil {
			t.Fatal(err)
		}
		sol, err := l.Solution(task)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(sol), "\n")
		for i, line := range lines {
			key, _, ok := strings.Cut(line, " =")
			if value, known := answers[key]; ok && known {
				lines[i] = key + " = " + value
			}
		}
		write(t, filepath.Join(l.Dir, "testdata", "solution", task.File()), []byte(strings.Join(lines, "\n")))
	}
}

// TestLabsReadme holds the table in a lab's README to its tasks.
func TestLabsReadme(t *testing.T) {
	eachLab(t, func(t *testing.T, c *Course, l *Lab) {
		path := filepath.Join(l.Dir, "README.md")
		have := read(t, path)
		want, err := Readme(l, have)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			write(t, path, []byte(want))
			have = want
		}
		if have != want {
			t.Errorf("the table of tasks in labs/%s/README.md is stale: go test ./checker/grade -run Labs -update", l.Name)
		}
	})
}
