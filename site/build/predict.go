package build

import (
	"fmt"
	"html"
	"strings"

	"bothhalves/site/console"
)

// A prediction is a ```predict block: a question, the keys that it asks for,
// and commands that compute the answers on a copy of the section's machine.
type prediction struct {
	question span
	keys     []ask
	why      span
}

type ask struct {
	key     string
	choices []string
	value   string
	failed  bool // its problem is reported already
}

// A span is a stretch of the page's source.
type span struct{ start, stop int }

// predictBlock renders a prediction. Without JavaScript the answer stands in
// a <details>; with it, there are fields and a button that checks them.
func predictBlock(p *page, f *fence) string {
	if !f.flat {
		return p.indented(f)
	}
	q := prediction{}
	at := f.start
	for _, line := range strings.SplitAfter(f.body, "\n") {
		f.predictLine(p, &q, line, span{at, at + len(line)})
		at += len(line)
	}
	if len(q.keys) == 0 || q.question.start == q.question.stop {
		p.problem(f.pos, "a prediction needs a question and what it asks for", "write the question, then `ask: key, key`, then `answer key = VALUE from COMMAND`")
	}
	for _, k := range q.keys {
		if k.value == "" && !k.failed {
			p.problem(f.pos, "nothing answers "+k.key, "write `answer "+k.key+" = ? from COMMAND`; update fills in the value")
		}
	}
	return q.html(p)
}

func (f *fence) predictLine(p *page, q *prediction, line string, at span) {
	key, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
	switch {
	case q.why.stop > 0:
		q.why.stop = at.stop
	case key == "ask:":
		q.keys = append(q.keys, parseAsk(rest)...)
	case key == "answer":
		f.answer(p, q, line, rest, at.start)
	case key == "why:":
		q.why = span{at.start + len("why: "), at.stop}
	case len(q.keys) > 0:
		if strings.TrimSpace(line) != "" {
			p.problem(at.start-p.base, "unknown line in a prediction: "+strings.TrimSpace(line), "behind `ask:` come `answer key = VALUE from COMMAND` and `why:`")
		}
	default:
		if q.question.stop == 0 {
			q.question.start = at.start
		}
		q.question.stop = at.stop
	}
}

// parseAsk reads "cpu (0 | 1 | 2), effective".
func parseAsk(text string) []ask {
	var out []ask
	for _, part := range strings.Split(text, ",") {
		name, choices, ok := strings.Cut(part, "(")
		a := ask{key: strings.TrimSpace(name)}
		if ok {
			for _, c := range strings.Split(strings.TrimRight(strings.TrimSpace(choices), ")"), "|") {
				a.choices = append(a.choices, strings.TrimSpace(c))
			}
		}
		if a.key != "" {
			out = append(out, a)
		}
	}
	return out
}

// answer reads "key = VALUE from COMMANDS" and computes the value.
func (f *fence) answer(p *page, q *prediction, line, rest string, at int) {
	key, tail, ok1 := strings.Cut(rest, "=")
	value, cmds, ok2 := strings.Cut(tail, " from ")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	k := q.find(key)
	if !ok1 || !ok2 || k == nil {
		p.problem(at-p.base, "an answer is written `answer key = VALUE from COMMAND`, its key asked for above", "answers are computed, never only stated")
		return
	}
	fork := p.machines.fork()
	res, failed := fork.RunAll(console.Commands(cmds))
	if failed != "" {
		k.failed = true
		p.problem(at-p.base, "`"+failed+"` failed: "+strings.TrimSpace(res.Out), "it runs on a copy of the section's machine, as it is at this point")
		return
	}
	k.value = console.Value(res.Out)
	if k.value != value {
		start := at + strings.Index(line, "=") + 1
		stop := at + strings.Index(line, " from ")
		p.drift(at-p.base, fmt.Sprintf("the answer to %s is %s", key, k.value), value, k.value, edit{start, stop, " " + k.value})
	}
}

func (q *prediction) find(key string) *ask {
	for i := range q.keys {
		if q.keys[i].key == key {
			return &q.keys[i]
		}
	}
	return nil
}

func (q *prediction) html(p *page) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<section class="predict" aria-label="Predict"><p class="label">Predict</p>`+"\n<div class=\"question\">%s</div>\n",
		p.render(q.question.start, q.question.stop))
	b.WriteString(`<form hidden><div class="fields">`)
	for _, k := range q.keys {
		b.WriteString(k.field(p.id("predict")))
	}
	b.WriteString(`</div><p><button type="submit">Check</button> <output aria-live="polite"></output></p></form>` + "\n")
	b.WriteString("<details><summary>Show the answer</summary>\n<dl>")
	for _, k := range q.keys {
		fmt.Fprintf(&b, "<dt>%s</dt><dd><code>%s</code></dd>", html.EscapeString(k.key), html.EscapeString(k.value))
	}
	b.WriteString("</dl>\n")
	if q.why.stop > q.why.start {
		b.WriteString(p.render(q.why.start, q.why.stop))
	}
	return b.String() + "</details>" + p.flushNotes() + "</section>\n"
}

// field is a key's label and input. The answer is readable in the page: who
// wants to look can open the details anyway.
func (k ask) field(id string) string {
	key, value := html.EscapeString(k.key), html.EscapeString(k.value)
	if len(k.choices) == 0 {
		return fmt.Sprintf(`<label for="%s">%s</label><input id="%s" autocomplete="off" autocapitalize="off" spellcheck="false" data-answer="%s">`, id, key, id, value)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<label for="%s">%s</label><select id="%s" data-answer="%s"><option value="">choose</option>`, id, key, id, value)
	for _, c := range k.choices {
		fmt.Fprintf(&b, "<option>%s</option>", html.EscapeString(c))
	}
	return b.String() + "</select>"
}
