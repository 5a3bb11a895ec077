package procfs

import (
	"strings"

	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
)

// parseHex models bitmap_parse (lib/bitmap.c) for n bits: groups of up to
// eight digits with commas or blanks between, the last one the lowest, read
// from the end. Groups that are empty are none. What stands before eight
// digits without a comma between is an error only if it is a digit too.
func parseHex(text string, n int) (m cpumask.Mask, err error) {
	if i := strings.IndexAny(text, "\n\x00"); i >= 0 {
		text = text[:i]
	}
	for group := 0; ; group++ {
		for text != "" && endOfRegion(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
		switch {
		case text == "" && m.Count() > 0 && last(m) >= n:
			return cpumask.Mask{}, errno.EOVERFLOW
		case text == "":
			return m, nil
		case group == (n+31)/32:
			return cpumask.Mask{}, errno.EOVERFLOW
		}
		v, rest, err := hexGroup(text)
		if err != nil {
			return cpumask.Mask{}, err
		}
		m[group/2] |= uint64(v) << (group % 2 * 32)
		text = rest
	}
}

// hexGroup models bitmap_get_x32_reverse: the last group of a text, and what
// stands before it.
func hexGroup(text string) (v uint32, rest string, err error) {
	for i := 0; i < 32; i += 4 {
		d := strings.IndexByte("0123456789abcdef", text[len(text)-1]|0x20)
		if c := text[len(text)-1]; d < 0 || c < '0' {
			return 0, "", errno.EINVAL
		}
		v |= uint32(d) << i
		text = text[:len(text)-1]
		if text == "" || endOfRegion(text[len(text)-1]) {
			return v, text, nil
		}
	}
	c := text[len(text)-1]
	if c >= '0' && strings.IndexByte("0123456789abcdef", c|0x20) >= 0 {
		return 0, "", errno.EOVERFLOW
	}
	return v, text[:len(text)-1], nil
}

// last is the highest member of a mask that is not empty.
func last(m cpumask.Mask) (n int) {
	for i := range m.All() {
		n = i
	}
	return n
}

// endOfRegion models __end_of_region: a comma, or what isspace takes for one.
func endOfRegion(c byte) bool {
	return c == ',' || c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0
}

// endOfString models end_of_str, for a text that ends with a zero.
func endOfString(c byte) bool { return c == 0 || c == '\n' }

// A listRegion is one piece of a list: from start to end, of each group of so many
// the first few (struct region, lib/bitmap.c).
type listRegion struct{ start, end, off, group uint64 }

// parseList models bitmap_parselist (lib/bitmap.c) for n bits: numbers and
// ranges with commas or blanks between, N for the last one, "all", and
// RANGE:USED/GROUP.
func parseList(text string, n int) (m cpumask.Mask, err error) {
	if i := strings.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	for text += "\x00"; text != ""; {
		for endOfRegion(text[0]) {
			text = text[1:]
		}
		if endOfString(text[0]) {
			break
		}
		var r listRegion
		if text, err = r.parse(text, uint64(n-1)); err != nil {
			return cpumask.Mask{}, err
		}
		if err := r.check(n); err != nil {
			return cpumask.Mask{}, err
		}
		for at := r.start; at <= r.end; at += r.group {
			for i := at; i < at+min(r.end-at+1, r.off); i++ {
				m.Add(int(i))
			}
		}
	}
	return m, nil
}

// parse models bitmap_parse_region: it returns what follows, nothing at the
// end of the text.
func (r *listRegion) parse(text string, lastBit uint64) (rest string, err error) {
	if len(text) >= 3 && strings.EqualFold(text[:3], "all") {
		r.end, text = lastBit, text[3:]
	} else {
		if r.start, text, err = getNumber(text, lastBit); err != nil {
			return "", err
		}
		r.end = r.start
		if !endOfRegion(text[0]) && !endOfString(text[0]) {
			if text[0] != '-' {
				return "", errno.EINVAL
			}
			if r.end, text, err = getNumber(text[1:], lastBit); err != nil {
				return "", err
			}
		} else {
			return r.whole(text), nil
		}
	}
	if endOfRegion(text[0]) || endOfString(text[0]) {
		return r.whole(text), nil
	}
	return r.pattern(text, lastBit)
}

// whole makes the region one group.
func (r *listRegion) whole(text string) (rest string) {
	r.off, r.group = r.end+1, r.end+1
	if endOfString(text[0]) {
		return ""
	}
	return text
}

// pattern reads :USED/GROUP.
func (r *listRegion) pattern(text string, lastBit uint64) (rest string, err error) {
	if text[0] != ':' {
		return "", errno.EINVAL
	}
	if r.off, text, err = getNumber(text[1:], lastBit); err != nil {
		return "", err
	}
	if text[0] != '/' {
		return "", errno.EINVAL
	}
	r.group, text, err = getNumber(text[1:], lastBit)
	return text, err
}

// check models bitmap_check_region.
func (r *listRegion) check(n int) error {
	switch {
	case r.start > r.end || r.group == 0 || r.off > r.group:
		return errno.EINVAL
	case r.end >= uint64(n):
		return errno.ERANGE
	}
	return nil
}

// getNumber models bitmap_getnum: a number of 32 bits, or N.
func getNumber(text string, lastBit uint64) (v uint64, rest string, err error) {
	if text[0] == 'N' {
		return lastBit, text[1:], nil
	}
	i := 0
	for over := false; ; i++ {
		c := text[i]
		if c < '0' || c > '9' {
			switch {
			case i == 0:
				return 0, "", errno.EINVAL
			case over:
				return 0, "", errno.EOVERFLOW
			}
			return v, text[i:], nil
		}
		if v = v*10 + uint64(c-'0'); v >= 1<<32 {
			over, v = true, 1<<32
		}
	}
}
