package shell

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/kernel/idt"
)

// infoIDT prints the whole interrupt descriptor table, or one gate with all
// that leads to it and what its stub pushes.
func (c *Call) infoIDT(args []string) error {
	p := c.Machine().CPUs()[0]
	if len(args) == 0 {
		c.Printf("%s", p.DumpIDT())
		return nil
	}
	n, err := c.number("VECTOR", args[0], 0, 255)
	if err != nil {
		return err
	}
	v := cpu.Vector(n)
	c.Printf("%s", p.GateLine(v))
	at := int(v) * gatereg.Size
	if at+gatereg.Size > min(int(p.SIDT().Limit)+1, len(p.IDT())) {
		return nil
	}
	c.Printf("address: 0x%016x = base 0x%x + 16*0x%02x\n", p.SIDT().Base+uint64(at), p.SIDT().Base, n)
	raw := [gatereg.Size]byte(p.IDT()[at:])
	c.gateFields(raw)
	c.gateStub(v, raw)
	return nil
}

// gateFields prints the two quadwords field by field.
func (c *Call) gateFields(raw [gatereg.Size]byte) {
	c.Printf("low:     %s\n", gatereg.Low().String(little(raw[:8])))
	c.Printf("high:    %s\n", gatereg.High().String(little(raw[8:16])))
}

// little is a little-endian quadword.
func little(b []byte) (v uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v
}

// gateStub says how the vector reaches C: what the stub pushes, and what is
// then found in the slot of the error code. An exception's function and a
// system vector's know their vector: there is nothing to push.
func (c *Call) gateStub(v cpu.Vector, raw [gatereg.Size]byte) {
	r := c.Machine().Release()
	g, err := cpu.DecodeGate(raw)
	if err != nil || v < idt.FirstExternal {
		return
	}
	switch g.Offset {
	case idt.Stub(v), idt.SpuriousStub(v):
		c.Printf("stub:    push $%s, then C finds orig_ax = 0x%016x (%s)\n",
			signedHex(idt.Push(v, r.ABI)), uint64(idt.Pushed(v, r.ABI)), r.ABI)
	}
}

// signedHex writes a signed byte as an assembler does.
func signedHex(n int8) string {
	if n < 0 {
		return fmt.Sprintf("-%#x", -int(n))
	}
	return fmt.Sprintf("%#x", n)
}
