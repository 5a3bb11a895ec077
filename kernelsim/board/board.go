package board

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/i8259"
	"bothhalves/kernelsim/hw/ioapic"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/hw/iommu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/lapic"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pit"
	"bothhalves/kernelsim/sim"
)

// A Board is the hardware around the processors' cores.
type Board struct {
	Bus    *bus.Bus
	Fabric *lapic.Fabric
	APICs  []*lapic.APIC
	IOAPIC *ioapic.IOAPIC
	PIC    *i8259.Pair
	PIT    *pit.PIT
	PCI    *pcie.Root
	IOMMU  *iommu.Unit // nil without interrupt remapping

	cfg     Config
	eng     *sim.Engine
	cores   []cpu.Signals
	nmi     []bool // level of each processor's NMI pin
	devices []*Function
	pirq    [8]pirq
	log     messageLog
	wire    bus.Source // who sent what nobody signed: msi of the bench
}

// New wires a board to the cores of its processors. Each core is told of its
// local APIC by the caller (APICs[n]): the two know each other only by their
// interfaces.
func New(eng *sim.Engine, cores []cpu.Signals, cfg Config) (*Board, error) {
	cfg, err := cfg.withDefaults(len(cores))
	if err != nil {
		return nil, err
	}
	b := &Board{Bus: cfg.Bus, cfg: cfg, eng: eng, cores: cores, nmi: make([]bool, len(cores)), wire: bus.Source{Name: "msi"}}
	b.addAPICs()
	for _, add := range []func() error{b.addIOAPIC, b.addLegacy, b.addPCI, b.addDevices} {
		if err := add(); err != nil {
			return nil, fmt.Errorf("board %s: %w", cfg.Machine, err)
		}
	}
	return b, nil
}

// Config is the configuration with its defaults filled in.
func (b *Board) Config() Config { return b.cfg }

// addAPICs makes the message fabric, a local APIC for each core, and the path
// that all messages take: bus, remapping unit, fabric.
func (b *Board) addAPICs() {
	b.Fabric = lapic.NewFabric(b.eng, b.cfg.Latency)
	b.Fabric.Observe(b.log.note)
	b.Bus.OnMessage(b.route)
	for n, core := range b.cores {
		cfg := lapic.Config{ID: b.cfg.APICID(n), BSP: n == 0,
			X2APIC: b.cfg.X2APIC, TSCDeadline: b.cfg.TSCDeadline,
			CMCI: b.cfg.CMCI, DirectedEOI: b.cfg.DirectedEOI, Version: b.cfg.LAPICVersion,
			BusHz: b.cfg.BusHz, TSCHz: b.cfg.TSCHz}
		if b.cfg.Parts.Arbiter != nil {
			cfg.Arbiter = b.cfg.Parts.Arbiter()
		}
		b.APICs = append(b.APICs, lapic.New(b.eng, b.Fabric, core, cfg))
	}
}

// route leads a device's message on: through the remapping unit if there is
// one, else straight to the APICs. The IOAPIC's messages take this way too.
func (b *Board) route(m bus.Message) {
	if m.From == nil {
		m.From = &b.wire
	}
	b.log.addr, b.log.data = m.Addr, m.Data
	if b.IOMMU != nil {
		b.IOMMU.Translate(m)
	} else if msg, ok := b.decode(m); ok {
		b.Fabric.Send(m.From, msg)
	}
	b.log.addr = 0
}

// decode is the reading of a device's message, if it is one.
func (b *Board) decode(m bus.Message) (msg lapicreg.Message, ok bool) {
	if part := b.cfg.Parts.Decode; part != nil {
		return part(m)
	}
	return lapicreg.FromMSI(uint64(m.Addr), m.Data), true
}

// addIOAPIC maps the IOAPIC; it hears the EOI broadcasts.
func (b *Board) addIOAPIC() error {
	src := &bus.Source{Name: "ioapic0", ID: ioapicRequester}
	b.IOAPIC = ioapic.New(b.route, ioapic.Config{Pins: 24, Version: b.cfg.IOAPICVersion, Source: src, EOI: b.cfg.Parts.EOI})
	b.Fabric.OnEOI(b.IOAPIC.EOI)
	return b.Bus.Map("ioapic", ioapicreg.Base, ioapicreg.Size, b.IOAPIC, 0)
}

// ioapicRequester is the requester ID that interrupt remapping sees in the
// IOAPIC's messages. No function answers there: firmware tells the number in
// the DMAR table (QEMU: Q35_PSEUDO_BUS_PLATFORM).
const ioapicRequester = 0xff << 8

// addPCI makes the root of bus 0, the chipset's own functions, and the
// remapping unit.
func (b *Board) addPCI() error {
	b.PCI = pcie.NewRoot(b.Bus)
	if err := b.PCI.MapPorts(); err != nil {
		return err
	}
	if err := b.addIOMMU(); err != nil {
		return err
	}
	return b.addChipset()
}

// addIOMMU puts the remapping unit between the devices and the APICs.
func (b *Board) addIOMMU() error {
	if !b.cfg.IntRemap {
		return nil
	}
	b.log.unit = &bus.Source{Name: "dmar0"}
	b.IOMMU = iommu.New(b.Bus, b.Fabric.Send, iommu.Config{EIM: b.cfg.X2APIC, Source: b.log.unit})
	return b.Bus.Map("dmar0", iommureg.Base, iommureg.Size, b.IOMMU, 0)
}

// MSI is a device's write of data to addr, as it comes over the wire.
func (b *Board) MSI(addr bus.Addr, data uint32) { b.Bus.DMAWriteFrom(&b.wire, addr, 4, uint64(data)) }

// PinNMI drives the NMI pin of a processor: its rising edge is an NMI.
func (b *Board) PinNMI(cpu int, high bool) {
	if high && !b.nmi[cpu] {
		b.cores[cpu].NMI()
	}
	b.nmi[cpu] = high
}
