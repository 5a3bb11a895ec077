package build

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"bothhalves/site/console"
)

// A page is one Markdown file on its way to HTML: what its extensions need
// to know, and what they find out.
type page struct {
	env   *env
	file  string // slash path from the repository's root
	slug  string // its name on the site, without .html
	src   []byte
	front front

	base  int    // where in src the text that is being worked on begins
	text  []byte // that text
	slugs *slugs
	local int // counts the ids that the page itself needs

	html     string
	heading  string // the level-1 heading, as HTML
	headings []heading
	ids      map[string]int // id to line
	links    []link
	notes    []string // of the block that is being rendered
	noted    int
	figures  map[string]int
	drawn    int
	words    int
	code     int // lines of code and console output
	sources  map[string]bool
	machines machines
	claims   []claim
	problems Problems
	edits    []edit
}

type heading struct {
	level int
	id    string
	html  string
}

// A link is checked when all pages are known.
type link struct {
	line   int
	raw    string // as written
	page   string // slug, "" for this page
	anchor string
}

// An edit replaces a piece of the source, to make it what it should be.
type edit struct {
	start, stop int
	text        string
}

var pageKey = parser.NewContextKey()

func newPage(e *env, file, slug string, src []byte) *page {
	p := &page{env: e, file: file, slug: slug, src: normal(src), slugs: newSlugs(), ids: map[string]int{},
		figures: map[string]int{}, sources: map[string]bool{}}
	p.machines.runner = e.runner
	return p
}

// normal is a source with plain line ends, the last one included.
func normal(src []byte) []byte {
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	if len(src) > 0 && src[len(src)-1] != '\n' {
		src = append(slices.Clone(src), '\n')
	}
	return src
}

// build does all that can be done without the other pages.
func (p *page) build() {
	defer p.machines.close()
	p.readable()
	var start int
	p.front, start = splitFront(p.src, func(line int, what, do string) {
		p.problems = append(p.problems, Problem{File: p.file, Line: line, What: what, Do: do})
	})
	p.html = p.render(start, len(p.src))
	if strings.HasPrefix(p.file, "labs/") { // the table of tasks that comes below
		for _, t := range p.env.labs.byLab[strings.TrimPrefix(p.slug, "lab-")] {
			p.ids["task-"+t.Name] = 0
		}
	}
	p.unclaimed()
	p.problems.sort()
}

// readable reports the first byte that is not of a text in UTF-8.
func (p *page) readable() {
	for i, r := range string(p.src) {
		bad := r == utf8.RuneError && !bytes.HasPrefix(p.src[i:], []byte(string(utf8.RuneError)))
		if bad || r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == '\ufeff' {
			line := 1 + bytes.Count(p.src[:i], []byte("\n"))
			p.problems = append(p.problems, Problem{File: p.file, Line: line,
				What: fmt.Sprintf("a byte 0x%02x that is of no text", p.src[i]), Do: "save the file as UTF-8, without a byte order mark"})
			return
		}
	}
}

// render turns src[start:stop] into HTML. It is called again for Markdown
// inside blocks; positions in there are positions in the page.
func (p *page) render(start, stop int) string {
	outerBase, outerText := p.base, p.text
	defer func() { p.base, p.text = outerBase, outerText }()
	p.base, p.text = start, p.src[start:stop]

	top := outerText == nil
	pc := parser.NewContext(parser.WithIDs(p.slugs))
	pc.Set(pageKey, p)
	doc := p.env.md.Parser().Parse(text.NewReader(p.text), parser.WithContext(pc))
	if top {
		p.numberFigures(doc)
	}
	var out strings.Builder
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok && top && h.Level == 2 {
			p.machines.section()
		}
		p.resolve(n)
		out.WriteString(p.topLevel(n))
		if top {
			out.WriteString(p.flushNotes())
		}
	}
	return out.String()
}

// topLevel renders one block of the page.
func (p *page) topLevel(n ast.Node) string {
	if _, ok := n.(*extast.FootnoteList); ok {
		return "" // footnotes stand beside their paragraph
	}
	if _, ok := n.(*ast.HTMLBlock); ok {
		return ""
	}
	html := p.node(n)
	if h, ok := n.(*ast.Heading); ok && h.Level == 1 && p.heading == "" {
		p.heading = inner(html)
		return ""
	}
	if h, ok := n.(*ast.Heading); ok {
		return p.anchored(h, html)
	}
	if _, ok := n.(*extast.Table); ok {
		return `<div class="scroll" tabindex="0" role="region" aria-label="Table">` + html + "</div>\n"
	}
	return html
}

// anchored gives a heading a link to itself and files it for the contents.
func (p *page) anchored(h *ast.Heading, html string) string {
	for i := range p.headings {
		if id := p.headings[i].id; strings.Contains(html, ` id="`+id+`"`) {
			p.headings[i].html = tags.ReplaceAllString(html, "")
			shut := strings.LastIndex(html, "</h")
			return html[:shut] + ` <a class="anchor" href="#` + id + `" aria-label="Link to this section">#</a>` + html[shut:]
		}
	}
	return html
}

