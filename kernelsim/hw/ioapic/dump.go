package ioapic

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
)

// Dump is the state as the QEMU monitor prints it ("info pic",
// hw/intc/ioapic_common.c): it is compared with recordings byte for byte. Its
// "IRR" is the list of level-triggered pins that are active.
func (io *IOAPIC) Dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ioapic0: ver=0x%x id=0x%02x sel=0x%02x", io.cfg.Version, io.id>>24, io.index)
	if io.index != 0 {
		// The monitor counts from the table even when the index lies below.
		fmt.Fprintf(&b, " (redir[%d])", uint32((int32(io.index)-ioapicreg.IndexTable)>>1))
	}
	b.WriteByte('\n')
	var irr, remote []int
	for n, e := range io.entry {
		b.WriteString(line(n, e))
		if e.Level() && io.active(n) {
			irr = append(irr, n)
		}
		if e.RemoteIRR() {
			remote = append(remote, n)
		}
	}
	return b.String() + pins("IRR", irr) + pins("Remote IRR", remote)
}

// line is one entry. Of a physical destination the monitor shows four bits,
// as many as an APIC ID had on the serial bus.
func line(n int, e ioapicreg.RedirectionEntry) string {
	dest, destMode, polarity, trigger, masked := e.Dest()&0xf, "physical", "active-hi", "edge", ""
	if e.Logical() {
		dest, destMode = e.Dest(), "logical"
	}
	if e.ActiveLow() {
		polarity = "active-lo"
	}
	if e.Level() {
		trigger = "level"
	}
	if e.Masked() {
		masked = "masked"
	}
	return fmt.Sprintf("  pin %-2d 0x%016x dest=%x vec=%-3d %s %-5s %-6s %-6s %s\n",
		n, uint64(e), dest, e.Vector(), polarity, trigger, masked, e.Mode(), destMode)
}

// pins is a list of pins with its name.
func pins(name string, list []int) string {
	if len(list) == 0 {
		return fmt.Sprintf("  %-8s (none)\n", name)
	}
	s := fmt.Sprintf("  %-8s ", name)
	for _, n := range list {
		s += fmt.Sprintf("%-2d ", n)
	}
	return s + "\n"
}
