package build

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// note files a margin note and returns its mark. The note's text is on the
// page twice: beside its line, for wide screens, and below its block, for
// narrow ones and for paper; the style sheet shows one of them.
func (p *page) note(body string) string {
	p.noted++
	id := fmt.Sprintf("note-%d", p.noted)
	p.ids[id] = 0
	p.notes = append(p.notes, fmt.Sprintf(`<p id="%s"><span class="num">%d</span> %s</p>`, id, p.noted, body))
	return fmt.Sprintf(`<sup class="mark" aria-describedby="%s">%d</sup><span class="sidenote"><span class="num">%d</span> %s</span>`,
		id, p.noted, p.noted, body)
}

// flushNotes returns the notes of the block that was just rendered.
func (p *page) flushNotes() string {
	if len(p.notes) == 0 {
		return ""
	}
	all := strings.Join(p.notes, "")
	p.notes = nil
	return `<aside class="notes" aria-label="Notes">` + all + "</aside>\n"
}

// footnotes turns Markdown's footnotes into margin notes.
type footnotes struct{}

// Extend implements goldmark.Extender.
func (footnotes) Extend(m goldmark.Markdown) {
	extension.Footnote.Extend(m)
	m.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(footnotes{}, 1100)))
}

// Transform implements parser.ASTTransformer.
func (footnotes) Transform(doc *ast.Document, _ text.Reader, pc parser.Context) {
	if _, ok := pc.Get(pageKey).(*page); !ok {
		return
	}
	texts := map[int]ast.Node{}
	var marks []*extast.FootnoteLink
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *extast.Footnote:
			texts[n.Index] = n
		case *extast.FootnoteLink:
			if entering {
				marks = append(marks, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, mark := range marks {
		body := texts[mark.Index]
		e := &inlineElement{make: func(p *page) string { return p.footnote(body) }}
		mark.Parent().ReplaceChild(mark.Parent(), mark, e)
	}
}

// footnote renders a footnote's paragraphs as one note.
func (p *page) footnote(body ast.Node) string {
	if body == nil {
		return ""
	}
	var b strings.Builder
	for n := body.FirstChild(); n != nil; n = n.NextSibling() {
		dropBacklinks(n)
		p.resolve(n)
		b.WriteString(inner(p.node(n)) + " ")
	}
	return p.note(strings.TrimSpace(b.String()))
}

func dropBacklinks(n ast.Node) {
	for c := n.FirstChild(); c != nil; {
		next := c.NextSibling()
		if _, ok := c.(*extast.FootnoteBacklink); ok {
			n.RemoveChild(n, c)
		}
		c = next
	}
}
