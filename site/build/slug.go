package build

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
)

// slugs gives headings the ids that code hosts give them, so that a link to
// an anchor works in the Markdown and on the page.
type slugs struct{ used map[string]int }

var _ parser.IDs = (*slugs)(nil)

func newSlugs() *slugs { return &slugs{used: map[string]int{}} }

// Generate implements parser.IDs.
func (s *slugs) Generate(value []byte, _ ast.NodeKind) []byte {
	return []byte(s.unique(slug(string(value))))
}

// Put implements parser.IDs.
func (s *slugs) Put(value []byte) { s.used[string(value)]++ }

func (s *slugs) unique(id string) string {
	n := s.used[id]
	s.used[id]++
	if n == 0 {
		return id
	}
	return s.unique(id + "-" + strconv.Itoa(n))
}

// slug is a heading in lower case, spaces as dashes, other punctuation gone.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(text)) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return "section"
	}
	return b.String()
}
