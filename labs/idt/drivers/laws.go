package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
)

// limits shows the limit of tables of several sizes.
func (g *Gates) limits(*cpu.CPU) string {
	var b strings.Builder
	for _, n := range []int{1, 32, 255, 256} {
		fmt.Fprintf(&b, "%d gates: limit %d\n", n, g.Limit(n))
	}
	return b.String()
}

// samples are gates of the recorded kernel, and one of each other kind.
func samples() []gatereg.Gate {
	k := func(at uint64, ist, dpl uint8) gatereg.Gate {
		return gatereg.Gate{Offset: at, Selector: 0x10, IST: ist, Type: gatereg.InterruptGate, DPL: dpl, Present: true}
	}
	return []gatereg.Gate{
		k(0xffffffff81c00990, 0, 0), k(0xffffffff81c00cd0, 3, 0), k(0xffffffff81c01650, 2, 0), k(0xffffffff81c00ba0, 0, 3),
		{Offset: 0x123456789abcdef0, Selector: 0x33, IST: 7, Type: gatereg.TrapGate, DPL: 1, Present: true},
		{Offset: 0x0000800000001000, Selector: 0x10, Type: gatereg.InterruptGate},
	}
}

// encoded shows what the samples are packed to, as two quadwords.
func (g *Gates) encoded(*cpu.CPU) string {
	var b strings.Builder
	for _, gate := range samples() {
		raw := g.Encode(gate)
		fmt.Fprintf(&b, "%s: %s\n", spell(gate), words(raw))
	}
	return b.String()
}

// spell writes a gate's fields in a line.
func spell(g gatereg.Gate) string {
	return fmt.Sprintf("offset %#x selector %#x ist %d type %#x dpl %d present %d", g.Offset, g.Selector, g.IST, uint8(g.Type), g.DPL, bit(g.Present))
}

// words are the two quadwords of an entry, the low one first.
func words(raw [gatereg.Size]byte) string {
	return fmt.Sprintf("%016x %016x", word(raw[:8]), word(raw[8:]))
}

// word is a little-endian quadword.
func word(raw []byte) (v uint64) {
	for i := range 8 {
		v |= uint64(raw[i]) << (8 * i)
	}
	return v
}

// A field is one field of a gate with all its bits set, and nothing else.
type field struct {
	name string
	full gatereg.Gate
}

func fieldsOf() []field {
	return []field{
		{"offset", gatereg.Gate{Offset: ^uint64(0)}}, {"selector", gatereg.Gate{Selector: 0xffff}}, {"ist", gatereg.Gate{IST: 7}},
		{"type", gatereg.Gate{Type: 0xf}}, {"dpl", gatereg.Gate{DPL: 3}}, {"present", gatereg.Gate{Present: true}},
	}
}

// fields shows which bits of an entry each field has when it is packed, and
// which it sets without being asked.
func (g *Gates) fields(*cpu.CPU) string {
	var b strings.Builder
	for _, f := range fieldsOf() {
		raw := g.Encode(f.full)
		fmt.Fprintf(&b, "%s: %s\n", f.name, ranges(func(bit int) bool { return raw[bit/8]>>(bit%8)&1 != 0 }))
	}
	raw := g.Encode(gatereg.Gate{})
	fmt.Fprintf(&b, "an empty gate: %s\n", ranges(func(bit int) bool { return raw[bit/8]>>(bit%8)&1 != 0 }))
	return b.String()
}

// A reading is which bits of an entry a field is read from.
type reading struct {
	name    string
	differs func(a, b gatereg.Gate) bool
	bits    [8 * gatereg.Size]bool
}

