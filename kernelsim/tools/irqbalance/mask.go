package irqbalance

import (
	"fmt"
	"strconv"
	"strings"
)

// maxCPUs is how many processors the program can name.
const maxCPUs = 4096

// A mask is a set of processors.
type mask [maxCPUs / 32]uint32

// all is the set of all processors that can be named.
func all() (m mask) {
	for i := range m {
		m[i] = ^uint32(0)
	}
	return m
}

func (m *mask) add(n int) {
	if n >= 0 && n < maxCPUs {
		m[n/32] |= 1 << (n % 32)
	}
}

func (m mask) has(n int) bool { return n >= 0 && n < maxCPUs && m[n/32]>>(n%32)&1 != 0 }

func (m mask) and(o mask) mask {
	for i := range m {
		m[i] &= o[i]
	}
	return m
}

func (m mask) or(o mask) mask {
	for i := range m {
		m[i] |= o[i]
	}
	return m
}

func (m mask) not() mask {
	for i := range m {
		m[i] = ^m[i]
	}
	return m
}

func (m mask) intersects(o mask) bool { return m.and(o) != mask{} }

func (m mask) count() (n int) {
	for id := range maxCPUs {
		if m.has(id) {
			n++
		}
	}
	return n
}

// String is the mask as smp_affinity has it: groups of 32 bits, the highest
// one that is not zero first.
func (m mask) String() string {
	i := len(m) - 1
	for i > 0 && m[i] == 0 {
		i--
	}
	text := fmt.Sprintf("%08x", m[i])
	for i--; i >= 0; i-- {
		text += fmt.Sprintf(",%08x", m[i])
	}
	return text
}

// parseMask reads groups of hexadecimal digits.
func parseMask(text string) (m mask, err error) {
	groups := strings.Split(text, ",")
	if len(groups) > len(m) {
		return m, fmt.Errorf("mask %.20q: more than %d processors", text, maxCPUs)
	}
	for i, g := range groups {
		v, err := strconv.ParseUint(g, 16, 32)
		if err != nil {
			return mask{}, fmt.Errorf("mask %.20q: %.20q are not hexadecimal digits of 32 bits", text, g)
		}
		m[len(groups)-1-i] = uint32(v)
	}
	return m, nil
}

// parseList reads a list such as 0-3,8.
func parseList(text string) (m mask, err error) {
	if text == "" {
		return m, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		lo, hi, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(lo)
		to := from
		if err == nil && isRange {
			to, err = strconv.Atoi(hi)
		}
		if err != nil || from < 0 || to >= maxCPUs || to < from {
			return mask{}, fmt.Errorf("list %.20q: %.20q is no range of processors", text, part)
		}
		for n := from; n <= to; n++ {
			m.add(n)
		}
	}
	return m, nil
}
