// Package gate reads a student's Go file before it is compiled and refuses
// what a lab does not allow: imports beyond the task's list, names of an
// allowed package that are the default part's, directives, and ways around
// Go's types.
package gate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"bothhalves/checker/script"
)

// MaxBytes is the size above which a student's file is refused.
const MaxBytes = 256 << 10

// A Refusal is what a lab does not allow, and where.
type Refusal struct {
	Pos token.Position
	Msg string
}

// Error is "file:line: what".
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s:%d: %s", r.Pos.Filename, r.Pos.Line, r.Msg)
}

// always may be imported by every student's file.
var always = []script.Import{{Path: "bothhalves/labs/lab", Names: []string{"TODO"}}}

// Check reads a file of a package. A syntax error comes back as it is, with
// its place; a Refusal names a rule.
func Check(pkg, name string, src []byte, allowed []script.Import) error {
	if len(src) > MaxBytes {
		return &Refusal{token.Position{Filename: name, Line: 1},
			fmt.Sprintf("%d bytes: a file of more than %d is not read", len(src), MaxBytes)}
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return syntax(err)
	}
	g := &gate{fset: fset, allowed: append(slices.Clone(allowed), always...)}
	if f.Name.Name != pkg {
		g.refuse(f.Name.Pos(), "package %s: the files of this folder are package %s", f.Name.Name, pkg)
	}
	g.file(f)
	return g.err
}

// syntax keeps the first of a list of errors.
func syntax(err error) error {
	if list, ok := err.(scanner.ErrorList); ok && len(list) > 0 {
		return list[0]
	}
	return err
}

type gate struct {
	fset    *token.FileSet
	allowed []script.Import
	names   map[string]script.Import // by the name that the file gives a package
	types   []string                 // what a variable's value may call: conversions and harmless builtins
	err     error
}

// refuse keeps the first refusal.
func (g *gate) refuse(at token.Pos, format string, args ...any) {
	if g.err == nil {
		g.err = &Refusal{g.fset.Position(at), fmt.Sprintf(format, args...)}
	}
}

func (g *gate) file(f *ast.File) {
	g.names = make(map[string]script.Import)
	for _, spec := range f.Imports {
		g.imported(spec)
	}
	for _, group := range f.Comments {
		for _, c := range group.List {
			g.comment(c)
		}
	}
	g.variables(f)
	ast.Inspect(f, g.node)
}

// builtin are the calls that a package-level variable's value may hold, beside
// conversions and the functions of allowed packages.
var builtin = []string{"make", "new", "len", "cap", "min", "max", "append",
	"int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr", "byte", "rune", "string", "float64"}

// variables reads the values of the file's own variables.
func (g *gate) variables(f *ast.File) {
	g.types = slices.Clone(builtin)
	ast.Inspect(f, func(n ast.Node) bool {
		if t, ok := n.(*ast.TypeSpec); ok {
			g.types = append(g.types, t.Name.Name)
		}
		return true
	})
	for _, d := range f.Decls {
		if v, ok := d.(*ast.GenDecl); ok && v.Tok == token.VAR {
			ast.Inspect(v, g.early)
		}
	}
}

// early refuses what would run while the process starts: a panic or a loop
// there takes the lab's other tasks with it.
func (g *gate) early(n ast.Node) bool {
	if _, ok := n.(*ast.FuncLit); ok {
		return false // it is run later, if at all
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return true
	}
	name := "func"
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		if slices.Contains(g.types, fun.Name) {
			return true
		}
		name = fun.Name
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok && g.names[x.Name].Path != "" {
			return true
		}
		name = fun.Sel.Name
	case *ast.ArrayType, *ast.MapType:
		return true
	}
	g.refuse(call.Pos(), "%s(…): a variable of the package gets its value before any machine exists: set it in a function", name)
	return true
}

func (g *gate) imported(spec *ast.ImportSpec) {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return
	}
	i := slices.IndexFunc(g.allowed, func(a script.Import) bool { return a.Path == path })
	if i < 0 {
		g.refuse(spec.Pos(), "import %q: this task's file may import %s", path, g.list())
		return
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	if spec.Name != nil {
		name = spec.Name.Name
	}
	if name == "." || name == "_" {
		g.refuse(spec.Pos(), "import %s %q: give the package its name", name, path)
	}
	g.names[name] = g.allowed[i]
}

func (g *gate) list() string {
	var paths []string
	for _, a := range g.allowed {
		paths = append(paths, a.Path)
	}
	return strings.Join(paths, " ")
}

// comment refuses directives to the compiler and the build.
func (g *gate) comment(c *ast.Comment) {
	for _, d := range []string{"//go:", "//line ", "// +build", "/*line ", "//export ", "//extern "} {
		if strings.HasPrefix(c.Text, d) {
			g.refuse(c.Pos(), "%s…: directives are not for a lab's file", strings.TrimSpace(d))
		}
	}
}

func (g *gate) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		g.selector(n)
	case *ast.GoStmt:
		g.refuse(n.Pos(), "go statement: inside the machine nothing runs beside the CPUs; a kthread is what you want")
	case *ast.SelectStmt:
		g.refuse(n.Pos(), "select statement: inside the machine nothing waits for channels")
	case *ast.FuncDecl:
		if n.Recv == nil && n.Name.Name == "init" {
			g.refuse(n.Pos(), "func init: runs before any machine exists")
		}
	}
	return true
}

// selector refuses names of a package that are not on its list. A local
// variable of the package's name would hide it, and is taken for it: rename it.
func (g *gate) selector(n *ast.SelectorExpr) {
	id, ok := n.X.(*ast.Ident)
	if !ok {
		return
	}
	imp, ok := g.names[id.Name]
	if !ok || len(imp.Names) == 0 || slices.Contains(imp.Names, n.Sel.Name) {
		return
	}
	g.refuse(n.Pos(), "%s.%s: of this package the task may use %s", id.Name, n.Sel.Name, strings.Join(imp.Names, " "))
}
