package build

import (
	"fmt"
	"html"
	"path"
	"strings"

	"github.com/yuin/goldmark/ast"

	"bothhalves/site/internal/near"
)

// labRef renders {lab:LAB/TASK} and {lab:LAB}.
func labRef(p *page, b *brace) string {
	href, _, err := p.env.labs.find(b.arg)
	if err != nil {
		p.problem(b.pos, "{lab:"+b.arg+"}: "+err.Error(), "")
		return html.EscapeString(b.arg)
	}
	target, anchor, _ := strings.Cut(href, "#")
	p.links = append(p.links, link{line: p.line(b.pos), raw: "{lab:" + b.arg + "}", page: strings.TrimSuffix(target, ".html"), anchor: anchor})
	return fmt.Sprintf(`<a class="lab" href="%s"><code>%s</code></a>`, href, html.EscapeString(b.arg))
}

// figRef renders {fig:NAME}, also for figures that come later on the page.
func figRef(p *page, b *brace) string {
	n, ok := p.figures[b.arg]
	if !ok {
		p.problem(b.pos, "no figure "+b.arg+" on this page"+near.Hint(b.arg, sortedKeys(p.figures)), "a figure gets its name by a line `name: NAME` in its block")
		return html.EscapeString(b.arg)
	}
	return fmt.Sprintf(`<a href="#fig-%s">Figure %d</a>`, slug(b.arg), n)
}

// resolveLink turns a link's destination into the page that it leads to, and
// files it for the check.
func (p *page) resolveLink(n *ast.Link) {
	dest := string(n.Destination)
	if external(dest) {
		return
	}
	target, anchor, _ := strings.Cut(dest, "#")
	l := link{line: p.line(linkPos(n)), raw: dest, anchor: anchor}
	if target == "" {
		p.links = append(p.links, l)
		return
	}
	href, ok := p.env.findTarget(p.file, target)
	if !ok {
		p.problems = append(p.problems, Problem{File: p.file, Line: l.line, What: "the link " + dest + " leads nowhere" + near.Hint(target, sortedKeys(p.env.names)),
			Do: "link to a page by its name, or to a file of the repository by its path from here"})
		return
	}
	l.page = strings.TrimSuffix(href, ".html")
	p.links = append(p.links, l)
	if anchor != "" {
		href += "#" + anchor
	}
	n.Destination = []byte(href)
	if term, ok := p.env.terms[anchor]; ok && l.page == p.env.glossary {
		n.SetAttributeString("class", []byte("term"))
		n.Title = []byte(term)
	}
}

func external(dest string) bool {
	return strings.HasPrefix(dest, "https://") || strings.HasPrefix(dest, "http://") || strings.HasPrefix(dest, "mailto:")
}

// linkPos is a position inside the link: its own, or its first text's.
func linkPos(n ast.Node) int {
	if n.Pos() > 0 {
		return n.Pos()
	}
	if t, ok := n.FirstChild().(*ast.Text); ok {
		return t.Segment.Start
	}
	return 0
}

// resolveImage takes local pictures along to the site.
func (p *page) resolveImage(n *ast.Image) {
	dest := string(n.Destination)
	at := linkPos(n)
	if n.FirstChild() == nil {
		p.problem(at, "the picture "+dest+" has no text", "say between the brackets what it shows")
	}
	if external(dest) {
		p.problem(at, "the picture "+dest+" is not in the repository", "a page loads nothing from elsewhere; draw it, or keep it beside the chapter")
		return
	}
	href, err := p.env.takeAlong(path.Join(path.Dir(p.file), dest))
	if err != nil {
		p.problem(at, "the picture "+dest+": "+err.Error(), "pictures lie beside the chapter")
		return
	}
	n.Destination = []byte(href)
}
