package build

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"

	"bothhalves/site/internal/witness"
)

// witnessRef renders {oracle:…}, {src:…} and {manual:…}: a number in the text
// and a note beside it that says what the witness says.
func witnessRef(p *page, b *brace) string {
	ref, pattern := splitPattern(b.arg)
	n, err := p.env.witness.Resolve(b.name, ref, pattern)
	if err != nil {
		p.problem(b.pos, "{"+b.name+":"+b.arg+"}: "+err.Error(), "")
		return ""
	}
	p.settle(n)
	mark := p.note(noteHTML(p, n))
	if b.begin && b.next == ' ' {
		return wordHTML(n) + mark
	}
	return mark
}

// splitPattern takes `smp4/dmesg "re"` apart.
func splitPattern(arg string) (ref, pattern string) {
	ref, quoted, ok := strings.Cut(arg, ` "`)
	if !ok {
		return strings.TrimSpace(arg), ""
	}
	return strings.TrimSpace(ref), strings.TrimSuffix(strings.TrimSpace(quoted), `"`)
}

// wordHTML is a witness as the subject of a sentence.
func wordHTML(n witness.Note) string {
	switch n.Kind {
	case "oracle":
		return "A recorded run"
	case "src":
		return "<code>" + html.EscapeString(n.Name) + "</code>"
	}
	return "The " + html.EscapeString(n.Name)
}

func noteHTML(p *page, n witness.Note) string {
	switch n.Kind {
	case "oracle":
		return oracleNote(p, n)
	case "src":
		return `<b class="kind">Linux</b> <code>` + html.EscapeString(n.Name) + "</code>: " + breakable(n.Where)
	}
	return `<b class="kind">Manual</b> ` + html.EscapeString(n.Where)
}

func oracleNote(p *page, n witness.Note) string {
	href := p.env.showRecording(n.Target)
	anchor := ""
	if n.Line > 0 {
		anchor = "#L" + strconv.Itoa(n.Line)
	}
	what := html.EscapeString(n.Text)
	if n.Line > 0 {
		what = "<code>" + what + "</code>"
	}
	return fmt.Sprintf(`<b class="kind">Recorded</b> <a href="%s%s">%s</a> %s`, href, anchor, breakable(n.Where), what)
}

// breakable lets a path break behind its slashes.
func breakable(s string) string {
	return strings.ReplaceAll(html.EscapeString(s), "/", "/<wbr>")
}

// A claim is {= value =} without a command: the next recorded line has to
// contain the value.
type claim struct {
	pos   int
	value string
}

// settle checks the open claims against a recording's line.
func (p *page) settle(n witness.Note) {
	if n.Kind != "oracle" || n.Line == 0 {
		return
	}
	for _, c := range p.claims {
		if !containsValue(n.Text, c.value) {
			p.problem(c.pos, fmt.Sprintf("the recording cited next does not say %s: %s", c.value, n.Text), "correct the value, or cite the line that says it")
		}
	}
	p.claims = nil
}

func containsValue(text, value string) bool {
	re := regexp.MustCompile(`(^|[^0-9])` + regexp.QuoteMeta(value) + `($|[^0-9])`)
	return re.MatchString(text)
}

// unclaimed reports values that nothing was held against.
func (p *page) unclaimed() {
	for _, c := range p.claims {
		p.problem(c.pos, "{= "+c.value+" =} is held against nothing", "write {= VALUE : command =}, or cite {oracle:FILE \"pattern\"} behind it")
	}
	p.claims = nil
}
