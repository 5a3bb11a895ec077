package build

import (
	"strings"

	"bothhalves/site/internal/near"
)

// verify checks every link of every page against the pages and ids that
// there are.
func verify(pages []*page, others map[string]map[string]int) Problems {
	ids := map[string]map[string]int{}
	for slug, known := range others {
		ids[slug] = known
	}
	for _, p := range pages {
		ids[p.slug] = p.ids
	}
	var ps Problems
	for _, p := range pages {
		for _, l := range p.links {
			if what := check(p, l, ids); what != "" {
				ps = append(ps, Problem{File: p.file, Line: l.line, What: what, Do: "correct the link, or the heading that it means"})
			}
		}
	}
	return ps
}

// verifyTasks checks the places in the book that the tasks send a reader to.
func (e *env) verifyTasks(pages []*page) Problems {
	ids := map[string]map[string]int{}
	for _, p := range pages {
		ids[p.slug] = p.ids
	}
	var ps Problems
	for _, lab := range e.labs.order {
		for _, t := range e.labs.byLab[lab] {
			name, anchor, _ := strings.Cut(t.Chapter, "#")
			l := link{raw: t.Chapter, page: e.names[name], anchor: anchor}
			if l.page == "" {
				l.page = name
			}
			if what := check(nil, l, ids); t.Chapter != "" && what != "" {
				ps = append(ps, Problem{File: t.File, Line: t.Line, What: what, Do: "correct `Chapter:`, or the heading that it means"})
			}
		}
	}
	return ps
}

// check returns what is wrong with a link, "" if nothing is.
func check(p *page, l link, ids map[string]map[string]int) string {
	target := l.page
	if target == "" {
		target = p.slug
	}
	anchors, ok := ids[target]
	if !ok {
		return "the link " + l.raw + " leads to a page that is not there"
	}
	if l.anchor == "" || anchors == nil {
		return ""
	}
	if _, ok := anchors[l.anchor]; ok {
		return ""
	}
	if strings.HasPrefix(l.anchor, "L") && strings.HasPrefix(target, "src-") {
		return ""
	}
	return "the link " + l.raw + ": " + target + " has nothing named " + l.anchor + near.Hint(l.anchor, sortedKeys(anchors))
}
