package build

import (
	"fmt"
	"html"
	"strings"

	"bothhalves/site/console"
)

// consoleBlock renders ```console blocks: each command is typed into the
// section's machine and has to print what is recorded under it.
func consoleBlock(p *page, f *fence) string {
	if bad := f.attrs.unknown("machine", "continue"); bad != "" {
		p.problem(f.pos, fmt.Sprintf("a console block has no attribute %q", bad), "it knows machine=NAME and continue")
	}
	steps, stray := console.ParseTranscript(f.body)
	if stray != "" {
		p.problem(f.line(p, 0), "text before the first command", "a console block begins with a line `$ command`")
		return p.env.highlight("", f.body)
	}
	_, carryOn := f.attrs["continue"]
	m := p.machines.get(f.attrs["machine"], carryOn)
	actual := make([]console.Step, len(steps))
	known := len(p.problems)
	for i, s := range steps {
		actual[i] = s
		if s.Command == "" {
			p.problem(f.line(p, s.Line), "a prompt without a command", "write the command behind `$ `")
			continue
		}
		res := m.Run(s.Command)
		actual[i].Output = endLine(res.Out)
		f.status(p, s, res)
	}
	if len(p.problems) == known { // what failed is not for update to record
		f.compareRun(p, console.FormatTranscript(actual))
	}
	p.code += strings.Count(f.body, "\n")
	return consoleHTML(actual)
}

// status checks that a command failed if and only if the block says so.
func (f *fence) status(p *page, s console.Step, res console.Result) {
	switch {
	case res.Failed && !s.MayFail:
		p.problems = append(p.problems, Problem{File: p.file, Line: p.line(f.line(p, s.Line)), What: "`" + s.Command + "` failed",
			Do: "if it has to fail, write `$ ! " + s.Command + "`", Diff: prefixLines("+", res.Out)})
	case !res.Failed && s.MayFail:
		p.problem(f.line(p, s.Line), "`"+s.Command+"` did not fail", "take the `!` away, or make it fail")
	}
}

func (f *fence) compareRun(p *page, actual string) {
	if f.body == actual {
		return
	}
	if !f.flat {
		p.problem(f.pos, "an indented console block cannot be updated", "start the block in column 1")
		return
	}
	p.drift(f.firstDifference(p, actual), "the machine prints something else", f.body, actual, f.replace(actual))
}

func (f *fence) firstDifference(p *page, actual string) int {
	a, b := lines(f.body), lines(actual)
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return f.line(p, min(n, max(len(a)-1, 0)))
}

func consoleHTML(steps []console.Step) string {
	var b strings.Builder
	b.WriteString(`<pre class="console" tabindex="0"><code>`)
	for _, s := range steps {
		prompt, cmd := "$ ", s.Command
		if s.MayFail {
			prompt = "$ ! "
		}
		fmt.Fprintf(&b, `<span class="prompt">%s</span><kbd>%s</kbd>`+"\n", prompt, html.EscapeString(cmd))
		if s.Output != "" {
			fmt.Fprintf(&b, "<samp>%s</samp>", html.EscapeString(s.Output))
		}
	}
	return b.String() + "</code></pre>\n"
}

func endLine(s string) string {
	if s != "" && !strings.HasSuffix(s, "\n") {
		return s + "\n"
	}
	return s
}

func prefixLines(prefix, s string) string {
	var b strings.Builder
	for _, l := range lines(s) {
		b.WriteString(prefix + l + "\n")
	}
	return b.String()
}
