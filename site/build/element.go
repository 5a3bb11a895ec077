package build

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// An element is a block of one of our extensions. Its make is called once,
// in reading order, when everything before it has been made.
type element struct {
	ast.BaseBlock
	make  func(p *page) string
	html  string
	fence *fence
}

// An inlineElement is the same inside a paragraph.
type inlineElement struct {
	ast.BaseInline
	make func(p *page) string
	html string
}

var (
	kindElement       = ast.NewNodeKind("Element")
	kindInlineElement = ast.NewNodeKind("InlineElement")
)

// Kind implements ast.Node.
func (e *element) Kind() ast.NodeKind { return kindElement }

// Dump implements ast.Node.
func (e *element) Dump(source []byte, level int) { ast.DumpHelper(e, source, level, nil, nil) }

// Kind implements ast.Node.
func (e *inlineElement) Kind() ast.NodeKind { return kindInlineElement }

// Dump implements ast.Node.
func (e *inlineElement) Dump(source []byte, level int) { ast.DumpHelper(e, source, level, nil, nil) }

// elements is the part that all extensions share: it turns fenced blocks into
// elements by their language, and writes the elements' HTML.
type elements struct {
	fences map[string]func(p *page, f *fence) string
	other  func(p *page, f *fence) string
}

// Extend implements goldmark.Extender.
func (x elements) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(x, 100)))
	m.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(x, 100)))
}

// Transform implements parser.ASTTransformer.
func (x elements) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	p, ok := pc.Get(pageKey).(*page)
	if !ok {
		return
	}
	var blocks []*ast.FencedCodeBlock
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if b, ok := n.(*ast.FencedCodeBlock); ok && entering {
			blocks = append(blocks, b)
		}
		return ast.WalkContinue, nil
	})
	for _, b := range blocks {
		f := newFence(p, b, reader.Source())
		render := x.other
		if r, ok := x.fences[f.lang]; ok {
			render = r
		}
		e := &element{make: func(p *page) string { return render(p, f) }, fence: f}
		e.SetPos(b.Pos())
		e.SetBlankPreviousLines(b.HasBlankPreviousLines())
		b.Parent().ReplaceChild(b.Parent(), b, e)
	}
}

// RegisterFuncs implements renderer.NodeRenderer.
func (x elements) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindElement, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString(n.(*element).html)
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(kindInlineElement, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString(n.(*inlineElement).html)
		}
		return ast.WalkSkipChildren, nil
	})
}

// A fence is a fenced block of the source: what its first line says and
// where its text stands.
type fence struct {
	lang  string
	attrs attributes
	pos   int // of the first line, in the current text
	start int // of the body, in the page
	stop  int
	body  string
	flat  bool // the body stands in the source as it is, without indentation
}

func newFence(p *page, b *ast.FencedCodeBlock, src []byte) *fence {
	f := &fence{pos: b.Pos()}
	info := ""
	if b.Info != nil {
		info = string(b.Info.Segment.Value(src))
	}
	f.lang, info, _ = strings.Cut(strings.TrimSpace(info), " ")
	f.attrs = parseAttributes(info)
	var body strings.Builder
	for i := range b.Lines().Len() {
		seg := b.Lines().At(i)
		body.Write(seg.Value(src))
	}
	f.body = body.String()
	f.start, f.stop = p.base+f.bodyStart(src), 0
	f.stop = f.start
	if n := b.Lines().Len(); n > 0 {
		f.start, f.stop = p.base+b.Lines().At(0).Start, p.base+b.Lines().At(n-1).Stop
	}
	if !closed(src[min(f.stop-p.base, len(src)):]) {
		p.problem(f.pos, "the block that begins here has no end", "close it with a line of three backticks")
	}
	at := p.base + f.pos
	f.flat = f.stop <= len(p.src) && string(p.src[f.start:f.stop]) == f.body && (at == 0 || p.src[at-1] == '\n')
	return f
}

// closed says whether the text behind a block's body begins with a fence, in
// a list or a quotation or by itself.
func closed(rest []byte) bool {
	line, _, _ := strings.Cut(string(rest), "\n")
	line = strings.TrimLeft(line, " \t>")
	return strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~")
}

// bodyStart is the beginning of the line below the fence's.
func (f *fence) bodyStart(src []byte) int {
	at := min(max(f.pos, 0), len(src))
	if i := strings.IndexByte(string(src[at:]), '\n'); i >= 0 {
		return at + i + 1
	}
	return len(src)
}

// indented refuses a block whose text is Markdown but does not stand in the
// source as it is.
func (p *page) indented(f *fence) string {
	p.problem(f.pos, "an indented "+f.lang+" block", "start the block in column 1")
	return ""
}

// replace is the edit that gives the block another body.
func (f *fence) replace(body string) edit { return edit{f.start, f.stop, body} }

// line is the position, for messages, of the body's line n (from 0).
func (f *fence) line(p *page, n int) int {
	at := f.start - p.base
	for i, l := range strings.SplitAfter(f.body, "\n") {
		if i == n {
			break
		}
		at += len(l)
	}
	return at
}

// attributes are what stands behind the language: key=value, key="two words",
// or a word alone.
type attributes map[string]string

func parseAttributes(s string) attributes {
	a := attributes{}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		word := s
		if i := strings.IndexAny(s, " ="); i >= 0 {
			word = s[:i]
		}
		s = s[len(word):]
		if !strings.HasPrefix(s, "=") {
			a[word] = ""
			continue
		}
		var value string
		if s = s[1:]; strings.HasPrefix(s, `"`) {
			value, s, _ = strings.Cut(s[1:], `"`)
		} else {
			value, s, _ = strings.Cut(s, " ")
		}
		a[word] = value
	}
	return a
}

// unknown names an attribute that is not among the given ones, "" if all are.
func (a attributes) unknown(known ...string) string {
	for _, key := range sortedKeys(a) {
		found := false
		for _, k := range known {
			found = found || k == key
		}
		if !found {
			return key
		}
	}
	return ""
}
