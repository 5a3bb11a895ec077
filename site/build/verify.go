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
