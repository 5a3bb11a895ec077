package figure

import (
	"fmt"
	"html"
	"strings"
)

// A Frame is one step of a figure that shows how something changes: what was
// typed, what that printed, and the picture afterwards.
type Frame struct {
	SVG     string
	Command string // "" for the state before the first command
	Output  string
	Note    string // the author's, about this step
	Alt     string // the picture in words
}

// stripHTML writes the frames one behind the other. The page's script turns
// them into one frame with buttons; without it, all of them can be seen.
func (d Drawing) stripHTML(id, title string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="steps" hidden=""><button type="button" class="back">← Back</button><button type="button" class="next">Next →</button>`+
		`<span class="at" aria-hidden="true"></span><output class="quiet"></output></div><ol class="strip" aria-label="%s">`, html.EscapeString(title))
	for i, f := range d.Frames {
		fmt.Fprintf(&b, `<li id="%s-s%d">%s<svg viewBox="0 0 %d %d" role="img" aria-label="%s">%s</svg></li>`,
			id, i, f.head(i), d.W, d.H, html.EscapeString(f.Alt), f.SVG)
	}
	return b.String() + "</ol>"
}

// head is what stands above a frame: the command as on a terminal, and the
// note.
func (f Frame) head(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<p class="step"><span class="no">%d</span> `, n)
	switch out := strings.TrimSpace(f.Output); {
	case f.Command == "":
		b.WriteString("before")
	case out == "":
		fmt.Fprintf(&b, `<code>%s</code>`, html.EscapeString(f.Command))
	default:
		fmt.Fprintf(&b, `<code>%s</code> <samp>%s</samp>`, html.EscapeString(f.Command), html.EscapeString(out))
	}
	if f.Note != "" {
		fmt.Fprintf(&b, ` <span class="note">%s</span>`, html.EscapeString(f.Note))
	}
	return b.String() + "</p>"
}
