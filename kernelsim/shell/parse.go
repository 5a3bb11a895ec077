package shell

import (
	"fmt"
	"strings"
)

// A Command is one command of a line: a verb with its arguments, the filters
// its output goes through, and the file it ends in.
type Command struct {
	Negated bool       // a ! before the verb: it must fail
	Stages  [][]string // the verb's words, then each filter's
	To      string     // file of the simulated kernel, "" for none
	Append  bool       // >> rather than >
}

// Parse reads a line: its commands in order, none for an empty line or a
// comment. The error is an *Error with the column of what is wrong.
func Parse(line string) ([]Command, error) {
	tokens, err := lex(line)
	if err != nil {
		return nil, err
	}
	var cmds []Command
	for len(tokens) > 0 {
		n := 0
		for n < len(tokens) && tokens[n].kind != tokEnd {
			n++
		}
		if n > 0 {
			cmd, err := parseCommand(tokens[:n])
			if err != nil {
				return nil, err
			}
			cmds = append(cmds, cmd)
		}
		tokens = tokens[min(n+1, len(tokens)):]
	}
	return cmds, nil
}

// ParseWords reads one command that was already split into words, as a
// script's host does it: > >> and | are operators where they are a whole word.
func ParseWords(argv []string) (Command, error) {
	tokens := make([]token, len(argv))
	for i, w := range argv {
		if path := strings.TrimLeft(w, ">"); path != w && strings.HasPrefix(path, "/") {
			op := strings.TrimSuffix(w, path)
			return Command{}, &Error{Status: StatusUsage,
				Msg: fmt.Sprintf("syntax error: %s: in a script, %s stands between spaces: %s %s", w, op, op, path)}
		}
		tokens[i] = wordToken(w, 0)
	}
	if len(tokens) == 0 {
		return Command{}, &Error{Status: StatusUsage, Msg: "syntax error: there is no verb"}
	}
	return parseCommand(tokens)
}

// A parser reads the tokens of one command.
type parser struct {
	tokens []token
	cmd    Command
}

func parseCommand(tokens []token) (Command, error) {
	p := &parser{tokens: tokens}
	if p.peek(tokWord) && p.tokens[0].text == "!" {
		p.cmd.Negated = true
		p.tokens = p.tokens[1:]
	}
	if err := p.stages(); err != nil {
		return Command{}, err
	}
	if err := p.redirection(); err != nil {
		return Command{}, err
	}
	return p.cmd, nil
}

func (p *parser) peek(k tokenKind) bool {
	return len(p.tokens) > 0 && p.tokens[0].kind == k
}

// stages reads the verb and every filter behind a |.
func (p *parser) stages() error {
	for first := true; ; first = false {
		if !p.peek(tokWord) {
			return p.missingVerb(first)
		}
		if p.tokens[0].text == "!" {
			return p.fail(p.tokens[0], "! stands once, before the verb")
		}
		var words []string
		for p.peek(tokWord) {
			words = append(words, p.tokens[0].text)
			p.tokens = p.tokens[1:]
		}
		p.cmd.Stages = append(p.cmd.Stages, words)
		if !p.peek(tokPipe) {
			return nil
		}
		p.tokens = p.tokens[1:]
	}
}

// missingVerb says what stands where a verb or filter should.
func (p *parser) missingVerb(first bool) error {
	switch {
	case !first && len(p.tokens) == 0:
		return p.fail(token{}, "the command ends after |: one of head, tail, grep, wc or sort belongs there")
	case !first:
		return p.fail(p.tokens[0], "%s stands right after |: one of head, tail, grep, wc or sort belongs there", p.tokens[0].text)
	case len(p.tokens) == 0:
		return p.fail(token{}, "no command follows !")
	}
	return p.fail(p.tokens[0], "no command stands before %s", p.tokens[0].text)
}

// redirection reads > PATH or >> PATH, which end a command.
func (p *parser) redirection() error {
	if len(p.tokens) == 0 {
		return nil
	}
	op := p.tokens[0]
	p.tokens = p.tokens[1:]
	if !p.peek(tokWord) || p.tokens[0].text == "" {
		return p.fail(op, "no file is named after %s", op.text)
	}
	p.cmd.To, p.cmd.Append = p.tokens[0].text, op.kind == tokAppend
	p.tokens = p.tokens[1:]
	if len(p.tokens) > 0 {
		return p.fail(p.tokens[0], "%s %s ends the command, but %s follows", op.text, p.cmd.To, p.tokens[0].text)
	}
	return nil
}

// fail makes a syntax error at a token; without a column it names none.
func (p *parser) fail(t token, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	if t.col > 0 {
		msg = fmt.Sprintf("column %d: %s", t.col, msg)
	}
	return &Error{Status: StatusUsage, Msg: "syntax error: " + msg}
}
