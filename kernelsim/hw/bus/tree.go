package bus

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// flatten decides the overlaps: between any two neighbouring borders the
// mapping of the highest priority answers.
func (b *Bus) flatten() {
	b.flat = b.flat[:0]
	starts := b.borders()
	for i, base := range starts {
		m := b.topmost(base)
		if m == nil {
			continue
		}
		last := m.last
		if i+1 < len(starts) {
			last = min(last, starts[i+1]-1)
		}
		if n := len(b.flat); n > 0 && b.flat[n-1].to == m && b.flat[n-1].last == base-1 {
			b.flat[n-1].last = last
			continue
		}
		b.flat = append(b.flat, span{base, last, m})
	}
}

// borders are the addresses at which the answer may change, in order.
func (b *Bus) borders() []Addr {
	var out []Addr
	for _, m := range b.maps {
		out = append(out, m.base)
		if end := m.last + 1; end != 0 {
			out = append(out, end)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// topmost is the mapping of highest priority at an address.
func (b *Bus) topmost(a Addr) *mapping {
	var top *mapping
	for _, m := range b.maps {
		if m.base <= a && a <= m.last && (top == nil || m.prio > top.prio) {
			top = m
		}
	}
	return top
}

// Tree lists what is mapped, in the manner of the QEMU monitor's "info
// mtree": by address, the higher priority first where two begin together.
func (b *Bus) Tree() string {
	lines := slices.Clone(b.maps)
	if b.message != nil {
		lines = append(lines, &mapping{name: "apic-msi", base: MessageBase, last: MessageLast, prio: 4096})
	}
	slices.SortStableFunc(lines, func(x, y *mapping) int {
		return cmp.Or(cmp.Compare(x.base, y.base), cmp.Compare(y.prio, x.prio))
	})
	var out strings.Builder
	out.WriteString("address-space: memory\n  0000000000000000-ffffffffffffffff (prio 0, i/o): system\n")
	for _, m := range lines {
		kind := "i/o"
		if m.ram != nil {
			kind = "ram"
		}
		fmt.Fprintf(&out, "    %016x-%016x (prio %d, %s): %s\n", m.base, m.last, m.prio, kind, m.name)
	}
	return out.String()
}
