// Package figure draws the book's figures as SVG that a page carries inside
// itself. Colors and type come from the page's style sheet, by class, so that
// a figure follows the page into the dark. Every figure has a twin: the same
// facts as a table, for those who cannot see it or want to copy from it.
package figure

import (
	"fmt"
	"html"
	"strings"
)

// A Drawing is a finished figure.
type Drawing struct {
	SVG   string // the elements inside <svg>
	W, H  int
	Table Table
	// Frames are the pictures of a figure that can be stepped through; SVG is
	// then empty.
	Frames []Frame
}

// A Table is a drawing's twin.
type Table struct {
	Head []string
	Rows [][]string
}

// HTML is the drawing as one <svg> element with its title and description, or
// as a strip of frames.
func (d Drawing) HTML(id, title, desc string) string {
	if len(d.Frames) > 0 {
		return d.stripHTML(id, title)
	}
	return fmt.Sprintf(`<svg viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>%s</svg>`,
		d.W, d.H, id, id, id, html.EscapeString(title), id, html.EscapeString(desc), d.SVG)
}

// HTML is the table as HTML.
func (t Table) HTML() string {
	var b strings.Builder
	b.WriteString("<table><thead><tr>")
	for _, h := range t.Head {
		fmt.Fprintf(&b, `<th scope="col">%s</th>`, html.EscapeString(h))
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, row := range t.Rows {
		b.WriteString("<tr>")
		for _, cell := range row {
			fmt.Fprintf(&b, "<td>%s</td>", html.EscapeString(cell))
		}
		b.WriteString("</tr>\n")
	}
	return b.String() + "</tbody></table>"
}

// width is the width of every figure in its own units; a page scales it.
const width = 720

// A canvas collects SVG elements.
type canvas struct{ b strings.Builder }

func (c *canvas) rect(x, y, w, h float64, class string) {
	fmt.Fprintf(&c.b, `<rect x="%s" y="%s" width="%s" height="%s" class="%s"/>`, num(x), num(y), num(max(w, 0.5)), num(h), class)
}

func (c *canvas) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&c.b, `<line x1="%s" y1="%s" x2="%s" y2="%s" class="%s"/>`, num(x1), num(y1), num(x2), num(y2), class)
}

// text writes s at its baseline; class says how it looks and, with "mid" or
// "end" in it, which part of it is at x.
func (c *canvas) text(x, y float64, class, s string) {
	if s != "" {
		fmt.Fprintf(&c.b, `<text x="%s" y="%s" class="%s">%s</text>`, num(x), num(y), class, html.EscapeString(s))
	}
}

// upright writes s from the bottom to the top, centered at x, y.
func (c *canvas) upright(x, y float64, class, s string) {
	fmt.Fprintf(&c.b, `<text transform="translate(%s %s) rotate(-90)" class="%s">%s</text>`, num(x), num(y), class, html.EscapeString(s))
}

// arrow draws a line with a head at its end.
func (c *canvas) arrow(x1, y1, x2, y2 float64) {
	c.line(x1, y1, x2, y2, "arrow")
	switch {
	case x1 == x2 && y2 > y1:
		c.head(x2, y2, x2-4, y2-8, x2+4, y2-8)
	case x1 == x2:
		c.head(x2, y2, x2-4, y2+8, x2+4, y2+8)
	case x2 > x1:
		c.head(x2, y2, x2-8, y2-4, x2-8, y2+4)
	default:
		c.head(x2, y2, x2+8, y2-4, x2+8, y2+4)
	}
}

func (c *canvas) head(p ...float64) {
	fmt.Fprintf(&c.b, `<polygon points="%s,%s %s,%s %s,%s" class="head"/>`, num(p[0]), num(p[1]), num(p[2]), num(p[3]), num(p[4]), num(p[5]))
}

func (c *canvas) drawing(h float64, t Table) Drawing {
	return Drawing{SVG: c.b.String(), W: width, H: int(h + 0.5), Table: t}
}

// num prints a coordinate with at most one decimal.
func num(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

// textWidth is about how wide s is at 12 units.
func textWidth(s string) float64 { return 7.3 * float64(len([]rune(s))) }

// wrap breaks text into lines of at most n characters.
func wrap(text string, n int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > n {
			out = append(out, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}

// shorten cuts s to what fits into w units.
func shorten(s string, w float64) string {
	r := []rune(s)
	n := int(w / 7.3)
	switch {
	case len(r) <= n:
		return s
	case n < 3:
		return ""
	}
	return string(r[:n-1]) + "…"
}

// Bytes prints a size as Linux's readers do: in KiB or MiB where it is whole,
// and in bytes otherwise.
func Bytes(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
