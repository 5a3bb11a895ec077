package shell

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A filter is a tool behind a pipe. It is fed lines as they come, so that a
// megabyte of trace need not be held, and told when there are no more.
type filter interface {
	line(text []byte) error // without its newline
	end() error             // the error carries the tool's status
}

// errFull is what head answers when it has its lines: the sender may stop.
var errFull error = &Error{Status: StatusOK, Msg: "the reader has left"}

// newFilter makes the tool for one stage behind a |.
func newFilter(words []string, out io.Writer) (filter, error) {
	makers := map[string]func([]string, io.Writer) (filter, error){
		"head": newHead, "tail": newTail, "grep": newGrep, "wc": newWC, "sort": newSort,
	}
	if mk := makers[words[0]]; mk != nil {
		return mk(words[1:], out)
	}
	names := []string{"head", "tail", "grep", "wc", "sort"}
	hint := didYouMean(words[0], names)
	if strings.Contains(strings.Join(words, " "), `"`) { // "a|b"
		hint = "; double quotes do not group: use single quotes"
	}
	return nil, &Error{Status: StatusUsage, Msg: fmt.Sprintf("%s: a pipe leads into head, tail, grep, wc or sort%s", words[0], hint)}
}

// A stage is the writer in front of a filter: it cuts the stream into lines.
type stage struct {
	filter filter
	rest   []byte
	err    error // the filter has said no more
}

// Write hands over whole lines and keeps the last, unfinished one.
func (s *stage) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.rest = append(s.rest, p...)
	from := 0
	for s.err == nil {
		n := bytes.IndexByte(s.rest[from:], '\n')
		if n < 0 {
			break
		}
		s.err = s.filter.line(s.rest[from : from+n])
		from += n + 1
	}
	s.rest = append(s.rest[:0], s.rest[from:]...)
	return len(p), s.err
}

// Close feeds what is left without a newline and ends the filter.
func (s *stage) Close() error {
	if len(s.rest) > 0 && s.err == nil {
		s.err = s.filter.line(s.rest)
	}
	err := s.filter.end()
	if err == nil {
		err = s.err
	}
	if err == errFull {
		return nil
	}
	return err
}

// writeLine writes a line and its newline.
func writeLine(w io.Writer, text []byte) error {
	_, err := w.Write(append(text[:len(text):len(text)], '\n'))
	return err
}

// options are a tool's single-letter options as getopt reads them.
type options struct {
	tool  string
	given map[byte][]string
	rest  []string
}

// getopt reads -v, -vc, -n5, -n 5 and, where spec has a digit form (#), -5 as
// -n 5. A letter followed by a colon in spec takes a value.
func getopt(tool, spec string, words []string) (*options, error) {
	o := &options{tool: tool, given: map[byte][]string{}}
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		switch {
		case w == "--":
			o.rest = append(o.rest, words...)
			return o, nil
		case len(w) < 2 || w[0] != '-':
			o.rest = append(o.rest, w)
		case strings.Contains(spec, "#") && isDigits(w[1:]):
			o.given['n'] = append(o.given['n'], w[1:])
		default:
			var err error
			if words, err = o.letters(spec, w[1:], words); err != nil {
				return nil, err
			}
		}
	}
	return o, nil
}

// letters reads one word of options; a value may be the rest of the word or
// the next word.
func (o *options) letters(spec, w string, words []string) ([]string, error) {
	for i := 0; i < len(w); i++ {
		at := strings.IndexByte(spec, w[i])
		if at < 0 || w[i] == ':' || w[i] == '#' {
			return nil, o.misuse("-%c: no such option here", w[i])
		}
		if at+1 == len(spec) || spec[at+1] != ':' {
			o.given[w[i]] = append(o.given[w[i]], "")
			continue
		}
		value := w[i+1:]
		if value == "" {
			if len(words) == 0 {
				return nil, o.misuse("-%c: its value is missing", w[i])
			}
			value, words = words[0], words[1:]
		}
		o.given[w[i]] = append(o.given[w[i]], value)
		break
	}
	return words, nil
}

func (o *options) has(letter byte) bool { return len(o.given[letter]) > 0 }

func (o *options) value(letter byte, otherwise string) string {
	if vs := o.given[letter]; len(vs) > 0 {
		return vs[len(vs)-1]
	}
	return otherwise
}

// count is an option's value as a number not below zero.
func (o *options) count(letter byte, otherwise int) (int, error) {
	text := o.value(letter, strconv.Itoa(otherwise))
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || !isDigits(text) {
		return 0, o.misuse("-%c: %s: not a number of lines", letter, text)
	}
	return n, nil
}

// noFiles refuses the file names that the real tool would take.
func (o *options) noFiles() error {
	if len(o.rest) > 0 {
		return o.misuse("%s: it reads what comes through the pipe, not files", o.rest[0])
	}
	return nil
}

func (o *options) misuse(format string, args ...any) error {
	return &Error{Status: StatusUsage, Msg: fmt.Sprintf("%s: %s\nusage: CMD | %s %s", o.tool, fmt.Sprintf(format, args...), o.tool, filterUsage(o.tool))}
}

// filterUsage is the options of a tool, for its usage line and for help.
func filterUsage(tool string) string {
	return map[string]string{
		"head": "[-n [-]N]",
		"tail": "[-n [+]N]",
		"grep": "[-EFcinoqvwx] [-A N] [-B N] [-C N] [-m N] [-e] RE",
		"wc":   "[-lwcm]",
		"sort": "[-nrubfs] [-t CHAR] [-k FIELD[.CHAR][nrbf][,FIELD[.CHAR]]]…",
	}[tool]
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
