package build

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"bothhalves/site/internal/near"
)

// labs are the labs of the repository as the book sees them: a hand-out and
// the headers of the task scripts.
type labs struct {
	root  string
	order []string
	byLab map[string][]task
}

// A task is the header of a task's script.
type task struct {
	Name, Title, Kind, Size, Minutes string

	Chapter string // page#anchor that the task is about
	File    string // of the script, and in it
	Line    int    // of Chapter
}

var headerField = regexp.MustCompile(`(\w+):\s+(\S+(?:\s+\S+)*?)(?:\s{2,}|$)`)

// loadLabs reads labs/*/testdata/*.txtar, headers only.
func loadLabs(root string) *labs {
	l := &labs{root: root, byLab: map[string][]task{}}
	scripts, _ := filepath.Glob(filepath.Join(root, "labs", "*", "testdata", "*.txtar"))
	for _, s := range scripts {
		data, err := os.ReadFile(s)
		if err != nil {
			continue
		}
		lab := filepath.Base(filepath.Dir(filepath.Dir(s)))
		if len(l.byLab[lab]) == 0 {
			l.order = append(l.order, lab)
		}
		t := parseTask(strings.TrimSuffix(filepath.Base(s), ".txtar"), string(data))
		t.File = path.Join("labs", lab, "testdata", t.Name+".txtar")
		l.byLab[lab] = append(l.byLab[lab], t)
	}
	return l
}

func parseTask(name, script string) task {
	t := task{Name: name, Title: name}
	for n, line := range strings.Split(script, "\n") {
		text, ok := strings.CutPrefix(line, "#")
		if !ok || strings.HasPrefix(strings.TrimSpace(text), "Check:") {
			break
		}
		if title, ok := strings.CutPrefix(strings.TrimSpace(text), "Task:"); ok {
			t.Title = strings.TrimSpace(title)
			continue
		}
		for _, m := range headerField.FindAllStringSubmatch(strings.TrimSpace(text), -1) {
			switch m[1] {
			case "Kind":
				t.Kind = m[2]
			case "Size":
				t.Size = m[2]
			case "Minutes":
				t.Minutes = m[2]
			case "Chapter":
				t.Chapter, t.Line = m[2], n+1
			}
		}
	}
	return t
}

// find returns the page and the title of LAB/TASK, or of LAB.
func (l *labs) find(name string) (href, title string, err error) {
	lab, taskName, whole := strings.Cut(name, "/")
	tasks, ok := l.byLab[lab]
	if !ok {
		return "", "", fmt.Errorf("no lab %s%s", lab, near.Hint(lab, l.order))
	}
	if !whole {
		return labSlug(lab) + ".html", lab, nil
	}
	var names []string
	for _, t := range tasks {
		if t.Name == taskName {
			return labSlug(lab) + ".html#task-" + t.Name, t.Title, nil
		}
		names = append(names, t.Name)
	}
	return "", "", fmt.Errorf("lab %s has no task %s%s", lab, taskName, near.Hint(taskName, names))
}

func labSlug(lab string) string { return "lab-" + lab }

// handout is the lab's README, if it has one.
func (l *labs) handout(lab string) (file string, ok bool) {
	file = path.Join("labs", lab, "README.md")
	_, err := os.Stat(filepath.Join(l.root, filepath.FromSlash(file)))
	return file, err == nil
}
