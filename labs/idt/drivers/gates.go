// Package drivers holds what the lab's tasks load into the machine: modules
// that look at what a student's part did, and devices that interrupt each
// other.
package drivers

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/machine"
)

// Gates are the functions of the task idt-gate.
//
// A table that is wrong in one bit ends a kernel in places that have nothing
// to do with the fault. So the kernel boots on its own functions; the files of
// the module gates say what the student's do; and /proc/gates/kernel puts them
// in, if the kernel's whole table comes out of them as it was.
type Gates struct {
	Encode func(gatereg.Gate) [gatereg.Size]byte
	Decode func([gatereg.Size]byte) (gatereg.Gate, error)
	Limit  func(gates int) uint16

	live bool // the processors decode with Decode
}

// Default are the machine's own functions.
func Default() *Gates {
	return &Gates{Encode: cpu.EncodeGate, Decode: cpu.DecodeGate,
		Limit: func(gates int) uint16 { return uint16(gates*gatereg.Size - 1) }}
}

// Parts plugs the functions in, with the module gates.
func (g *Gates) Parts() []machine.Part {
	return []machine.Part{machine.WithEncodeGate(g.boot), machine.WithDecodeGate(g.decode), machine.WithModule(g.module())}
}

// boot is the kernel's own pack_gate: while the table is built nothing is
// live.
func (g *Gates) boot(gate gatereg.Gate) [gatereg.Size]byte {
	g.live = false
	return cpu.EncodeGate(gate)
}

// decode is what a processor does with a gate.
func (g *Gates) decode(raw [gatereg.Size]byte) (gatereg.Gate, error) {
	if g.live {
		return g.Decode(raw)
	}
	return cpu.DecodeGate(raw)
}

// module is what a script loads to look.
func (g *Gates) module() machine.Module {
	m := machine.Module{Name: "gates"}
	for _, f := range []struct {
		name string
		read func(c *cpu.CPU) string
	}{
		{"limit", g.limits}, {"encode", g.encoded}, {"fields", g.fields}, {"decode", g.decoded}, {"back", g.back}, {"refuse", g.refused},
		{"kernel", g.use}, {"faults", g.faults},
	} {
		m.Files = append(m.Files, machine.File{Name: "gates/" + f.name, Read: f.read})
	}
	return m
}

// lawful says whether the kernel's table comes out of the functions as it is.
func (g *Gates) lawful(c *cpu.CPU) bool {
	for v := range c.IDT()[:256*gatereg.Size] {
		if v%gatereg.Size != 0 {
			continue
		}
		raw := [gatereg.Size]byte(c.IDT()[v:])
		gate, err := g.Decode(raw)
		if err != nil || g.Encode(gate) != raw {
			return false
		}
	}
	return g.Limit(256) == c.SIDT().Limit
}

// use makes the kernel's table anew with the functions, has every processor
// load it, and lets them decode with them from here on.
func (g *Gates) use(c *cpu.CPU) string {
	if !g.lawful(c) {
		return "these gates cannot carry a kernel: it keeps its own\n"
	}
	flags := c.SaveFlags()
	for at := 0; at < len(c.IDT()); at += gatereg.Size {
		gate, _ := g.Decode([gatereg.Size]byte(c.IDT()[at:]))
		raw := g.Encode(gate)
		copy(c.IDT()[at:], raw[:])
	}
	for _, p := range c.Peers {
		p.LIDT(cpu.IDTR{Base: p.SIDT().Base, Limit: g.Limit(256)}, p.IDT())
	}
	g.live = true
	forget(c.Text())
	c.RestoreFlags(flags)
	return "the kernel runs on these gates\n"
}

// forget makes the processors decode every gate anew.
func forget(t *cpu.Text) { t.Put(0, "", nil) }