var tags = regexp.MustCompile(`</?(h\d|a|sup|span|em|strong)\b[^>]*>|<sup.*?</sup>|\n`)

func (p *page) node(n ast.Node) string {
	var buf bytes.Buffer
	if err := p.env.md.Renderer().Render(&buf, p.text, n); err != nil {
		p.problem(n.Pos(), "cannot be rendered: "+err.Error(), "")
	}
	return buf.String()
}

// inline renders a stretch of the source that is one paragraph, without the
// paragraph's tags.
func (p *page) inline(start, stop int) string {
	return strings.TrimSpace(inner(p.render(start, stop)))
}

// inner removes the outermost tag pair, if the HTML is a single element.
func inner(html string) string {
	html = strings.TrimSpace(html)
	open := strings.IndexByte(html, '>')
	shut := strings.LastIndex(html, "</")
	if !strings.HasPrefix(html, "<p>") && !strings.HasPrefix(html, "<h1") || open < 0 || shut < open {
		return html
	}
	if strings.Count(html, "<p>") > 1 {
		return html
	}
	return html[open+1 : shut]
}

// resolve visits what can be wrong or has to be filled in below n, in the
// order in which it is read.
func (p *page) resolve(n ast.Node) {
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *element:
			n.html = n.make(p)
		case *inlineElement:
			n.html = n.make(p)
		case *ast.Heading:
			p.enter(n)
		case *ast.Link:
			p.resolveLink(n)
		case *ast.Image:
			p.resolveImage(n)
		case *extast.FootnoteList:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			p.words += len(bytes.Fields(n.Segment.Value(p.text)))
		case *ast.HTMLBlock, *ast.RawHTML:
			if bytes.HasPrefix(p.text[max(n.Pos(), 0):], []byte("<!--")) {
				break // a remark in the source
			}
			p.problem(n.Pos(), "raw HTML", "write it in Markdown; the pages take no HTML")
		}
		return ast.WalkContinue, nil
	})
}

func (p *page) enter(h *ast.Heading) {
	id, ok := h.AttributeString("id")
	if !ok {
		return
	}
	name := string(id.([]byte))
	p.ids[name] = p.line(h.Pos())
	if h.Level > 1 {
		p.headings = append(p.headings, heading{h.Level, name, ""})
	}
}

// line is the line in the file of a position in the current text.
func (p *page) line(pos int) int {
	at := min(max(p.base+pos, 0), len(p.src))
	return 1 + bytes.Count(p.src[:at], []byte("\n"))
}

func (p *page) problem(pos int, what, do string) {
	p.problems = append(p.problems, Problem{File: p.file, Line: p.line(pos), What: what, Do: do})
}

// drift reports that the source says something other than what is so, and
// notes the edit that repairs it.
func (p *page) drift(pos int, what, want, got string, e edit) {
	p.problems = append(p.problems, Problem{File: p.file, Line: p.line(pos), What: what,
		Do: updateAdvice, Diff: diffLines(want, got), Drift: true})
	p.edits = append(p.edits, e)
}

const updateAdvice = "if the new output is right: go run ./site update"

// id returns an id for something on the page that has no name.
func (p *page) id(kind string) string {
	p.local++
	return fmt.Sprintf("%s-%d", kind, p.local)
}

// apply returns the source with all edits made.
func (p *page) apply() []byte {
	edits := slices.Clone(p.edits)
	slices.SortStableFunc(edits, func(a, b edit) int { return b.start - a.start })
	out := slices.Clone(p.src)
	for _, e := range edits {
		out = slices.Concat(out[:e.start], []byte(e.text), out[e.stop:])
	}
	return out
}

// minutes is the time for reading: 180 words and 25 lines of code a minute.
func (p *page) minutes() int {
	if p.front.Minutes > 0 {
		return p.front.Minutes
	}
	return max(1, (p.words*25+p.code*180+180*25-1)/(180*25))
}

// machines are the sessions of a page. A section's blocks share one; a named
// machine lives as long as the page.
type machines struct {
	runner            *console.Runner
	current, previous *console.Machine
	named             map[string]*console.Machine
	all               []*console.Machine
}

func (m *machines) section() {
	if m.current != nil {
		m.previous, m.current = m.current, nil
	}
}

// get returns the machine on which a block of this section types.
func (m *machines) get(name string, carryOn bool) *console.Machine {
	if name != "" {
		if m.named == nil {
			m.named = map[string]*console.Machine{}
		}
		if m.named[name] == nil {
			m.named[name] = m.open()
		}
		m.current = m.named[name]
	}
	if m.current == nil && carryOn {
		m.current = m.previous
	}
	if m.current == nil {
		m.current = m.open()
	}
	return m.current
}

// fork returns a machine with the section's past, to try something on.
func (m *machines) fork() *console.Machine {
	from := m.current
	if from == nil {
		from = m.previous
	}
	if from == nil {
		return m.open()
	}
	f := from.Fork()
	m.all = append(m.all, f)
	return f
}

func (m *machines) open() *console.Machine {
	n := m.runner.Machine()
	m.all = append(m.all, n)
	return n
}

func (m *machines) close() {
	for _, n := range m.all {
		n.Close()
	}
}
