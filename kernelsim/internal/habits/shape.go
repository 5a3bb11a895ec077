package habits

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// checkLines holds a file and its functions against the limits. A test's
// tables make its functions long; only the file counts there.
func checkLines(r *reporter, rules Rules, f *file) {
	if f.lines > rules.MaxFile {
		r.add(f.ast.Package, fmt.Sprintf("file has %d lines, more than %d", f.lines, rules.MaxFile), "split it by subject")
	}
	for _, fn := range functions(f) {
		if n := span(r.fset, fn); n > rules.MaxFunc {
			r.add(fn.Pos(), fmt.Sprintf("function %s has %d lines, more than %d", fn.Name.Name, n, rules.MaxFunc),
				"name its steps and make them functions")
		}
	}
}

// functions lists the function declarations whose length counts.
func functions(f *file) []*ast.FuncDecl {
	var out []*ast.FuncDecl
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && !f.test {
			out = append(out, fn)
		}
	}
	return out
}

// span is the number of lines of a function.
func span(fset *token.FileSet, fn *ast.FuncDecl) int {
	return fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1
}

// checkP90 asks that nine of ten functions of the whole tree are short.
func checkP90(r *reporter, t *Tree, rules Rules) {
	var all []*ast.FuncDecl
	for _, p := range t.packages() {
		for _, f := range p.files {
			all = append(all, functions(f)...)
		}
	}
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b *ast.FuncDecl) int { return span(t.fset, a) - span(t.fset, b) })
	fn := all[(len(all)*9+9)/10-1]
	if n := span(t.fset, fn); n > rules.P90Func {
		r.add(fn.Pos(), fmt.Sprintf("one function in ten has %d lines or more, the limit is %d", n, rules.P90Func),
			"shorten the longest functions")
	}
}

// checkDocs asks for a comment on every exported name of a package.
func checkDocs(r *reporter, f *file) {
	if f.ast.Name.Name == "main" {
		return
	}
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
				undocumented(r, d.Name)
			}
		case *ast.GenDecl:
			checkSpecs(r, d)
		}
	}
}

// checkSpecs asks for a comment on the exported names of a declaration; one
// comment on a group serves all of it, except for types.
func checkSpecs(r *reporter, d *ast.GenDecl) {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
				undocumented(r, s.Name)
			}
		case *ast.ValueSpec:
			for _, id := range s.Names {
				if id.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					undocumented(r, id)
				}
			}
		}
	}
}

// undocumented reports an exported name without a comment.
func undocumented(r *reporter, id *ast.Ident) {
	r.add(id.Pos(), "exported name "+id.Name+" has no comment",
		"say what it promises; where it models Linux, begin with the Linux name and file")
}

// exportedReceiver reports whether a function is no method, or one of an
// exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}
