package serve

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long nothing must happen before saves are acted upon: editors
// write a file in several steps.
const quiet = 12 * time.Millisecond

// watch follows the folders of root and sends the files that were saved, as
// slash paths from root, in batches.
func watch(ctx context.Context, root string, folders []string) (<-chan []string, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		addTree(w, filepath.Join(root, f))
	}
	out := make(chan []string)
	go func() {
		defer w.Close()
		collect(ctx, w, root, out)
	}()
	return out, nil
}

// addTree watches a folder and those in it, except what is generated.
func addTree(w *fsnotify.Watcher, dir string) {
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		if strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(filepath.ToSlash(name), "site/public") {
			return filepath.SkipDir
		}
		return w.Add(name)
	})
}

func collect(ctx context.Context, w *fsnotify.Watcher, root string, out chan<- []string) {
	var batch []string
	var calm <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if name := saved(w, root, e); name != "" && !slices.Contains(batch, name) {
				batch = append(batch, name)
				calm = time.After(quiet)
			}
		case <-w.Errors: // an overflow: the next save is seen again
		case <-calm:
			select {
			case out <- batch:
				batch, calm = nil, nil
			case <-ctx.Done():
				return
			}
		}
	}
}

// saved is the file that an event is about, "" if it is none of ours. A new
// folder is watched from now on.
func saved(w *fsnotify.Watcher, root string, e fsnotify.Event) string {
	base := filepath.Base(e.Name)
	if e.Op == fsnotify.Chmod || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "#") || strings.HasSuffix(base, "~") || base == "4913" {
		return ""
	}
	if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
		if e.Has(fsnotify.Create) {
			addTree(w, e.Name)
		}
		return ""
	}
	rel, err := filepath.Rel(root, e.Name)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// saves are a batch sorted by what has to be done about it.
type saves struct {
	book    []string // the pages depend on these
	program []string // this program is made of these
	checker bool
	tasks   []string // LAB/TASK to grade
}

func classify(files []string) saves {
	var c saves
	for _, f := range files {
		top, _, _ := strings.Cut(f, "/")
		switch {
		case strings.HasSuffix(f, "_test.go"):
		case top == "kernelsim" && strings.HasSuffix(f, ".go"), top == "site" && isProgram(f):
			c.program = append(c.program, f)
		case top == "checker":
			c.checker = c.checker || strings.HasSuffix(f, ".go")
		case top == "labs":
			c.book = append(c.book, f)
			if task := taskOf(f); task != "" && !slices.Contains(c.tasks, task) {
				c.tasks = append(c.tasks, task)
			}
		case top == "book":
			c.book = append(c.book, f)
		}
	}
	return c
}

func isProgram(file string) bool {
	switch filepath.Ext(file) {
	case ".go", ".css", ".js", ".html", ".svg":
		return !strings.Contains(file, "testdata")
	}
	return false
}

// taskOf is the task that a saved file belongs to: a student's file beside
// the lab's README, or the task's script.
func taskOf(file string) string {
	parts := strings.Split(file, "/")
	name := parts[len(parts)-1]
	ext := filepath.Ext(name)
	student := len(parts) == 3 && (ext == ".go" || ext == ".ks" || ext == ".answer")
	script := len(parts) == 4 && parts[2] == "testdata" && ext == ".txtar"
	if parts[0] != "labs" || !student && !script {
		return ""
	}
	return parts[1] + "/" + strings.ReplaceAll(strings.TrimSuffix(name, ext), "_", "-")
}
