package habits

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// A Tree is the parsed and type-checked source of one directory tree.
type Tree struct {
	Path string // import path of the root
	fset *token.FileSet
	std  types.Importer
	pkgs map[string]*pkg // by directory
}

// A pkg is one directory of Go files.
type pkg struct {
	dir   string
	files []*file // in name order
	types *types.Package
	info  *types.Info
}

// A file is one parsed Go file.
type file struct {
	name  string // path from the root
	test  bool
	built bool // chosen by the build constraints of this system
	lines int
	ast   *ast.File
}

// A Loader loads trees; it reads each package of the standard library once.
type Loader struct {
	fset *token.FileSet
	std  types.Importer
}

// NewLoader returns a loader that has read nothing yet.
func NewLoader() *Loader {
	fset := token.NewFileSet()
	return &Loader{fset, importer.ForCompiler(fset, "source", nil)}
}

// Load reads every Go file below root, whose import path is given. Errors of
// type checking are left to the compiler.
func (l *Loader) Load(root fs.FS, importPath string) (*Tree, error) {
	t := &Tree{Path: importPath, fset: l.fset, std: l.std, pkgs: map[string]*pkg{}}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		return t.parse(root, name)
	})
	if err != nil {
		return nil, err
	}
	for _, p := range t.packages() {
		t.check(p)
	}
	return t, nil
}

// parse adds one file to its package.
func (t *Tree) parse(root fs.FS, name string) error {
	src, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := path.Dir(name)
	p := t.pkgs[dir]
	if p == nil {
		p = &pkg{dir: dir}
		t.pkgs[dir] = p
	}
	p.files = append(p.files, &file{
		name:  name,
		test:  strings.HasSuffix(name, "_test.go"),
		built: matches(name, src),
		lines: strings.Count(string(src), "\n"),
		ast:   f,
	})
	return nil
}

// matches reports whether the build constraints choose the file.
func matches(name string, src []byte) bool {
	ctx := build.Default
	ctx.OpenFile = func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(string(src))), nil
	}
	ok, err := ctx.MatchFile(path.Dir(name), path.Base(name))
	return ok && err == nil
}

// packages lists the packages in directory order.
func (t *Tree) packages() []*pkg {
	return slices.SortedFunc(maps.Values(t.pkgs), func(a, b *pkg) int { return cmp.Compare(a.dir, b.dir) })
}

// check type-checks a package, once.
func (t *Tree) check(p *pkg) {
	if p.info != nil {
		return
	}
	p.info = &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	var files []*ast.File
	for _, f := range p.files {
		if !f.test && f.built {
			files = append(files, f.ast)
		}
	}
	conf := types.Config{Importer: t, Error: func(error) {}}
	p.types, _ = conf.Check(path.Join(t.Path, p.dir), t.fset, files, p.info)
}

// Import finds a package for the type checker: in the tree, or among the
// standard library's source.
func (t *Tree) Import(importPath string) (*types.Package, error) {
	dir, ours := t.short(importPath)
	if !ours {
		if strings.Contains(strings.Split(importPath, "/")[0], ".") {
			return nil, fmt.Errorf("%s is not in the standard library", importPath)
		}
		return t.std.Import(importPath)
	}
	p := t.pkgs[dir]
	if p == nil {
		return nil, fmt.Errorf("no package %s", importPath)
	}
	t.check(p)
	if p.types == nil {
		return nil, fmt.Errorf("import cycle through %s", importPath)
	}
	return p.types, nil
}

// short is an import path as the lattice writes it: from the root of the
// tree.
func (t *Tree) short(importPath string) (string, bool) {
	if importPath == t.Path {
		return ".", true
	}
	return strings.CutPrefix(importPath, t.Path+"/")
}

// A Finding is one broken habit.
type Finding struct {
	Pos  token.Position
	What string
	Do   string
}

// String is "file:line: what: what to do".
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.Pos.Filename, f.Pos.Line, f.What, f.Do)
}

// A reporter collects findings.
type reporter struct {
	fset  *token.FileSet
	found []Finding
}

// add notes a finding at a place.
func (r *reporter) add(pos token.Pos, what, do string) {
	r.found = append(r.found, Finding{r.fset.Position(pos), what, do})
}
