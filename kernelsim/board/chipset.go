package board

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A shape is what a function's configuration space looks like at power-on:
// identity, address registers, capabilities in the order of the list, and
// further registers.
type shape struct {
	pcie.Header
	bars []bar
	caps []capability
	regs []register
	msix *msixShape
	// cause tells why the pin is active; nil: nothing does.
	cause *cause
}

// A bar is one base address register.
type bar struct {
	n    int
	kind pcie.BARKind
	size uint64
}

// A register is a run of bytes and which of their bits can be written.
type register struct {
	off         uint16
	value, mask []byte
}

// A capability is one entry of the capability list: its bytes behind the two
// of the header. MSI, whose behavior is modeled, is told by its form.
type capability struct {
	off  uint16
	id   uint8
	body []byte
	mask []byte
}

// A msixShape is where a function keeps its MSI-X table and pending bits.
type msixShape struct {
	off        uint16
	entries    int
	table, pba pcie.Place
}

// build makes the function that a shape describes. Its registers are memory
// without behavior.
func (s shape) build(b *bus.Bus, bdf pcie.BDF, opts ...pcie.Option) *pcie.Func {
	f := pcie.NewFunc(b, bdf, s.Header, opts...)
	for _, r := range s.bars {
		if region := s.region(r.n, f); region != nil {
			f.AddBAR(r.n, r.kind, r.size, region)
			continue
		}
		f.AddBAR(r.n, r.kind, r.size, nil)
	}
	for _, r := range s.regs {
		f.Preset(r.off, r.value, r.mask)
	}
	for _, c := range s.caps {
		s.add(f, c)
	}
	return f
}

// add appends one capability to the list.
func (s shape) add(f *pcie.Func, c capability) {
	switch c.id {
	case pcireg.CapMSI:
		f.AddMSI(c.off, 0, true, false)
	case pcireg.CapMSIX:
		f.AddMSIX(c.off, s.msix.entries, s.msix.table, s.msix.pba)
	default:
		f.AddCap(c.off, c.id, c.body, c.mask)
	}
}

// addChipset plugs in the functions that are part of the board: host bridge,
// ISA bridge and what hangs on them.
func (b *Board) addChipset() error {
	for _, p := range chipset(b.cfg.Machine) {
		f := p.shape.build(b.Bus, p.bdf)
		if err := f.Err(); err != nil {
			return err
		}
		if err := b.PCI.Attach(f, b.intx(p.bdf)); err != nil {
			return err
		}
	}
	if r := pirqRouter(b.cfg.Machine); r.count != 0 {
		b.PCI.Func(r.bdf).OnConfigWrite(func() { b.routePIRQs(r) })
	}
	return nil
}

// A placed shape is one of a chipset's functions.
type placed struct {
	bdf   pcie.BDF
	shape shape
}

// chipset lists a board's own functions.
func chipset(machine string) []placed {
	switch machine {
	case PC:
		return []placed{
			{pcie.MakeBDF(0, 0, 0), host440FX()},
			{pcie.MakeBDF(0, 1, 0), piix3ISA()},
			{pcie.MakeBDF(0, 1, 1), piix3IDE()},
			{pcie.MakeBDF(0, 1, 3), piix4PM()},
		}
	case Q35:
		return []placed{
			{pcie.MakeBDF(0, 0, 0), hostQ35()},
			{pcie.MakeBDF(0, 31, 0), ich9LPC()},
			{pcie.MakeBDF(0, 31, 2), ich9SATA()},
			{pcie.MakeBDF(0, 31, 3), ich9SMBus()},
		}
	}
	return nil
}

// A router is where an ISA bridge keeps the routes of its PIRQ lines: count
// registers, the first four at 0x60, the others at 0x68.
type router struct {
	bdf   pcie.BDF
	count int
}

// pirqRouter is the board's ISA bridge.
func pirqRouter(machine string) router {
	switch machine {
	case PC:
		return router{pcie.MakeBDF(0, 1, 0), 4}
	case Q35:
		return router{pcie.MakeBDF(0, 31, 0), 8}
	}
	return router{}
}

// register is the offset of line n's route.
func (r router) register(n int) uint16 { return 0x60 + uint16(n&3) + uint16(n&4)*2 }

// routePIRQs follows a write to the bridge: bit 7 of a route leads its line
// nowhere, else bits 3:0 are the ISA interrupt (PIIX3 "PIRQRC[A:D]", ICH9
// "PIRQ[n]_ROUT").
func (b *Board) routePIRQs(r router) {
	f := b.PCI.Func(r.bdf)
	for n := range r.count {
		route := f.ConfigRead(r.register(n), 1)
		irq := int(route & 0xf)
		if route&0x80 != 0 || route&0x70 != 0 {
			irq = 0
		}
		if b.pirq[n].irq != irq {
			b.RoutePIRQ(n, irq)
		}
	}
}
