package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/idt"
)

// probed is the vector whose gate is spoiled: no driver has it.
const probed cpu.Vector = 0x60

// faults spoils a gate in several ways and goes through it, by INT n but for
// one line.
func (g *Gates) faults(c *cpu.CPU) string {
	flags := c.SaveFlags() // the table is not fit for anybody else meanwhile
	defer c.RestoreFlags(flags)
	p := &probe{g: g, c: c}
	p.listen(probed)
	defer p.leave()
	whole := c.SIDT()
	typed := func(t gatereg.GateType, present bool) func() {
		return func() { p.gate(gatereg.Gate{Offset: idt.Stub(probed), Selector: 0x10, Type: t, Present: present}) }
	}
	p.try("as it is", func() {})
	p.try("absent", typed(gatereg.InterruptGate, false))
	p.tryBy("absent, and a device's message comes", typed(gatereg.InterruptGate, false), p.message)
	p.try("a trap gate", typed(gatereg.TrapGate, true))
	p.try("a call gate", typed(0xc, true))
	p.try("a task gate", typed(5, true))
	p.try("an absent call gate", typed(0xc, false))
	p.try("zeros", func() { clear(p.entry()) })
	p.try("the last in the table", func() { c.LIDT(cpu.IDTR{Base: whole.Base, Limit: g.Limit(int(probed) + 1)}, c.IDT()) })
	p.try("behind the table", func() { c.LIDT(cpu.IDTR{Base: whole.Base, Limit: g.Limit(int(probed))}, c.IDT()) })
	c.LIDT(whole, c.IDT())
	p.try("from a program", func() { c.CPL = 3 })
	p.try("from a program, DPL 3", func() {
		p.gate(gatereg.Gate{Offset: idt.Stub(probed), Selector: 0x10, Type: gatereg.InterruptGate, DPL: 3, Present: true})
		c.CPL = 3
	})
	return p.text.String()
}

// A probe listens where the gates lead.
type probe struct {
	g    *Gates
	c    *cpu.CPU
	was  []placed
	seen string
	text strings.Builder
}

// placed is what stood at an address.
type placed struct {
	addr uint64
	name string
	code cpu.Code
}

// listen puts code that takes notes where #NP, #GP, #DF and a vector lead.
func (p *probe) listen(v cpu.Vector) {
	p.replace(idt.Address("asm_exc_segment_not_present"), "#NP")
	p.replace(idt.Address("asm_exc_general_protection"), "#GP")
	p.replace(idt.Address("asm_exc_double_fault"), "#DF")
	p.replace(idt.Stub(v), "arrives")
}

func (p *probe) replace(addr uint64, what string) {
	t := p.c.Text()
	p.was = append(p.was, placed{addr, t.Name(addr), t.Code(addr)})
	t.Put(addr, what, func(c *cpu.CPU, f *cpu.Frame) {
		if p.seen += what; f.HasErrorCode {
			p.seen += fmt.Sprintf(", error code %#x", f.ErrorCode)
		}
	})
}

// leave puts the kernel's code back.
func (p *probe) leave() {
	for _, w := range p.was {
		p.c.Text().Put(w.addr, w.name, w.code)
	}
}

// entry is the probed gate's place in the table.
func (p *probe) entry() []byte {
	at := int(probed) * gatereg.Size
	return p.c.IDT()[at : at+gatereg.Size]
}

func (p *probe) gate(g gatereg.Gate) {
	raw := p.g.Encode(g)
	copy(p.entry(), raw[:])
}

// try spoils, executes INT n, and mends.
func (p *probe) try(name string, spoil func()) {
	p.tryBy(name, spoil, func() { p.c.INT(probed) })
}

// tryBy goes through the spoiled gate in some way.
func (p *probe) tryBy(name string, spoil, through func()) {
	saved := [gatereg.Size]byte(p.entry())
	p.seen = ""
	spoil()
	through()
	p.c.CPL = 0
	copy(p.entry(), saved[:])
	fmt.Fprintf(&p.text, "%s: %s\n", name, p.seen)
}

// message lets the vector come through the local APIC, and ends it there, as
// the code behind the gate would have.
func (p *probe) message() {
	apic.SendSelf(p.c, probed)
	work(p.c)
	p.c.STI()
	p.c.CLI()
	if apic.InService(p.c, probed) {
		apic.EOI(p.c)
	}
}
