package habits

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Rules are what Check holds a tree against.
type Rules struct {
	Order     *Lattice
	Hosts     []string            // directories whose packages touch the world: imports, goroutines and time are free there
	Forbidden map[string]string   // import path, or path ending in "/", to what to do instead
	Only      map[string][]string // import path to the names of it that may be used
	Makers    []string            // functions ("pkg.Name") or packages ("pkg.") whose result a package variable may keep
	State     []string            // package variables ("dir.name") excused from immutability
	MaxFile   int                 // lines
	MaxFunc   int                 // lines
	P90Func   int                 // lines: nine of ten functions are no longer
}

// Check returns every broken habit of the tree, in file order.
func Check(t *Tree, rules Rules) []Finding {
	r := &reporter{fset: t.fset}
	changed := mutated(t)
	for _, p := range t.packages() {
		checkPlace(r, t, rules, p)
		checkVars(r, t, rules, p, changed)
		for _, f := range p.files {
			checkLines(r, rules, f)
			if f.test {
				continue
			}
			checkImports(r, t, rules, p, f)
			checkStatements(r, rules, p, f)
			checkDocs(r, f)
		}
	}
	checkP90(r, t, rules)
	slices.SortStableFunc(r.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	return r.found
}

// isHost reports whether a package may touch the world.
func (rules Rules) isHost(dir string) bool {
	return slices.ContainsFunc(rules.Hosts, func(h string) bool { return dir == h || strings.HasPrefix(dir, h+"/") })
}

// checkPlace asks that the lattice knows the package.
func checkPlace(r *reporter, t *Tree, rules Rules, p *pkg) {
	i := slices.IndexFunc(p.files, func(f *file) bool { return !f.test })
	if i >= 0 && !rules.Order.Knows(p.dir) {
		r.add(p.files[i].ast.Package, "package "+p.dir+" has no place in the import order",
			"add it to the lattice in lattice_test.go, as low as it can stand")
	}
}

// checkImports holds one file's imports against the lattice and the list of
// forbidden ones.
func checkImports(r *reporter, t *Tree, rules Rules, p *pkg, f *file) {
	for _, spec := range f.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if dir, ours := t.short(name); ours {
			if rules.Order.Knows(p.dir) && !rules.Order.Allows(p.dir, dir) {
				r.add(spec.Pos(), p.dir+" imports "+dir+" against the import order",
					"let the higher one supply it through an interface or a part, or change the lattice and say why")
			}
			continue
		}
		if do := rules.refuses(t, p.dir, name); do != "" {
			r.add(spec.Pos(), "import of "+name, do)
		}
	}
}

// refuses says what to do instead of an import from outside the tree; "" if
// it is allowed.
func (rules Rules) refuses(t *Tree, dir, name string) string {
	module, _, _ := strings.Cut(t.Path, "/")
	if name == module || strings.HasPrefix(name, module+"/") {
		return "the simulator knows nobody above it: turn the dependence round"
	}
	if rules.isHost(dir) {
		return ""
	}
	if strings.Contains(strings.Split(name, "/")[0], ".") {
		return "the standard library is enough here; a host under cmd may have dependencies"
	}
	for at := name; at != "."; at = path.Dir(at) {
		if do := rules.Forbidden[at]; do != "" {
			return do
		}
	}
	return ""
}

// checkStatements looks for what would make a run depend on more than its
// seed.
func checkStatements(r *reporter, rules Rules, p *pkg, f *file) {
	host := rules.isHost(p.dir)
	sorted := map[ast.Expr]bool{} // map iterators that are sorted at once
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if !host {
				r.add(n.Pos(), "go statement", "make it a task or an event of the engine: goroutines run in no fixed order")
			}
		case *ast.SelectStmt:
			if !host {
				r.add(n.Pos(), "select statement", "use an event of the engine: select chooses at random")
			}
		case *ast.RangeStmt:
			checkRange(r, p, n)
		case *ast.CallExpr:
			checkIterator(r, p, n, sorted)
		case *ast.SelectorExpr:
			if !host {
				checkOnly(r, rules, p, n)
			}
		}
		return true
	})
}

// checkRange forbids ranging over a map.
func checkRange(r *reporter, p *pkg, n *ast.RangeStmt) {
	typ := p.info.TypeOf(n.X)
	if typ == nil {
		return
	}
	if _, ok := typ.Underlying().(*types.Map); ok {
		r.add(n.Pos(), "range over a map", "write for range slices.Sorted(maps.Keys(m)): map order differs from run to run")
	}
}

// checkIterator forbids maps.Keys, maps.Values and maps.All unless a sorting
// call takes them.
func checkIterator(r *reporter, p *pkg, call *ast.CallExpr, sorted map[ast.Expr]bool) {
	switch name := calledName(p, call); name {
	case "slices.Sorted", "slices.SortedFunc", "slices.SortedStableFunc", "maps.Collect":
		if len(call.Args) > 0 {
			sorted[ast.Unparen(call.Args[0])] = true
		}
	case "maps.Keys", "maps.Values", "maps.All":
		if !sorted[call] {
			r.add(call.Pos(), name+" in map order", "wrap it in slices.Sorted: map order differs from run to run")
		}
	}
}

// checkOnly holds the use of a package against the names of it that may be
// used.
func checkOnly(r *reporter, rules Rules, p *pkg, n *ast.SelectorExpr) {
	id, ok := n.X.(*ast.Ident)
	if !ok {
		return
	}
	imported, ok := p.info.Uses[id].(*types.PkgName)
	if !ok {
		return
	}
	name := imported.Imported().Path()
	if may, listed := rules.Only[name]; listed && !slices.Contains(may, n.Sel.Name) {
		r.add(n.Pos(), "use of "+name+"."+n.Sel.Name,
			fmt.Sprintf("of package %s use only %s: the rest looks at the host", name, strings.Join(may, ", ")))
	}
}

// calledName is "pkg.Name" of a called package function, "" for other calls.
func calledName(p *pkg, call *ast.CallExpr) string {
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	var id *ast.Ident
	switch x := fun.(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	default:
		return ""
	}
	f, ok := p.info.Uses[id].(*types.Func)
	if !ok || f.Pkg() == nil || f.Signature().Recv() != nil {
		return ""
	}
	return f.Pkg().Path() + "." + f.Name()
}
