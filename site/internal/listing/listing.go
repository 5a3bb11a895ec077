// Package listing cuts listings out of Go source: by symbol, or by the
// comment that names a paragraph. Sources carry no markers for it.
package listing

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"bothhalves/site/internal/near"
)

// A Cut is a piece of a source file, whole lines.
type Cut struct {
	File        string // slash path from the root
	First, Last int    // lines, from 1
	Text        string // dedented, ends in a newline
}

// An Index finds symbols in the packages below some folders of a tree. It
// parses a package when it is first asked for.
type Index struct {
	root string

	mu    sync.Mutex
	dirs  map[string][]string // package name or path to folders, in order of preference
	files map[string][]*file  // by folder
}

type file struct {
	path  string
	lines []string
	fset  *token.FileSet
	ast   *ast.File
}

// NewIndex returns an index of the Go packages below the named folders of
// root. A package of an earlier folder wins over one of the same name in a
// later one.
func NewIndex(root string, folders ...string) *Index {
	x := &Index{root: root, dirs: map[string][]string{}, files: map[string][]*file{}}
	for _, folder := range folders {
		_ = filepath.WalkDir(filepath.Join(root, folder), x.visit)
	}
	return x
}

func (x *Index) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return nil
	}
	if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
		return filepath.SkipDir
	}
	if d.IsDir() || !isSource(d.Name()) {
		return nil
	}
	rel, err := filepath.Rel(x.root, filepath.Dir(name))
	if err != nil {
		return nil
	}
	x.add(filepath.ToSlash(rel))
	return nil
}

// add files a folder under every suffix of its path: kernel/percpu and percpu
// both lead to kernelsim/kernel/percpu.
func (x *Index) add(dir string) {
	for i := len(dir); i >= 0; i = strings.LastIndexByte(dir[:i], '/') {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		name := strings.TrimPrefix(dir[i:], "/")
		if name != "" && !slices.Contains(x.dirs[name], dir) {
			x.dirs[name] = append(x.dirs[name], dir)
		}
	}
	if !slices.Contains(x.dirs[dir], dir) {
		x.dirs[dir] = append(x.dirs[dir], dir)
	}
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}

// Forget drops what was parsed of the file's folder, after a change.
func (x *Index) Forget(file string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	dir := path.Dir(file)
	delete(x.files, dir)
	x.add(dir)
}

// load parses the folder once.
func (x *Index) load(dir string) ([]*file, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if files, ok := x.files[dir]; ok {
		return files, nil
	}
	entries, err := os.ReadDir(filepath.Join(x.root, filepath.FromSlash(dir)))
	if err != nil {
		return nil, fmt.Errorf("%s: %v", dir, err)
	}
	var files []*file
	for _, e := range entries {
		if e.IsDir() || !isSource(e.Name()) {
			continue
		}
		f, err := parse(x.root, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	x.files[dir] = files
	return files, nil
}

func parse(root, name string) (*file, error) {
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return nil, fmt.Errorf("%s: no such file in the repository", name)
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, data, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("%v: does not parse", err)
	}
	return &file{path: name, lines: strings.Split(string(data), "\n"), fset: fset, ast: tree}, nil
}

// packageOf splits "kernel/percpu.Word.Inc" into the folder and the symbol.
func (x *Index) packageOf(symbol string) (dir, name string, err error) {
	slash := strings.LastIndexByte(symbol, '/')
	dot := strings.IndexByte(symbol[slash+1:], '.')
	if dot < 0 {
		return "", "", fmt.Errorf("%s: a symbol is written package.Name or package.Type.Method", symbol)
	}
	pkg, name := symbol[:slash+1+dot], symbol[slash+dot+2:]
	dirs := x.dirs[pkg]
	if len(dirs) == 0 {
		return "", "", fmt.Errorf("%s: no package %s%s", symbol, pkg, near.Hint(pkg, x.packages()))
	}
	if len(dirs) > 1 && top(dirs[0]) == top(dirs[1]) {
		return "", "", fmt.Errorf("%s: %s could be %s; write more of its path", symbol, pkg, strings.Join(dirs, " or "))
	}
	return dirs[0], name, nil
}

func top(dir string) string { return dir[:max(strings.IndexByte(dir+"/", '/'), 0)] }

func (x *Index) packages() []string {
	var names []string
	for name := range x.dirs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (f *file) cut(first, last int) Cut {
	lines := slices.Clone(f.lines[first-1 : last])
	return Cut{File: f.path, First: first, Last: last, Text: dedent(lines)}
}

// dedent removes the tabs that all lines share.
func dedent(lines []string) string {
	shared := -1
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		n := len(l) - len(strings.TrimLeft(l, "\t"))
		if shared < 0 || n < shared {
			shared = n
		}
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l[min(max(shared, 0), len(l)):] + "\n")
	}
	return b.String()
}
