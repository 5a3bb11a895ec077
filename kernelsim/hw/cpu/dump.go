package cpu

import (
	"encoding/binary"
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu/gatereg"
)

// DumpIDT prints the table that IDTR points to, one line a gate: the raw
// quadwords, what they mean, and what stands at the handler's address. QEMU's
// monitor has no such command on x86; the form is that of a script that reads
// the table through it.
func (c *CPU) DumpIDT() string {
	var b strings.Builder
	n := c.gates()
	fmt.Fprintf(&b, "# IDT base %#x limit %#x (CPU %d's IDTR); %d gates of %d bytes, read through the monitor\n",
		c.idtr.Base, c.idtr.Limit, c.ID, n, gatereg.Size)
	b.WriteString("# vec   low qword           high qword          offset              sel   ist type            dpl p  handler (/proc/kallsyms)\n")
	for v := range n {
		b.WriteString(c.GateLine(Vector(v)))
	}
	return b.String()
}

// gates is how many entries lie within the limit.
func (c *CPU) gates() int {
	return min((int(c.idtr.Limit)+1)/gatereg.Size, len(c.idt)/gatereg.Size, 256)
}

// GateLine is the line of one gate. It is decoded as the manual says, whatever
// part the processor has been given for that.
func (c *CPU) GateLine(v Vector) string {
	if int(v) >= c.gates() {
		return fmt.Sprintf("0x%02x  beyond the limit 0x%x: #GP\n", uint8(v), c.idtr.Limit)
	}
	raw := [gatereg.Size]byte(c.idt[int(v)*gatereg.Size:])
	g, _ := DecodeGate(raw)
	name := c.text.Name(g.Offset)
	if name == "" {
		name = "-"
	}
	return fmt.Sprintf("0x%02x  0x%016x  0x%016x  0x%016x  0x%02x  %-3d %-15s %-3d %d  %s\n", uint8(v),
		binary.LittleEndian.Uint64(raw[:8]), binary.LittleEndian.Uint64(raw[8:]),
		g.Offset, g.Selector, g.IST, g.Type, g.DPL, present(g), name)
}

// present is the P bit.
func present(g gatereg.Gate) int {
	if g.Present {
		return 1
	}
	return 0
}
