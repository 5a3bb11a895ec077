package build

import (
	"fmt"
	"html"
	"strings"

	"bothhalves/site/console"
)

// assertion renders {= VALUE : command =}: the command, typed into the
// section's machine, has to print VALUE as its last line. {= VALUE =} is held
// against the recorded line that is cited next.
func assertion(p *page, b *brace) string {
	value, cmd, ok := strings.Cut(b.arg, " : ")
	if !ok {
		value, cmd, ok = strings.Cut(b.arg, ":")
	}
	lead := len(value) - len(strings.TrimLeft(value, " "))
	value, cmd = strings.TrimSpace(value), strings.TrimSpace(cmd)
	if !ok {
		p.claims = append(p.claims, claim{b.pos, strings.ReplaceAll(value, ",", "")})
		return html.EscapeString(value)
	}
	res, failed := p.machines.typing().RunAll(console.Commands(cmd))
	if failed != "" {
		p.problem(b.pos, "`"+failed+"` failed: "+strings.TrimSpace(res.Out), "correct the command; it runs on the machine of this section")
		return html.EscapeString(value)
	}
	if got := console.Value(res.Out); !sameValue(got, value) {
		start := b.start + lead
		p.drift(b.pos, fmt.Sprintf("`%s` prints %s, the text says %s", cmd, orNothing(got), orNothing(value)), value, got, edit{start, start + len(value), got})
	}
	return html.EscapeString(value)
}

// typing is the machine on which an assertion types: the section's, or a fork
// of the last section's if this one has none yet.
func (m *machines) typing() *console.Machine {
	if m.current != nil {
		return m.current
	}
	return m.fork()
}

// sameValue compares numbers without the commas that prose puts into them.
func sameValue(got, want string) bool {
	return got == want || got == strings.ReplaceAll(want, ",", "")
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
