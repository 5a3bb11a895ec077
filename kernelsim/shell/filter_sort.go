package shell

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"
)

// sorter orders lines as sort does in the C locale.
type sorter struct {
	out                     io.Writer
	keys                    []sortKey
	unique, stable, reverse bool
	separator               byte
	lines                   [][]byte
}

// A sortKey is what -k names, with how to compare it. The global options are
// a key without fields: the whole line.
type sortKey struct {
	from, to                       position
	numeric, reverse, blanks, fold bool
}

// A position is a field and a character in it, both from 1; a field of 0 is
// the line's end, a character of 0 the field's.
type position struct{ field, char int }

func newSort(words []string, out io.Writer) (filter, error) {
	o, err := getopt("sort", "nrubfst:k:", words)
	if err != nil {
		return nil, err
	}
	if err := o.noFiles(); err != nil {
		return nil, err
	}
	s := &sorter{out: out, unique: o.has('u'), stable: o.has('s'), reverse: o.has('r')}
	if t := o.value('t', ""); len(t) == 1 {
		s.separator = t[0]
	} else if o.has('t') {
		return nil, o.misuse("-t: %s: a separator is one character", t)
	}
	global := sortKey{numeric: o.has('n'), reverse: o.has('r'), blanks: o.has('b'), fold: o.has('f'), from: position{1, 1}}
	for _, text := range o.given['k'] {
		key, ok := parseKey(text, global)
		if !ok {
			return nil, o.misuse("-k: %s: not a key such as 2, 2,2 or 3.2nr", text)
		}
		s.keys = append(s.keys, key)
	}
	if len(s.keys) == 0 {
		s.keys = []sortKey{global}
	}
	return s, nil
}

// parseKey reads FIELD[.CHAR][OPTS][,FIELD[.CHAR][OPTS]]. A key without
// options of its own has the global ones.
func parseKey(text string, global sortKey) (sortKey, bool) {
	from, to, comma := strings.Cut(text, ",")
	var key sortKey
	var ok bool
	if key.from, ok = key.position(from, 1); !ok || key.from.char == 0 {
		return key, false
	}
	if comma {
		if key.to, ok = key.position(to, 0); !ok {
			return key, false
		}
	}
	if !key.numeric && !key.reverse && !key.blanks && !key.fold {
		key.numeric, key.reverse, key.blanks, key.fold = global.numeric, global.reverse, global.blanks, global.fold
	}
	return key, true
}

// position reads FIELD[.CHAR] and sets the options behind it.
func (k *sortKey) position(text string, char int) (position, bool) {
	digits := strings.TrimRight(text, "nrbf")
	for _, letter := range text[len(digits):] {
		k.numeric = k.numeric || letter == 'n'
		k.reverse = k.reverse || letter == 'r'
		k.blanks = k.blanks || letter == 'b'
		k.fold = k.fold || letter == 'f'
	}
	field, offset, dot := strings.Cut(digits, ".")
	p := position{char: char}
	var err error
	if p.field, err = strconv.Atoi(field); err != nil || p.field < 1 || !isDigits(field) {
		return p, false
	}
	if dot {
		if p.char, err = strconv.Atoi(offset); err != nil || p.char < 0 || !isDigits(offset) {
			return p, false
		}
	}
	return p, true
}

func (s *sorter) line(text []byte) error {
	s.lines = append(s.lines, append([]byte(nil), text...))
	return nil
}

func (s *sorter) end() error {
	slices.SortStableFunc(s.lines, s.compare)
	for i, text := range s.lines {
		if s.unique && i > 0 && s.byKeys(s.lines[i-1], text) == 0 {
			continue
		}
		if err := writeLine(s.out, text); err != nil {
			return err
		}
	}
	return nil
}

// compare orders by the keys and, as a last resort, by the whole line.
func (s *sorter) compare(a, b []byte) int {
	if c := s.byKeys(a, b); c != 0 || s.unique || s.stable {
		return c
	}
	if s.reverse {
		return bytes.Compare(b, a)
	}
	return bytes.Compare(a, b)
}

func (s *sorter) byKeys(a, b []byte) int {
	for _, k := range s.keys {
		c := k.compare(k.cut(a, s.separator), k.cut(b, s.separator))
		if k.reverse {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func (k sortKey) compare(a, b []byte) int {
	switch {
	case k.numeric:
		return compareNumbers(a, b)
	case k.fold:
		return bytes.Compare(bytes.ToUpper(a), bytes.ToUpper(b))
	}
	return bytes.Compare(a, b)
}

// compareNumbers compares the decimal numbers at the beginning of two texts;
// no number is zero. Their length is not limited.
func compareNumbers(a, b []byte) int {
	an, ai, af := splitNumber(a)
	bn, bi, bf := splitNumber(b)
	if an != bn {
		if an {
			return -1
		}
		return 1
	}
	c := cmp.Or(cmp.Compare(len(ai), len(bi)), strings.Compare(ai, bi), strings.Compare(af, bf))
	if an {
		return -c
	}
	return c
}

// splitNumber reads sign, digits before the point without leading zeros, and
// digits behind it without trailing ones. Minus zero is zero.
func splitNumber(text []byte) (negative bool, whole, fraction string) {
	rest := strings.TrimLeft(string(text), " \t")
	rest, negative = strings.CutPrefix(rest, "-")
	n := 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	whole = strings.TrimLeft(rest[:n], "0")
	if n < len(rest) && rest[n] == '.' {
		m := n + 1
		for m < len(rest) && rest[m] >= '0' && rest[m] <= '9' {
			m++
		}
		fraction = strings.TrimRight(rest[n+1:m], "0")
	}
	return negative && whole+fraction != "", whole, fraction
}

// cut is the part of a line that a key names.
func (k sortKey) cut(line []byte, separator byte) []byte {
	from := fieldStart(line, k.from.field, separator)
	if k.blanks {
		from += blanks(line[from:])
	}
	from = min(from+k.from.char-1, len(line))
	to := len(line)
	if k.to.field > 0 {
		to = k.endOf(line, separator)
	}
	return line[from:max(from, to)]
}

// endOf is where a key's second position lies: behind a field, or behind a
// character of it.
func (k sortKey) endOf(line []byte, separator byte) int {
	start := fieldStart(line, k.to.field, separator)
	if k.to.char == 0 {
		return fieldEnd(line, start, separator)
	}
	if k.blanks {
		start += blanks(line[start:])
	}
	return min(start+k.to.char, len(line))
}

// fieldStart is where field n begins. Without a separator a field begins with
// the blanks before it.
func fieldStart(line []byte, n int, separator byte) int {
	at := 0
	for ; n > 1 && at < len(line); n-- {
		at = fieldEnd(line, at, separator)
		if separator != 0 && at < len(line) {
			at++
		}
	}
	return at
}

func fieldEnd(line []byte, at int, separator byte) int {
	if separator != 0 {
		if n := bytes.IndexByte(line[at:], separator); n >= 0 {
			return at + n
		}
		return len(line)
	}
	at += blanks(line[at:])
	for at < len(line) && line[at] != ' ' && line[at] != '\t' {
		at++
	}
	return at
}

func blanks(text []byte) int {
	return len(text) - len(bytes.TrimLeft(text, " \t"))
}
