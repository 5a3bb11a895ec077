package build

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

	"bothhalves/site/internal/near"
)

// languages are those that are highlighted, beside Go's.
var languages = []string{"c", "sh", "bash", "json", "diff", "gas", "make"}

// codeBlock renders a block of a language that no extension knows. A kind that
// nobody knows is a slip of the pen: what should be run would only be shown.
func codeBlock(p *page, f *fence) string {
	if f.lang != "" && !slices.Contains(languages, f.lang) && f.lang != "text" && f.lang != "go" {
		all := append([]string{"go", "console", "predict", "figure", "instructor", "text"}, languages...)
		p.problem(f.pos, fmt.Sprintf("a block of an unknown kind %q%s", f.lang, near.Hint(f.lang, all)), "there are "+strings.Join(all, ", "))
	}
	p.code += strings.Count(f.body, "\n")
	return p.env.highlight(f.lang, f.body) + "\n"
}

// highlight is the function of that name with a memory: a saved chapter brings
// the same listings again.
func (e *env) highlight(lang, text string) string {
	key := [2]string{lang, text}
	e.mu.Lock()
	done, ok := e.marked[key]
	e.mu.Unlock()
	if ok {
		return done
	}
	done = highlight(lang, text)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.marked[key] = done
	return done
}

// highlight marks a program's words with chroma's short class names; the style
// sheet gives them colors. An unknown language stays plain. No mark reaches
// over the end of a line, so the result can be cut at newlines.
func highlight(lang, text string) string {
	var out strings.Builder
	out.WriteString(preOpen)
	for _, t := range tokenise(lang, text) {
		class := chroma.StandardTypes[t.Type]
		for _, part := range strings.SplitAfter(t.Value, "\n") {
			word, newline := strings.CutSuffix(part, "\n")
			if word != "" && marked(class) {
				out.WriteString(`<span class="` + class + `">` + html.EscapeString(word) + "</span>")
			} else {
				out.WriteString(html.EscapeString(word))
			}
			if newline {
				out.WriteByte('\n')
			}
		}
	}
	return out.String() + "</code></pre>"
}

const preOpen = `<pre class="chroma" tabindex="0"><code>`

// marked says whether the style sheet does anything for a class.
func marked(class string) bool {
	switch class {
	case "", "w", "p", "o", "n", "nx", "err":
		return false
	}
	return true
}

func tokenise(lang, text string) []chroma.Token {
	plain := []chroma.Token{{Type: chroma.Text, Value: text}}
	if lang != "go" && !slices.Contains(languages, lang) {
		return plain // looking for a lexer among hundreds takes its time
	}
	lexer := lexers.Get(lang)
	if lexer == nil {
		return plain
	}
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, text)
	if err != nil {
		return plain
	}
	return tokens.Tokens()
}
