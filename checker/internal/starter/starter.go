// Package starter makes the file that a student gets from the file that
// solves the task, so that the two cannot drift apart.
//
// In a Go solution the student's part stands between marks:
//
//	//gap choose the vector with the larger class
//	…what solves it…
//	//end
//
// becomes panic(lab.TODO("choose the vector with the larger class")). What a
// fix task ships instead of a gap stands as comments behind //ship:
//
//	//gap
//	rx.Packets.Inc(c)
//	//ship
//	//	n := rx.Packets.Read(c)
//	//	rx.Packets.Write(c, n+1)
//	//end
//
// A gap without words and without //ship leaves nothing: it is for functions
// that only the solution has. In .ks and .answer files the marks are
// "# gap", "# ship" and "# end".
package starter

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

const labPath = "bothhalves/labs/lab"

// Make returns the starter of a solution.
func Make(name string, solution []byte) ([]byte, error) {
	mark := "//"
	if !strings.HasSuffix(name, ".go") {
		mark = "# "
	}
	text, err := cut(name, string(solution), mark)
	if err != nil || mark != "//" {
		return []byte(text), err
	}
	return imports(name, []byte(text))
}

// Plain returns a solution without its marks, as a reader is shown it.
func Plain(name string, solution []byte) []byte {
	mark := "//"
	if !strings.HasSuffix(name, ".go") {
		mark = "# "
	}
	var out strings.Builder
	shipped := false
	for line := range strings.Lines(string(solution)) {
		word, _ := markOf(line, mark)
		switch word {
		case "ship":
			shipped = true
		case "end":
			shipped = false
		case "gap":
		default:
			if !shipped {
				out.WriteString(line)
			}
		}
	}
	return []byte(out.String())
}

// Lines counts the lines that solve the task: what stands in the gaps.
func Lines(name string, solution []byte) int {
	mark := "//"
	if !strings.HasSuffix(name, ".go") {
		mark = "# "
	}
	n, in := 0, false
	for line := range strings.Lines(string(solution)) {
		word, _ := markOf(line, mark)
		switch {
		case word != "":
			in = word == "gap"
		case in && strings.TrimSpace(line) != "":
			n++
		}
	}
	return n
}

// markOf returns the word of a mark and its text, "" for another line.
func markOf(line, mark string) (word, text string) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), mark)
	if !ok {
		return "", ""
	}
	word, text, _ = strings.Cut(rest, " ")
	if !slices.Contains([]string{"gap", "ship", "end"}, word) {
		return "", ""
	}
	return word, strings.TrimSpace(text)
}

// cut replaces what stands between the marks.
func cut(name, text, mark string) (string, error) {
	var out strings.Builder
	state, what, gaps := "", "", 0
	for i, line := range slices.Collect(strings.Lines(text)) {
		word, arg := markOf(line, mark)
		switch {
		case word == "" && state == "":
			out.WriteString(line)
		case word == "" && state == "ship":
			out.WriteString(shipped(line, mark))
		case word == "":
		case word == "gap" && state == "":
			state, what, gaps = "gap", arg, gaps+1
		case word == "ship" && state == "gap" && what == "":
			state = "ship"
		case word == "end" && state != "":
			if what != "" {
				fmt.Fprintf(&out, "panic(lab.TODO(%s))\n", strconv.Quote(what))
			}
			state = ""
		default:
			return "", fmt.Errorf("%s:%d: mark %q where it cannot stand", name, i+1, word)
		}
	}
	if state != "" || gaps == 0 {
		return "", fmt.Errorf("%s: want gaps, each with its end; %d begin", name, gaps)
	}
	return out.String(), nil
}

// shipped uncomments a line behind //ship.
func shipped(line, mark string) string {
	trimmed := strings.TrimLeft(line, "\t ")
	rest, ok := strings.CutPrefix(trimmed, strings.TrimSpace(mark))
	if !ok {
		return line
	}
	return strings.TrimPrefix(rest, " ")
}

// imports drops the imports that only the solution needs and adds the lab's
// own where a gap needs it.
func imports(name string, src []byte) ([]byte, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("the starter of %s: %w", name, err)
	}
	used := usedPackages(f)
	var specs []string
	for _, s := range f.Imports {
		p, _ := strconv.Unquote(s.Path.Value)
		local := path.Base(p)
		if s.Name != nil {
			local = s.Name.Name
		}
		if used[local] && p != labPath {
			specs = append(specs, string(src[fset.Position(s.Pos()).Offset:fset.Position(s.End()).Offset]))
		}
	}
	if used["lab"] {
		specs = append(specs, strconv.Quote(labPath))
	}
	return format.Source(replaceImports(fset, f, src, specs))
}

func usedPackages(f *ast.File) map[string]bool {
	used := make(map[string]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok {
				used[id.Name] = true
			}
		}
		return true
	})
	return used
}

// replaceImports writes one import block, standard packages first, in the
// place of those that were there, or behind the package clause.
func replaceImports(fset *token.FileSet, f *ast.File, src []byte, specs []string) []byte {
	from := fset.Position(f.Name.End()).Offset
	to := from
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			to = fset.Position(g.End()).Offset
		}
	}
	var out bytes.Buffer
	out.Write(src[:from])
	if len(specs) > 0 {
		slices.Sort(specs)
		std := slices.DeleteFunc(slices.Clone(specs), func(s string) bool { return strings.Contains(s, "bothhalves/") })
		own := slices.DeleteFunc(slices.Clone(specs), func(s string) bool { return !strings.Contains(s, "bothhalves/") })
		between := "\n"
		if len(std) > 0 && len(own) > 0 {
			between = "\n\n"
		}
		fmt.Fprintf(&out, "\n\nimport (\n%s%s%s\n)", strings.Join(std, "\n"), between, strings.Join(own, "\n"))
	}
	out.Write(src[to:])
	return out.Bytes()
}
