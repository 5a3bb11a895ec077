package habits

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// mutated collects the package variables that some function of the tree
// changes or takes the address of, with the place where.
func mutated(t *Tree) map[types.Object]token.Pos {
	changed := map[types.Object]token.Pos{}
	for _, p := range t.packages() {
		for _, f := range p.files {
			if !f.test && f.built {
				ast.Inspect(f.ast, func(n ast.Node) bool {
					for _, e := range targets(p, n) {
						if v := packageVar(p, e); v != nil && changed[v] == token.NoPos {
							changed[v] = e.Pos()
						}
					}
					return true
				})
			}
		}
	}
	return changed
}

// targets lists the expressions that a node changes or makes changeable.
func targets(p *pkg, n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.SelectorExpr:
		if takesAddress(p, n) {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"}, id.Name) {
			return n.Args[:1]
		}
	}
	return nil
}

// takesAddress reports whether a selector calls a pointer method on a
// variable that is no pointer.
func takesAddress(p *pkg, n *ast.SelectorExpr) bool {
	sel := p.info.Selections[n]
	if sel == nil || sel.Kind() != types.MethodVal {
		return false
	}
	f, ok := sel.Obj().(*types.Func)
	if !ok {
		return false
	}
	_, wants := f.Signature().Recv().Type().(*types.Pointer)
	_, has := sel.Recv().(*types.Pointer)
	return wants && !has
}

// packageVar is the package variable at the root of an expression such as
// table[i].field; nil if there is none.
func packageVar(p *pkg, e ast.Expr) types.Object {
	for e != nil {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			if v := asPackageVar(p.info.Uses[x.Sel]); v != nil {
				return v
			}
			e = x.X
		case *ast.Ident:
			return asPackageVar(p.info.Uses[x])
		default:
			return nil
		}
	}
	return nil
}

// asPackageVar is o if it is a variable at package level.
func asPackageVar(o types.Object) types.Object {
	v, ok := o.(*types.Var)
	if !ok || v.IsField() || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
		return nil
	}
	return v
}

// checkVars asks that every package variable is a constant in all but name.
func checkVars(r *reporter, t *Tree, rules Rules, p *pkg, changed map[types.Object]token.Pos) {
	for _, f := range p.files {
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				checkVar(r, t, rules, p, s.(*ast.ValueSpec), changed)
			}
		}
	}
}

// checkVar checks the variables of one declaration.
func checkVar(r *reporter, t *Tree, rules Rules, p *pkg, s *ast.ValueSpec, changed map[types.Object]token.Pos) {
	for i, id := range s.Names {
		v := p.info.Defs[id]
		if id.Name == "_" || v == nil || slices.Contains(rules.State, p.dir+"."+id.Name) {
			continue
		}
		var value ast.Expr
		if i < len(s.Values) {
			value = s.Values[i]
		}
		if pos := changed[v]; pos != token.NoPos {
			r.add(id.Pos(), "package variable "+id.Name+" is changed at "+t.fset.Position(pos).String(),
				"keep state in the machine: percpu.New or percpu.Shared, or a field of what owns it")
		} else if what := reaches(v.Type()); what != "" && !rules.made(t, p, value) {
			r.add(id.Pos(), "package variable "+id.Name+" holds "+what+", through which state can change",
				"make it a table of values, a function, or a field of what owns it")
		}
	}
}

// reaches names what in a type lets others change the variable's content; ""
// if nothing does. Error values are compared by identity and stand for
// constants.
func reaches(typ types.Type) string {
	if types.Implements(typ, types.Universe.Lookup("error").Type().Underlying().(*types.Interface)) {
		return ""
	}
	switch u := typ.Underlying().(type) {
	case *types.Pointer:
		return "a pointer"
	case *types.Chan:
		return "a channel"
	case *types.Interface:
		return "an interface"
	case *types.Struct:
		for i := range u.NumFields() {
			if _, ok := u.Field(i).Type().Underlying().(*types.Chan); ok {
				return "a channel"
			}
		}
	}
	return ""
}

// made reports whether a value comes from a function whose results may be
// kept in a package variable.
func (rules Rules) made(t *Tree, p *pkg, value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	if !ok {
		return false
	}
	name := calledName(p, call)
	if dir, ours := t.short(name); ours {
		name = dir
	}
	return slices.ContainsFunc(rules.Makers, func(m string) bool {
		return name == m || strings.HasSuffix(m, ".") && strings.HasPrefix(name, m)
	})
}
