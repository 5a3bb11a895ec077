// Package mutate makes small wrong versions of a Go file: what a tired
// programmer would write. A lab whose checks do not notice them is too weak.
package mutate

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"strconv"
)

// A Mutant is one changed version.
type Mutant struct {
	Name string // "line 12: + becomes -", unique in the file
	Src  []byte
}

// All makes the mutants of a file, in the order of the source. Only what lies
// in function bodies is touched.
func All(name string, src []byte) ([]Mutant, error) {
	n, err := count(name, src)
	if err != nil {
		return nil, err
	}
	var out []Mutant
	for i := range n {
		m, err := one(name, src, i)
		if err != nil {
			return nil, err
		}
		if m.Name != "" {
			out = append(out, m)
		}
	}
	return distinct(out), nil
}

// distinct numbers mutants of the same name and drops equal texts.
func distinct(in []Mutant) []Mutant {
	seen := map[string]bool{}
	names := map[string]int{}
	var out []Mutant
	for _, m := range in {
		if seen[string(m.Src)] {
			continue
		}
		seen[string(m.Src)] = true
		if names[m.Name]++; names[m.Name] > 1 {
			m.Name += fmt.Sprintf(" (%d)", names[m.Name])
		}
		out = append(out, m)
	}
	return out
}

func count(name string, src []byte) (int, error) {
	_, f, err := parse(name, src)
	if err != nil {
		return 0, err
	}
	w := &walker{target: -1}
	w.file(f)
	return w.seen, nil
}

func parse(name string, src []byte) (*token.FileSet, *ast.File, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	return fset, f, err
}

func one(name string, src []byte, i int) (Mutant, error) {
	fset, f, err := parse(name, src)
	if err != nil {
		return Mutant{}, err
	}
	w := &walker{target: i, fset: fset}
	w.file(f)
	var out bytes.Buffer
	if err := format.Node(&out, fset, f); err != nil {
		return Mutant{}, err
	}
	return Mutant{Name: w.name, Src: out.Bytes()}, nil
}

// A walker meets the places that can be changed in the order of the source,
// and changes the one whose number is its target.
type walker struct {
	target, seen int
	fset         *token.FileSet
	name         string
}

func (w *walker) file(f *ast.File) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			ast.Inspect(fn.Body, w.node)
		}
	}
}

// place says whether this place is the target, and names the change if so.
func (w *walker) place(at token.Pos, format string, args ...any) bool {
	hit := w.seen == w.target
	w.seen++
	if hit {
		w.name = fmt.Sprintf("line %d: ", w.fset.Position(at).Line) + fmt.Sprintf(format, args...)
	}
	return hit
}

// swaps are the operators and what each is mistaken for.
func swaps(op token.Token) []token.Token {
	switch op {
	case token.ADD:
		return []token.Token{token.SUB}
	case token.SUB:
		return []token.Token{token.ADD}
	case token.MUL:
		return []token.Token{token.QUO, token.ADD}
	case token.QUO:
		return []token.Token{token.MUL}
	case token.REM:
		return []token.Token{token.QUO}
	case token.LSS:
		return []token.Token{token.LEQ, token.GEQ}
	case token.LEQ:
		return []token.Token{token.LSS, token.GTR}
	case token.GTR:
		return []token.Token{token.GEQ, token.LEQ}
	case token.GEQ:
		return []token.Token{token.GTR, token.LSS}
	case token.EQL:
		return []token.Token{token.NEQ}
	case token.NEQ:
		return []token.Token{token.EQL}
	case token.LAND:
		return []token.Token{token.LOR}
	case token.LOR:
		return []token.Token{token.LAND}
	case token.ADD_ASSIGN:
		return []token.Token{token.SUB_ASSIGN, token.ASSIGN}
	case token.SUB_ASSIGN:
		return []token.Token{token.ADD_ASSIGN}
	case token.AND, token.OR, token.SHL, token.SHR, token.AND_NOT:
		return []token.Token{map[token.Token]token.Token{token.AND: token.OR, token.OR: token.AND,
			token.SHL: token.SHR, token.SHR: token.SHL, token.AND_NOT: token.AND}[op]}
	}
	return nil
}

func (w *walker) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		for _, op := range swaps(n.Op) {
			if w.place(n.OpPos, "%s becomes %s", n.Op, op) {
				n.Op = op
			}
		}
	case *ast.AssignStmt:
		for _, op := range swaps(n.Tok) {
			if w.place(n.TokPos, "%s becomes %s", n.Tok, op) {
				n.Tok = op
			}
		}
	case *ast.IncDecStmt:
		if w.place(n.TokPos, "++ and -- swapped") {
			n.Tok = token.INC + token.DEC - n.Tok
		}
	case *ast.BasicLit:
		w.literal(n)
	case *ast.BlockStmt:
		w.drop(n)
	case *ast.IfStmt:
		if w.place(n.If, "the condition negated") {
			n.Cond = &ast.UnaryExpr{Op: token.NOT, X: &ast.ParenExpr{X: n.Cond}}
		}
	}
	return true
}

// literal moves a number by one.
func (w *walker) literal(n *ast.BasicLit) {
	v, err := strconv.ParseInt(n.Value, 0, 63)
	if n.Kind != token.INT || err != nil {
		return
	}
	if w.place(n.Pos(), "%s becomes %d", n.Value, v+1) {
		n.Value = strconv.FormatInt(v+1, 10)
	}
}

// drop leaves out one statement: a call, an assignment to what exists, ++.
func (w *walker) drop(b *ast.BlockStmt) {
	for i, s := range b.List {
		what := ""
		switch s := s.(type) {
		case *ast.ExprStmt:
			what = "a call"
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				what = "an assignment"
			}
		case *ast.BranchStmt:
			what = s.Tok.String()
		}
		if what != "" && w.place(s.Pos(), "%s dropped", what) {
			b.List[i] = &ast.EmptyStmt{Semicolon: s.Pos(), Implicit: true}
		}
	}
}
