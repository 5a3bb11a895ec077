package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// All mutants of a package are compiled together, since a build takes a second
// and a run a few milliseconds. Each function begins with a switch that leads
// to one of its changed bodies; which of them runs is said in the environment
// when the test starts:
//
//	func f(a int) int {
//		switch mutantsActive {
//		case 17:
//			return a - 1
//		}
//		return a + 1
//	}
//
// A `//line` comment before each body lets the compiler say which mutant it
// refuses, and before the original leaves its lines numbered as they were.
const active = "mutantsActive"

// activeFile declares the switch's variable.
const activeFile = `package %s

import (
	"os"
	"strconv"
)

var ` + active + `, _ = strconv.Atoi(os.Getenv("` + environment + `"))
`

const environment = "MUTANT_ACTIVE"

// A body is a function's body in one version of a file.
type body struct {
	open, stop int // offsets of its braces
	line       int // of the opening one
	text       string
	results    bool // the function returns something
	ends       bool // with a call of panic
}

// bodies are the functions' bodies of a file, in its order.
func bodies(name string, src []byte, suffix string) ([]body, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var out []body
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		b := body{open: fset.Position(fn.Body.Lbrace).Offset, stop: fset.Position(fn.Body.Rbrace).Offset,
			line: fset.Position(fn.Body.Lbrace).Line, results: fn.Type.Results != nil, ends: endsInPanic(fn.Body)}
		relabel(fn.Body, suffix)
		var text bytes.Buffer
		if err := printer.Fprint(&text, fset, fn.Body); err != nil {
			return nil, err
		}
		b.text = text.String()
		out = append(out, b)
	}
	return out, nil
}

// relabel gives a body labels of its own: two bodies stand in one function.
func relabel(b *ast.BlockStmt, suffix string) {
	ast.Inspect(b, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.LabeledStmt:
			n.Label.Name += suffix
		case *ast.BranchStmt:
			if n.Label != nil {
				n.Label.Name += suffix
			}
		}
		return true
	})
}

func endsInPanic(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	s, ok := b.List[len(b.List)-1].(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := s.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	name, ok := call.Fun.(*ast.Ident)
	return ok && name.Name == "panic"
}

// weave puts the bodies of a file's mutants, by number, into the file. A mutant
// that the compiler would refuse for a missing return is left out.
func weave(path string, src []byte, mutants map[int]*mutant) (string, error) {
	name := filepath.Base(path)
	plain, err := bodies(name, src, "")
	if err != nil {
		return "", err
	}
	cases := make([]strings.Builder, len(plain))
	for _, id := range sortedIDs(mutants) {
		changed, err := bodies(name, mutants[id].src, "")
		if err != nil {
			return "", err
		}
		at := -1
		for i := range changed {
			if changed[i].text != plain[i].text {
				at = i
			}
		}
		if at < 0 || plain[at].results && plain[at].ends && !changed[at].ends {
			mutants[id].outcome = notBuilt
			continue
		}
		own, err := bodies(name, mutants[id].src, fmt.Sprintf("Mutant%d", id))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&cases[at], "case %d:\n//line mutant%d:1\n%s\n", id, id, own[at].text)
		if !plain[at].results {
			cases[at].WriteString("return\n")
		}
	}
	var out strings.Builder
	done := 0
	for i, b := range plain {
		if cases[i].Len() == 0 {
			continue
		}
		out.Write(src[done : b.open+1])
		fmt.Fprintf(&out, "\nswitch %s {\n%s}\n//line %s:%d\n", active, cases[i].String(), path, b.line)
		done = b.open + 1
	}
	out.Write(src[done:])
	return out.String(), nil
}

func sortedIDs(mutants map[int]*mutant) []int {
	var ids []int
	for id := range mutants {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
