package board

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// DumpPCI lists the functions of bus 0 as the QEMU monitor's "info pci" does.
func (b *Board) DumpPCI() string {
	var out strings.Builder
	for _, f := range b.PCI.Funcs() {
		b.dumpFunction(&out, f)
	}
	return out.String()
}

func (b *Board) dumpFunction(out *strings.Builder, f *pcie.Func) {
	bdf, id := f.BDF(), f.ConfigRead(0, 4)
	fmt.Fprintf(out, "  Bus  %d, device %3d, function %d:\n", bdf.Bus(), bdf.Device(), bdf.Function())
	fmt.Fprintf(out, "    %s: PCI device %04x:%04x\n", className(f.ConfigRead(0x0a, 2)), id&0xffff, id>>16)
	if sub := f.ConfigRead(0x2c, 4); sub != 0 {
		fmt.Fprintf(out, "      PCI subsystem %04x:%04x\n", sub&0xffff, sub>>16)
	}
	if pin := f.ConfigRead(pcireg.InterruptPin, 1); pin != 0 {
		fmt.Fprintf(out, "      IRQ %d, pin %c\n", f.ConfigRead(pcireg.InterruptLine, 1), 'A'+pin-1)
	}
	for n := range 6 {
		dumpBAR(out, f, n)
	}
	fmt.Fprintf(out, "      id %q\n", b.nameOf(bdf))
}

// nameOf is the name that a device was given on the command line.
func (b *Board) nameOf(bdf pcie.BDF) string {
	if f := b.function(bdf); f != nil {
		return f.Device.Name
	}
	return ""
}

// dumpBAR prints one base address register; an address of all ones is one that
// leads nowhere.
func dumpBAR(out *strings.Builder, f *pcie.Func, n int) {
	at, size, mapped := f.BAR(n)
	if size == 0 {
		return
	}
	kind := pcie.BARKind(f.ConfigRead(uint16(pcireg.BAR0+4*n), 4) & 0xf)
	last := at + bus.Addr(size-1)
	if !mapped {
		at, last = ^bus.Addr(0), ^bus.Addr(0)
	}
	if kind&pcie.IO != 0 {
		fmt.Fprintf(out, "      BAR%d: I/O at 0x%04x [0x%04x].\n", n, at&0xffff, last&0xffff)
		return
	}
	bits, pref := 32, ""
	if kind&pcie.Memory64 != 0 {
		bits = 64
	}
	if kind&pcie.Prefetch32 != 0 {
		pref = " prefetchable"
	}
	fmt.Fprintf(out, "      BAR%d: %d bit%s memory at 0x%08x [0x%08x].\n", n, bits, pref, uint64(at), uint64(last))
}

// className is how QEMU calls a class and subclass.
func className(class uint32) string {
	for _, c := range []struct {
		class uint32
		name  string
	}{
		{0x0100, "SCSI controller"}, {0x0101, "IDE controller"}, {0x0106, "SATA controller"},
		{0x0200, "Ethernet controller"}, {0x0300, "VGA controller"}, {0x0600, "Host bridge"},
		{0x0601, "ISA bridge"}, {0x0604, "PCI bridge"}, {0x0680, "Bridge"},
		{0x0c03, "USB controller"}, {0x0c05, "SMBus"},
	} {
		if c.class == class {
			return c.name
		}
	}
	return fmt.Sprintf("Class %04d", class)
}

// DumpMSIX prints a function's MSI-X control, table and pending bits, each
// entry as it stands and as the processor's side reads it. QEMU's monitor has
// no such command; the form is that of the recordings' script.
func DumpMSIX(f *pcie.Func) string {
	m, off := f.MSIX(), f.FindCap(pcireg.CapMSIX)
	var out strings.Builder
	fmt.Fprintf(&out, "# %s MSI-X message control 0x%04x (table size %d), table at %s, PBA at %s\n", f.BDF(),
		f.ConfigRead(off+2, 2), m.Len(), placeOf(f, off+4), placeOf(f, off+8))
	out.WriteString("# entry  addr_lo     addr_hi     data        vector_ctrl   decoded\n")
	for k := range m.Len() {
		e := m.Entry(k)
		fmt.Fprintf(&out, "%7d  0x%08x  0x%08x  0x%08x  0x%08x    %s\n", k,
			uint32(e.Addr), uint32(e.Addr>>32), e.Data, e.Control, decodeEntry(e.Addr, e.Data, e.Masked()))
	}
	out.WriteString("PBA:")
	for q := 0; q < m.Len(); q += 32 {
		fmt.Fprintf(&out, " 0x%08x", pendingWord(m, q))
	}
	out.WriteString("\n")
	return out.String()
}

// pendingWord is the 32 pending bits from entry k on.
func pendingWord(m *pcie.MSIX, k int) (word uint32) {
	for i := k; i < min(k+32, m.Len()); i++ {
		if m.Pending(i) {
			word |= 1 << (i - k)
		}
	}
	return word
}

// placeOf is where a capability's offset and BAR number lead.
func placeOf(f *pcie.Func, off uint16) string {
	v := f.ConfigRead(off, 4)
	at, _, mapped := f.BAR(int(v & 7))
	if !mapped {
		return fmt.Sprintf("BAR%d+0x%x", v&7, v&^7)
	}
	return fmt.Sprintf("0x%08x", uint64(at)+uint64(v&^7))
}

// decodeEntry says what a message means to the processors.
func decodeEntry(addr uint64, data uint32, masked bool) string {
	state := pick(masked, "masked", "unmasked")
	if lapicreg.Remappable(addr) && addr>>20 == 0xfee {
		return fmt.Sprintf("remapped handle=%d %s", addr>>5&0x7fff|addr>>2&1<<15, state)
	}
	return fmt.Sprintf("dest=0x%02x RH=%d DM=%s vector=0x%02x(%d) delivery=%d level=%d trigger=%d %s",
		addr>>12&0xff, addr>>3&1, pick(addr&4 != 0, "logical", "physical"), data&0xff, data&0xff,
		data>>8&7, data>>14&1, data>>15&1, state)
}
