package shell

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// compileGrep makes a regular expression of a basic, extended (-E) or fixed
// (-F) pattern with the options -i, -w and -x.
func compileGrep(pattern string, o *options) (*regexp.Regexp, error) {
	var err error
	switch {
	case o.has('F'):
		pattern = regexp.QuoteMeta(pattern)
	default:
		if pattern, err = translate(pattern, o.has('E')); err != nil {
			return nil, err
		}
	}
	switch {
	case o.has('x'):
		pattern = "^(?:" + pattern + ")$"
	case o.has('w'):
		pattern = `(?:\b|^)(?:` + pattern + `)(?:\b|$)`
	}
	if o.has('i') {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, errors.New(plainRegexpError(err))
	}
	re.Longest()
	return re, nil
}

// plainRegexpError is Go's message without its prefix.
func plainRegexpError(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

// A translator turns a POSIX pattern into Go's syntax. In a basic pattern the
// operators ( ) { } + ? | are those behind a backslash, in an extended one
// those without.
type translator struct {
	in       string
	extended bool
	out      strings.Builder
	empty    bool // nothing stands before: * is an ordinary character
}

func translate(pattern string, extended bool) (string, error) {
	t := &translator{in: pattern, extended: extended, empty: true}
	for len(t.in) > 0 {
		if err := t.next(); err != nil {
			return "", err
		}
	}
	return t.out.String(), nil
}

func (t *translator) next() error {
	ch := t.in[0]
	switch {
	case ch == '\\':
		return t.backslash()
	case ch == '[':
		return t.bracket()
	case strings.IndexByte("(){}+?|", ch) >= 0:
		if ch == '{' && t.extended && !isInterval(t.in, "}") || ch == '}' && t.extended && !t.openInterval() {
			t.literal(ch)
			break
		}
		if t.extended {
			t.operator(ch)
		} else {
			t.literal(ch)
		}
	case ch == '*' && t.empty:
		t.literal(ch)
	case ch == '^' && !t.extended && !t.empty, ch == '$' && !t.extended && !t.lastOfBranch():
		t.literal(ch)
	default:
		t.out.WriteByte(ch)
		t.empty = ch == '^'
	}
	t.in = t.in[1:]
	return nil
}

// isInterval tells whether text begins with {N}, {N,} or {N,M}.
func isInterval(text, closing string) bool {
	body, _, ok := strings.Cut(text[1:], closing)
	lo, hi, comma := strings.Cut(body, ",")
	return ok && (isDigits(lo) || lo == "" && comma) && (hi == "" || isDigits(hi))
}

// openInterval tells whether a } closes a { that was taken as an operator.
func (t *translator) openInterval() bool {
	out := t.out.String()
	open := strings.LastIndexByte(out, '{')
	return open >= 0 && (open == 0 || out[open-1] != '\\') && !strings.Contains(out[open:], "}")
}

// lastOfBranch tells whether a basic pattern's $ stands where it is an anchor.
func (t *translator) lastOfBranch() bool {
	rest := t.in[1:]
	return rest == "" || strings.HasPrefix(rest, `\)`) || strings.HasPrefix(rest, `\|`)
}

func (t *translator) operator(ch byte) {
	t.out.WriteByte(ch)
	t.empty = ch == '(' || ch == '|'
}

func (t *translator) literal(ch byte) {
	t.out.WriteString(regexp.QuoteMeta(string(ch)))
	t.empty = false
}

// backslash reads \x: an operator of a basic pattern, a class, or x itself.
func (t *translator) backslash() error {
	if len(t.in) == 1 {
		return errors.New("trailing backslash")
	}
	ch := t.in[1]
	switch {
	case ch >= '1' && ch <= '9':
		return fmt.Errorf(`\%c: back-references are not known here`, ch)
	case strings.IndexByte("(){}+?|", ch) >= 0:
		if t.extended {
			t.literal(ch)
		} else {
			t.operator(ch)
		}
	case ch == '<' || ch == '>':
		t.out.WriteString(`\b`)
		t.empty = false
	case strings.IndexByte("bBwWsS", ch) >= 0:
		t.out.WriteString(t.in[:2])
		t.empty = false
	default:
		t.literal(ch)
	}
	t.in = t.in[2:]
	return nil
}

// bracket copies [...]; a backslash in it is an ordinary character.
func (t *translator) bracket() error {
	end := 1
	if strings.HasPrefix(t.in[end:], "^") {
		end++
	}
	if strings.HasPrefix(t.in[end:], "]") {
		end++
	}
	for end < len(t.in) && t.in[end] != ']' {
		if strings.HasPrefix(t.in[end:], "[:") {
			if n := strings.Index(t.in[end:], ":]"); n > 0 {
				end += n + 1
			}
		}
		end++
	}
	if end >= len(t.in) {
		return errors.New("[ without ]")
	}
	t.out.WriteString(bracketText(t.in[:end+1]))
	t.in, t.empty = t.in[end+1:], false
	return nil
}

// bracketText escapes what Go would read differently inside brackets: the
// backslash, a ] in first place, and a [ that opens no class.
func bracketText(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		inside := i > 0 && i < len(text)-1
		switch {
		case inside && text[i] == '\\', inside && text[i] == ']' && !strings.HasSuffix(text[:i], ":"),
			inside && text[i] == '[' && text[i+1] != ':':
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
