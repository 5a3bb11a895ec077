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
		fmt.Fprintf(&b, "%+v: %016x %016x\n", gate, word(raw[:8]), word(raw[8:]))
	}
	return b.String()
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

// decoded shows from which bits of an entry each field is read: each bit in
// turn is turned around.
func (g *Gates) decoded(*cpu.CPU) string {
	base := [gatereg.Size]byte{5: 0x8e}
	was, err := g.Decode(base)
	if err != nil {
		return fmt.Sprintf("an interrupt gate is refused: %v\n", err)
	}
	var b strings.Builder
	for _, f := range []struct {
		name    string
		differs func(a gatereg.Gate) bool
	}{
		{"offset", func(a gatereg.Gate) bool { return a.Offset != was.Offset }},
		{"selector", func(a gatereg.Gate) bool { return a.Selector != was.Selector }},
		{"ist", func(a gatereg.Gate) bool { return a.IST != was.IST }},
		{"type", func(a gatereg.Gate) bool { return a.Type != was.Type }},
		{"dpl", func(a gatereg.Gate) bool { return a.DPL != was.DPL }},
		{"present", func(a gatereg.Gate) bool { return a.Present != was.Present }},
	} {
		fmt.Fprintf(&b, "%s: %s\n", f.name, ranges(func(bit int) bool {
			raw := base
			raw[bit/8] ^= 1 << (bit % 8)
			gate, _ := g.Decode(raw)
			return f.differs(gate)
		}))
	}
	return b.String() + g.back()
}

// back packs and unpacks gates of many kinds.
func (g *Gates) back() string {
	same, n := 0, 0
	for seed := range uint64(200) {
		x := (seed + 1) * 0x9e3779b97f4a7c15
		gate := gatereg.Gate{Offset: x, Selector: uint16(x >> 7), IST: uint8(x>>20) & 7, Type: 0xe + gatereg.GateType(x>>30&1),
			DPL: uint8(x>>33) & 3, Present: x>>40&1 != 0}
		got, err := g.Decode(cpu.EncodeGate(gate))
		if n++; got == gate && (err == nil || !gate.Present) { // whether absent is an error is another file's question
			same++
		}
	}
	return fmt.Sprintf("back from an entry: %d of %d\n", same, n)
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
