package board

import (
	"slices"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/i8259/i8259reg"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// What a firmware of the kind of SeaBIOS does before a kernel runs: it sets
// the chipset up, gives each base address register a place and each pin an
// interrupt, and switches decoding on. It works through configuration space
// alone.

// Where firmware places things: I/O from 0xc000 up, memory below the IOAPIC.
const (
	firmwareIO  = 0xc000
	firmwareTop = ioapicreg.Base
	pmBase      = 0x600 // ACPI registers; the SMBus's follow at 0x700
	mmconfig    = 0xb000_0000
)

// The offsets that firmware uses in the host bridges.
const (
	pamPC, smramPC   = 0x59, 0x72
	pamQ35, smramQ35 = 0x90, 0x9d
	pciexbar         = 0x60
)

// assignBARs runs the firmware. The bare machine has none.
func (b *Board) assignBARs() error {
	switch b.cfg.Machine {
	case PC:
		b.routers(10, 10, 11, 11)
	case Q35:
		b.config(pcie.MakeBDF(0, 0, 0), pciexbar+4, 4, 0)
		b.config(pcie.MakeBDF(0, 0, 0), pciexbar, 4, mmconfig|1)
		if err := b.PCI.MapECAM(bus.Addr(mmconfig)); err != nil {
			return err
		}
		b.routers(10, 10, 11, 11)
	default:
		return nil
	}
	b.placeBARs()
	for _, f := range b.PCI.Funcs() {
		b.initFunction(f)
	}
	b.lockSystemManagement()
	return nil
}

// config writes to configuration space.
func (b *Board) config(bdf pcie.BDF, off uint16, size int, v uint32) {
	b.PCI.ConfigWrite(bdf, off, size, v)
}

// routers leads the PIRQ lines to ISA interrupts, lines E to H as A to D, and
// makes those interrupts level triggered in the edge/level control registers.
func (b *Board) routers(irqs ...int) {
	r := pirqRouter(b.cfg.Machine)
	elcr := 0
	for n := range r.count {
		irq := irqs[n&3]
		elcr |= 1 << irq
		b.config(r.bdf, r.register(n), 1, uint32(irq))
	}
	b.Bus.Out(i8259reg.MasterELCR, 1, uint32(elcr&0xff))
	b.Bus.Out(i8259reg.SlaveELCR, 1, uint32(elcr>>8))
}

// initFunction is what each function gets: Interrupt Line, the settings of its
// kind, then decoding and SERR#.
func (b *Board) initFunction(f *pcie.Func) {
	if pin := f.ConfigRead(pcireg.InterruptPin, 1); pin != 0 {
		f.ConfigWrite(pcireg.InterruptLine, 1, uint32(b.slotIRQ(f.BDF(), int(pin))))
	}
	b.initChip(f)
	command := f.ConfigRead(pcireg.CommandReg, 2)
	f.ConfigWrite(pcireg.CommandReg, 2, command|pcireg.CommandIO|pcireg.CommandMemory|pcireg.CommandSERR)
}

// slotIRQ is the interrupt that a pin is led to: pins go round by device
// number, but for the functions of the ICH9.
func (b *Board) slotIRQ(bdf pcie.BDF, pin int) int {
	dev, irqs := int(bdf)>>3&31, [4]int{10, 10, 11, 11}
	switch {
	case b.cfg.Machine == PC:
		return irqs[(pin-1+dev-1)&3]
	case dev <= 24:
		return irqs[(pin-1+dev)&3]
	}
	return irqs[(pin-1)&3]
}

// initChip sets a chipset function up.
func (b *Board) initChip(f *pcie.Func) {
	set := f.ConfigWrite
	switch f.ConfigRead(0, 4) >> 16 {
	case 0x7010: // PIIX3: both channels on
		set(0x40, 2, 0x8000)
		set(0x42, 2, 0x8000)
	case 0x7113: // PIIX4: interrupt 9 is hardwired; registers for ACPI and SMBus
		set(pcireg.InterruptLine, 1, 9)
		set(0x40, 4, pmBase|1)
		set(0x80, 1, 1)
		set(0x90, 4, pmBase+0x100|1)
		set(0xd2, 1, 9)
	case 0x2918: // ICH9: registers for ACPI, root complex registers
		set(0x40, 4, pmBase|1)
		set(0x44, 1, 0x80)
		set(0xf0, 4, 0xfed1_c001)
	case 0x2930: // ICH9: SMBus beside the ACPI registers, host controller on
		set(0x20, 4, pmBase+0x100|1)
		set(0x40, 1, 1)
	case 0x1237:
		b.shadowROM(f.BDF(), pamPC)
	case 0x29c0:
		b.shadowROM(f.BDF(), pamQ35)
	}
}

// shadowROM leads reads of 0xc0000 to 0xfffff to memory, and writes of the
// expansion ROMs' part that stays writable (PAM registers).
func (b *Board) shadowROM(host pcie.BDF, pam uint16) {
	for i, v := range [7]uint32{0x10, 0x11, 0x11, 0x11, 0x11, 0x11, 0x33} {
		b.config(host, pam+uint16(i), 1, v)
	}
}

// lockSystemManagement is the end: system management memory is closed, its
// interrupt on, and the AHCI controller left as firmware's own driver had it.
func (b *Board) lockSystemManagement() {
	switch b.cfg.Machine {
	case PC:
		b.config(pcie.MakeBDF(0, 1, 3), 0x58, 4, 1<<25)
		b.config(0, smramPC, 1, 0x0a)
	case Q35:
		b.config(pcie.MakeBDF(0, 31, 0), 0xa0, 1, 1<<4)
		b.config(0, smramQ35, 1, 0x0a)
		sata := b.PCI.Func(pcie.MakeBDF(0, 31, 2))
		sata.ConfigWrite(pcireg.CommandReg, 2, sata.ConfigRead(pcireg.CommandReg, 2)|pcireg.CommandMaster)
	}
}

// A window is one base address register that waits for its place.
type window struct {
	f    *pcie.Func
	off  uint16
	size uint64 // 4 KiB at least in memory; the alignment too
	wide bool   // a 64-bit register
}

// A region is what is placed together: I/O, memory, prefetchable memory.
type region []window

// placeBARs gives every base address register its place (SeaBIOS:
// src/fw/pciinit.c). Each region holds its largest windows lowest; of the two
// memory regions the one with the stricter alignment lies lower, and both
// reach down from the top.
func (b *Board) placeBARs() {
	var io, mem, pref region
	for _, f := range b.PCI.Funcs() {
		collect(f, &io, &mem, &pref)
	}
	io.place(ioBase(io.sum()))
	upper, lower := pref, mem
	if mem.align() < pref.align() {
		upper, lower = mem, pref
	}
	base := upper.below(firmwareTop)
	upper.place(base)
	lower.place(lower.below(base))
}

// ioBase is where the I/O region begins: where there is always room, unless
// it is too small.
func ioBase(sum uint64) uint64 {
	if sum < 0x4000 {
		return firmwareIO
	}
	return 0x1000
}

// collect sizes a function's base address registers and sorts them into their
// regions.
func collect(f *pcie.Func, io, mem, pref *region) {
	for off := uint16(0x10); off < 0x28; off += 4 {
		w, kind := size(f, off)
		switch {
		case w.size == 0:
			continue
		case kind&1 != 0:
			io.add(w)
		case kind&8 != 0:
			w.size = max(w.size, 0x1000)
			pref.add(w)
		default:
			w.size = max(w.size, 0x1000)
			mem.add(w)
		}
		if w.wide {
			off += 4
		}
	}
}

// size finds how many bytes a register wants: the address bits that cannot be
// written. Of a 64-bit register the low half tells, as no window here reaches
// 4 GiB.
func size(f *pcie.Func, off uint16) (w window, kind uint32) {
	old := f.ConfigRead(off, 4)
	f.ConfigWrite(off, 4, 0xffff_ffff)
	v := f.ConfigRead(off, 4)
	f.ConfigWrite(off, 4, old)
	flags := uint32(0xf)
	if v&1 != 0 {
		flags = 3
		v |= 0xffff_0000
	}
	if v&^flags == 0 {
		return window{}, v
	}
	return window{f, off, uint64(^(v &^ flags)) + 1, v&1 == 0 && v&6 == 4}, v
}

// add puts a window behind those that are as large.
func (r *region) add(w window) {
	i := slices.IndexFunc(*r, func(x window) bool { return x.size < w.size })
	if i < 0 {
		i = len(*r)
	}
	*r = slices.Insert(*r, i, w)
}

func (r region) sum() (n uint64) {
	for _, w := range r {
		n += w.size
	}
	return n
}

// align is the alignment of the whole: that of its first window.
func (r region) align() uint64 {
	if len(r) == 0 {
		return 1
	}
	return r[0].size
}

// below is the highest base from which the region ends below a limit.
func (r region) below(limit uint64) uint64 { return (limit - r.sum()) &^ (r.align() - 1) }

// place writes the addresses, from base up.
func (r region) place(base uint64) {
	for _, w := range r {
		w.f.ConfigWrite(w.off, 4, uint32(base))
		if w.wide {
			w.f.ConfigWrite(w.off+4, 4, uint32(base>>32))
		}
		base += w.size
	}
}
