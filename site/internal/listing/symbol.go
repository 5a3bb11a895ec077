package listing

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"

	"bothhalves/site/internal/near"
)

// Symbol cuts a declaration, by default with its doc comment: a function, a
// method ("pkg.Type.Method"), a type, or the constant or variable group that
// declares the name.
func (x *Index) Symbol(symbol string, withDoc bool) (Cut, error) {
	f, decl, err := x.find(symbol)
	if err != nil {
		return Cut{}, err
	}
	start := decl.Pos()
	if doc := docOf(decl); doc != nil && withDoc {
		start = doc.Pos()
	}
	return f.cut(f.fset.Position(start).Line, f.fset.Position(decl.End()).Line), nil
}

func (x *Index) find(symbol string) (*file, ast.Decl, error) {
	dir, name, err := x.packageOf(symbol)
	if err != nil {
		return nil, nil, err
	}
	files, err := x.load(dir)
	if err != nil {
		return nil, nil, err
	}
	var all []string
	for _, f := range files {
		for _, decl := range f.ast.Decls {
			names := namesOf(decl)
			if slices.Contains(names, name) {
				return f, decl, nil
			}
			all = append(all, names...)
		}
	}
	return nil, nil, fmt.Errorf("%s: %s declares no %s%s", symbol, dir, name, near.Hint(name, all))
}

func docOf(decl ast.Decl) *ast.CommentGroup {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}

// namesOf lists what a declaration declares, methods as Type.Method.
func namesOf(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && len(d.Recv.List) == 1 {
			return []string{receiver(d.Recv.List[0].Type) + "." + d.Name.Name}
		}
		return []string{d.Name.Name}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return nil
		}
		return specNames(d.Specs)
	}
	return nil
}

func specNames(specs []ast.Spec) []string {
	var names []string
	for _, s := range specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			names = append(names, s.Name.Name)
		case *ast.ValueSpec:
			for _, n := range s.Names {
				names = append(names, n.Name)
			}
		}
	}
	return names
}

func receiver(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.ParenExpr:
		return receiver(t.X)
	}
	return "?"
}
