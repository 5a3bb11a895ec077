package build

import (
	"regexp"
	"strings"
)

var (
	markup   = regexp.MustCompile("[`*]|\\{[a-z]+:[^}]*\\}|\\[\\^[^\\]]*\\]")
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// readTerms takes the glossary apart: each heading below the first is a term,
// and the first sentence under it is what a reader sees hovering over a link.
func readTerms(src []byte) map[string]string {
	terms := map[string]string{}
	ids := newSlugs()
	term, text := "", ""
	flush := func() {
		if term != "" {
			terms[term] = firstSentence(plain(text))
		}
		text = ""
	}
	done := false
	for _, line := range strings.Split(string(src), "\n") {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			flush()
			term, done = ids.unique(slug(strings.TrimLeft(trimmed, "# "))), false
			continue
		}
		if trimmed == "" {
			done = done || text != ""
			continue
		}
		if !done {
			text += trimmed + " "
		}
	}
	flush()
	return terms
}

func plain(text string) string {
	return strings.TrimSpace(markup.ReplaceAllString(linkText.ReplaceAllString(text, "$1"), ""))
}

// firstSentence ends at the first period that a space follows.
func firstSentence(text string) string {
	if i := strings.Index(text, ". "); i >= 0 {
		return text[:i+1]
	}
	return text
}
