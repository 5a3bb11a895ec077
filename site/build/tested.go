package build

import (
	"bytes"
	"fmt"
	"html/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// Tested is how a lab's own checks were tried: a table in Markdown of the
// wrong solutions and of the check that caught each.
type Tested struct{ Lab, Markdown string }

const testedIntro = `<p>A check that no wrong solution fails is a defect. So every task ships with wrong solutions, each the outcome
of a particular misunderstanding, and a test runs them all: each must fail, and at the check that it names. Then a program
changes the right solution one line at a time, and what survives has to be explained. The tables are written by that test.
They tell what can go wrong in a task, so read them after you have done it.</p>
`

// testedView is the appendix of the labs' kill tables.
func (b *Builder) testedView() (view, error) {
	v := view{Title: testedTitle, Heading: testedTitle, Label: "Appendix", Kind: "chapter", Slug: "tested", Summary: testedSummary}
	body := bytes.NewBufferString(testedIntro)
	md := goldmark.New(goldmark.WithExtensions(extension.Table))
	for _, lab := range b.config.Tested {
		fmt.Fprintf(body, `<h2 id="%s">%s</h2><div class="scroll" tabindex="0" role="region" aria-label="Wrong solutions of %s">`, slug(lab.Lab), lab.Lab, lab.Lab)
		if err := md.Convert([]byte(lab.Markdown), body); err != nil {
			return v, fmt.Errorf("kill table of %s: %v", lab.Lab, err)
		}
		body.WriteString("</div>\n")
		v.TOC = append(v.TOC, tocEntry{2, slug(lab.Lab), template.HTML(template.HTMLEscapeString(lab.Lab))})
	}
	v.Body = template.HTML(body.String())
	return v, nil
}

const (
	testedTitle   = "Wrong solutions"
	testedSummary = "What each task's checks were tried with, and which of them caught it."
)
