package build

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// braces is the part that the inline extensions share: {name:argument} and
// {= value : command =}.
type braces struct {
	makers map[string]func(p *page, b *brace) string
}

// A brace is one {…} of the running text.
type brace struct {
	pos   int    // of the "{", in the current text
	name  string // "oracle", "src", …, or "="
	arg   string
	start int // of arg, in the page
	next  byte
	begin bool // it begins a sentence
}

// Extend implements goldmark.Extender.
func (x braces) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(x, 150)))
}

// Trigger implements parser.InlineParser.
func (x braces) Trigger() []byte { return []byte{'{'} }

// Parse implements parser.InlineParser.
func (x braces) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	p, ok := pc.Get(pageKey).(*page)
	if !ok {
		return nil
	}
	line, seg := block.PeekLine()
	name := braceName(line)
	render, ok := x.makers[name]
	if !ok {
		return nil
	}
	b := &brace{pos: seg.Start, name: name}
	from, to, end := extent(line, name)
	if end < 0 {
		p.problem(seg.Start, "{"+name+" is not closed in its line", "close it with "+closer(name))
		return nil
	}
	b.arg, b.start = string(line[from:to]), p.base+seg.Start+from
	b.begin = sentenceBegins(block.Source()[:seg.Start])
	if end < len(line) {
		b.next = line[end]
	}
	block.Advance(end)
	return &inlineElement{make: func(p *page) string { return render(p, b) }}
}

func braceName(line []byte) string {
	if len(line) > 1 && line[1] == '=' {
		return "="
	}
	i := bytes.IndexByte(line, ':')
	if i < 1 {
		return ""
	}
	return string(line[1:i])
}

func closer(name string) string {
	if name == "=" {
		return "`=}`"
	}
	return "`}`"
}

// extent finds the argument and the end of a brace; a } inside double quotes
// does not close it.
func extent(line []byte, name string) (from, to, end int) {
	if name == "=" {
		i := bytes.Index(line[2:], []byte("=}"))
		if i < 0 {
			return 0, 0, -1
		}
		return 2, 2 + i, 2 + i + 2
	}
	quoted := false
	for i := len(name) + 2; i < len(line); i++ {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == '}' && !quoted:
			return len(name) + 2, i, i + 1
		}
	}
	return 0, 0, -1
}

// sentenceBegins says whether what follows before is the first word of a
// sentence, so that a witness has to be a word itself.
func sentenceBegins(before []byte) bool {
	t := strings.TrimRight(string(before), " \n")
	if t == "" || strings.HasSuffix(t, "\n\n") {
		return true
	}
	spaced := len(t) < len(before)
	return spaced && strings.HasSuffix(strings.TrimRight(t, `)"”`), ".") || spaced && (t[len(t)-1] == '?' || t[len(t)-1] == '!' || t[len(t)-1] == '}')
}