func readings() []*reading {
	return []*reading{
		{name: "offset", differs: func(a, b gatereg.Gate) bool { return a.Offset != b.Offset }},
		{name: "selector", differs: func(a, b gatereg.Gate) bool { return a.Selector != b.Selector }},
		{name: "ist", differs: func(a, b gatereg.Gate) bool { return a.IST != b.IST }},
		{name: "type", differs: func(a, b gatereg.Gate) bool { return a.Type != b.Type }},
		{name: "dpl", differs: func(a, b gatereg.Gate) bool { return a.DPL != b.DPL }},
		{name: "present", differs: func(a, b gatereg.Gate) bool { return a.Present != b.Present }},
	}
}

// decoded shows from which bits of an entry each field is read: each bit in
// turn is turned around. What is returned beside an error is nobody's
// business, so a refusal counts as a reading of the field whose bit it was;
// bit 44 has no field, and a check of its own.
func (g *Gates) decoded(*cpu.CPU) string {
	base := [gatereg.Size]byte{5: 0x8e}
	was, err := g.Decode(base)
	if err != nil {
		return fmt.Sprintf("an interrupt gate is refused: %v\n", err)
	}
	fields := readings()
	var refused [8 * gatereg.Size]bool
	for i := range 8 * gatereg.Size {
		raw := base
		raw[i/8] ^= 1 << (i % 8)
		gate, err := g.Decode(raw)
		for _, f := range fields {
			f.bits[i] = err == nil && f.differs(gate, was)
		}
		switch {
		case err == nil || i == 44:
		case 40 <= i && i <= 43:
			fields[3].bits[i] = true
		case i == 47:
			fields[5].bits[i] = true
		default:
			refused[i] = true
		}
	}
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\n", f.name, ranges(func(bit int) bool { return f.bits[bit] }))
	}
	fmt.Fprintf(&b, "refused for another bit: %s\n", ranges(func(bit int) bool { return refused[bit] }))
	return b.String()
}

// back packs and unpacks gates of many kinds, and shows the first that comes
// out as another.
func (g *Gates) back(*cpu.CPU) string {
	const n = 200
	same, first := 0, ""
	for seed := range uint64(n) {
		x := (seed + 1) * 0x9e3779b97f4a7c15
		gate := gatereg.Gate{Offset: x, Selector: uint16(x >> 7), IST: uint8(x>>20) & 7, Type: 0xe + gatereg.GateType(x>>30&1),
			DPL: uint8(x>>33) & 3, Present: x>>40&1 != 0}
		raw := cpu.EncodeGate(gate)
		got, err := g.Decode(raw)
		switch {
		case err != nil && !gate.Present, err == nil && got == gate: // whether absent is an error is another file's question
			same++
		case first == "":
			first = fmt.Sprintf("the first that did not come back:\n  in:    %s\n  entry: %s\n  out:   %s\n", spell(gate), words(raw), outcome(got, err))
		}
	}
	return fmt.Sprintf("back from an entry: %d of %d\n%s", same, n, first)
}

// outcome is what DecodeGate returned.
func outcome(g gatereg.Gate, err error) string {
	if err != nil {
		return "refused"
	}
	return spell(g)
}

// refused shows which types are taken for gates.
func (g *Gates) refused(*cpu.CPU) string {
	accepted := func(top byte) string {
		var list []string
		for t := range byte(16) {
			if _, err := g.Decode([gatereg.Size]byte{5: top | t}); err == nil {
				list = append(list, fmt.Sprintf("%#x", t))
			}
		}
		return strings.Join(list, " ")
	}
	return fmt.Sprintf("present: %s\nabsent: %s\nwith bit 44: %s\n", accepted(0x80), accepted(0), accepted(0x90))
}

// ranges lists the bits of an entry for which in holds, as a manual writes
// them.
func ranges(in func(bit int) bool) string {
	var list []string
	for lo := 0; lo < 8*gatereg.Size; lo++ {
		if !in(lo) {
			continue
		}
		hi := lo
		for hi+1 < 8*gatereg.Size && in(hi+1) {
			hi++
		}
		if hi == lo {
			list = append(list, fmt.Sprint(lo))
		} else {
			list = append(list, fmt.Sprintf("%d:%d", hi, lo))
		}
		lo = hi
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, " ")
}
