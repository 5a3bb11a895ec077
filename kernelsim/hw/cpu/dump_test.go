package cpu_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/reg"
	"bothhalves/kernelsim/sim"
)

// info idt: one line a gate within the limit, none decoded by the part.
func TestDumpIDT(t *testing.T) {
	eng := sim.New(1)
	defer eng.Close()
	c := cpu.New(cpu.Setup{Proc: eng.Proc(0), Decode: func([gatereg.Size]byte) (gatereg.Gate, error) { panic("the part") }})
	table := make([]byte, 4*gatereg.Size)
	for v, g := range []gatereg.Gate{
		{Offset: 0xffffffff81c00990, Selector: 0x10, Type: gatereg.InterruptGate, Present: true},
		{Offset: 0x1000, Selector: 8, IST: 3, Type: gatereg.TrapGate, DPL: 3},
	} {
		raw := cpu.EncodeGate(g)
		copy(table[v*gatereg.Size:], raw[:])
	}
	c.Text().Put(0xffffffff81c00990, "asm_exc_divide_error", nil)
	c.LIDT(cpu.IDTR{Base: 0xfffffe0000000000, Limit: 4*16 - 2}, table)
	want := `# IDT base 0xfffffe0000000000 limit 0x3e (CPU 0's IDTR); 3 gates of 16 bytes, read through the monitor
# vec   low qword           high qword          offset              sel   ist type            dpl p  handler (/proc/kallsyms)
0x00  0x81c08e0000100990  0x00000000ffffffff  0xffffffff81c00990  0x10  0   interrupt-gate  0   1  asm_exc_divide_error
0x01  0x00006f0300081000  0x0000000000000000  0x0000000000001000  0x08  3   trap-gate       3   0  -
0x02  0x0000000000000000  0x0000000000000000  0x0000000000000000  0x00  0   type-0x0        0   0  -
`
	if got := c.DumpIDT(); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := c.GateLine(3); got != "0x03  beyond the limit 0x3e: #GP\n" {
		t.Errorf("behind the limit: %s", got)
	}
	c.LIDT(cpu.IDTR{Limit: 4*16 - 1}, table)
	if n := strings.Count(c.DumpIDT(), "\n"); n != 2+4 {
		t.Errorf("%d lines where the limit is the last byte of the fourth gate", n)
	}
	c.LIDT(cpu.IDTR{Limit: 0xffff}, table) // more than there is
	if n := strings.Count(c.DumpIDT(), "\n"); n != 2+4 {
		t.Errorf("%d lines of a table of four", n)
	}
	big := make([]byte, 257*gatereg.Size)
	c.LIDT(cpu.IDTR{Limit: 0xffff}, big)
	if n := strings.Count(c.DumpIDT(), "\n"); n != 2+256 {
		t.Errorf("%d lines of a table that is too long", n)
	}
}

// Which bits each field has, of which no two share one.
func TestGateFields(t *testing.T) {
	names := func(l reg.Layout) (out []string) {
		for _, n := range l {
			out = append(out, fmt.Sprintf("%s %d:%d", n.Name, n.Field.Hi, n.Field.Lo))
		}
		return out
	}
	low := []string{"offset 15:0 15:0", "selector 31:16", "ist 34:32", "type 43:40", "dpl 46:45", "present 47:47", "offset 31:16 63:48"}
	if got := names(gatereg.Low()); !slices.Equal(got, low) {
		t.Errorf("low: %q", got)
	}
	if got := names(gatereg.High()); !slices.Equal(got, []string{"offset 63:32 31:0"}) {
		t.Errorf("high: %q", got)
	}
}
