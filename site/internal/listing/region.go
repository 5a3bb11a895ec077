package listing

import (
	"fmt"
	"go/ast"
	"path"
	"strings"

	"bothhalves/site/internal/near"
)

// Region cuts a paragraph of a file: from the comment that begins with the
// given words to the next blank line, or to the end of the block around it.
// A blank line inside braces that the paragraph opens does not end it.
func (x *Index) Region(name, words string) (Cut, error) {
	files, err := x.load(path.Dir(name))
	if err != nil {
		return Cut{}, err
	}
	for _, f := range files {
		if f.path == name {
			return f.region(words, 1, len(f.lines))
		}
	}
	return Cut{}, fmt.Errorf("%s: no such source file", name)
}

// SymbolRegion cuts a paragraph inside a declaration.
func (x *Index) SymbolRegion(symbol, words string) (Cut, error) {
	f, decl, err := x.find(symbol)
	if err != nil {
		return Cut{}, err
	}
	return f.region(words, f.fset.Position(decl.Pos()).Line, f.fset.Position(decl.End()).Line)
}

func (f *file) region(words string, from, to int) (Cut, error) {
	var found []*ast.CommentGroup
	var all []string
	for _, c := range f.ast.Comments {
		line := f.fset.Position(c.Pos()).Line
		if line < from || line > to {
			continue
		}
		text := strings.Join(strings.Fields(c.Text()), " ")
		all = append(all, firstWords(text, len(strings.Fields(words))))
		if strings.HasPrefix(text, words) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return Cut{}, fmt.Errorf("%s: no comment begins with %q%s", f.path, words, near.Hint(words, all))
	case 1:
		first := f.fset.Position(found[0].Pos()).Line
		return f.cut(first, f.paragraphEnd(first, f.fset.Position(found[0].End()).Line, to)), nil
	}
	return Cut{}, fmt.Errorf("%s: %d comments begin with %q; give more words, or name the symbol", f.path, len(found), words)
}

// paragraphEnd is the last line of the paragraph that starts at first and
// whose naming comment ends at comment.
func (f *file) paragraphEnd(first, comment, limit int) int {
	if strings.TrimSpace(strings.SplitN(f.lines[first-1], "//", 2)[0]) != "" {
		return first // a comment behind code names its own line
	}
	indent := indentation(f.lines[first-1])
	last := comment
	for n := comment + 1; n <= min(limit, len(f.lines)); n++ {
		line := f.lines[n-1]
		in := indentation(line)
		blank := strings.TrimSpace(line) == ""
		if !blank && in < indent {
			break
		}
		if blank && f.closed(n, indent) {
			break
		}
		if !blank {
			last = n
		}
	}
	return last
}

// closed says whether a blank line at n is outside every brace that the
// paragraph opened: the next line of code stands at the paragraph's own
// indentation or further out, and does not close a brace.
func (f *file) closed(n, indent int) bool {
	for ; n <= len(f.lines); n++ {
		line := f.lines[n-1]
		if strings.TrimSpace(line) == "" {
			continue
		}
		return indentation(line) <= indent && f.lastCode(n-1) <= indent
	}
	return true
}

func (f *file) lastCode(n int) int {
	for ; n > 0; n-- {
		if strings.TrimSpace(f.lines[n-1]) != "" {
			return indentation(f.lines[n-1])
		}
	}
	return 0
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, "\t")) }

func firstWords(text string, n int) string {
	fields := strings.Fields(text)
	return strings.Join(fields[:min(max(n, 1), len(fields))], " ")
}
