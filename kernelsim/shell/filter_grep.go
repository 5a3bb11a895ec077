package shell

import (
	"io"
	"regexp"
	"strconv"
)

// grep passes the lines that match a regular expression.
type grep struct {
	out                            io.Writer
	re                             *regexp.Regexp
	invert, count, number, only, q bool
	before, after, most            int

	n, hits int     // lines seen, lines chosen
	held    *window // lines that may become context
	owe     int     // lines of context still to print
	printed int     // the last line printed
}

func newGrep(words []string, out io.Writer) (filter, error) {
	o, err := getopt("grep", "EFGcinoqvwxhA:B:C:m:e:", words)
	if err != nil {
		return nil, err
	}
	pattern, given := o.value('e', ""), o.has('e')
	if !given {
		if len(o.rest) == 0 {
			return nil, o.misuse("RE is missing: what to look for")
		}
		pattern, o.rest = o.rest[0], o.rest[1:]
	}
	if err := o.noFiles(); err != nil {
		return nil, err
	}
	g := &grep{out: out, invert: o.has('v'), count: o.has('c'), number: o.has('n'), only: o.has('o'), q: o.has('q')}
	if err := g.context(o); err != nil {
		return nil, err
	}
	if g.re, err = compileGrep(pattern, o); err != nil {
		return nil, &Error{Status: StatusUsage, Msg: "grep: " + pattern + ": " + err.Error()}
	}
	return g, nil
}

// context reads -A, -B, -C and -m.
func (g *grep) context(o *options) (err error) {
	both, err := o.count('C', 0)
	if err != nil {
		return err
	}
	if g.after, err = o.count('A', both); err != nil {
		return err
	}
	if g.before, err = o.count('B', both); err != nil {
		return err
	}
	if g.most, err = o.count('m', -1); o.has('m') && err != nil {
		return err
	}
	if !o.has('m') {
		g.most = -1
	}
	if g.count || g.only || g.q {
		g.before, g.after = 0, 0
	}
	g.held = &window{size: g.before}
	return nil
}

func (g *grep) line(text []byte) error {
	if g.most == g.hits && g.owe == 0 {
		return errFull
	}
	g.n++
	if g.most != g.hits && g.re.Match(text) != g.invert {
		g.hits++
		return g.hit(text)
	}
	if g.owe > 0 {
		g.owe--
		return g.print('-', g.n, text)
	}
	g.held.push(text)
	return nil
}

// hit prints a chosen line with the context before it.
func (g *grep) hit(text []byte) error {
	switch {
	case g.q:
		return errFull
	case g.count:
		return nil
	case g.only:
		return g.matches(text)
	}
	held := g.held.all()
	first := g.n - len(held)
	if g.printed > 0 && first > g.printed+1 && g.before+g.after > 0 {
		if err := writeLine(g.out, []byte("--")); err != nil {
			return err
		}
	}
	for i, old := range held {
		if err := g.print('-', first+i, old); err != nil {
			return err
		}
	}
	g.held, g.owe = &window{size: g.before}, g.after
	return g.print(':', g.n, text)
}

// matches prints each match of a line by itself; with -v there are none.
func (g *grep) matches(text []byte) error {
	if g.invert {
		return nil
	}
	for _, m := range g.re.FindAll(text, -1) {
		if len(m) == 0 {
			continue
		}
		if err := g.print(':', g.n, m); err != nil {
			return err
		}
	}
	return nil
}

func (g *grep) print(mark byte, n int, text []byte) error {
	g.printed = n
	if g.number {
		text = append(append(strconv.AppendInt(nil, int64(n), 10), mark), text...)
	}
	return writeLine(g.out, text)
}

// end has status 1 when no line was chosen, as the real tool's.
func (g *grep) end() error {
	if g.count {
		if err := writeLine(g.out, strconv.AppendInt(nil, int64(g.hits), 10)); err != nil {
			return err
		}
	}
	if g.hits == 0 {
		return &Error{Status: StatusFailed, Msg: ""}
	}
	return nil
}
