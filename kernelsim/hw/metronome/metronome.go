// Package metronome is a device that interrupts in time: so many beats, so far
// apart, on one entry of its MSI-X table or on several at once. It tells when a
// beat was, so that a driver can say how late it is. No such device is sold; it
// is the signal generator of a laboratory, as a PCI function.
package metronome

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/reg"
	"bothhalves/kernelsim/sim"
)

// Registers in BAR0, 64 bits each.
const (
	Period  = 0x00 // nanoseconds from beat to beat
	Entries = 0x08 // bit k: entry k takes part
	Beats   = 0x10 // writing a number lets so many beats follow, the first a period from now
	Beat    = 0x40 // of entry k at Beat + 8k; see BeatLayout
)

// MaxEntries is how many entries the table can have.
const MaxEntries = 8

// The shape of the function: BAR0 has the registers, BAR1 the table.
const (
	bytes   = 0x1000
	table   = 0x1000
	pending = 0x800
	msix    = 0x40
)

// BeatLayout is the layout of an entry's register: how many beats there were
// since it was read, and the time of the first of them in nanoseconds, modulo
// 2³². Reading clears it.
func BeatLayout() reg.Layout {
	return reg.Layout{reg.Number("beats", 63, 32), reg.Number("first", 31, 0)}
}

// A Device is the function.
type Device struct {
	*pcie.Func
	eng  *sim.Engine
	next sim.Event
	left uint64
	regs *reg.Map
}

// New makes a device with so many entries, 1 to MaxEntries.
func New(eng *sim.Engine, b *bus.Bus, bdf pcie.BDF, entries int, opts ...pcie.Option) *Device {
	d := &Device{eng: eng}
	d.next = sim.Event{Name: "metronome", Fire: func(sim.Time) { d.tick() }}
	d.regs = d.registers()
	d.Func = pcie.NewFunc(b, bdf, pcie.Header{
		Name: "metronome", Vendor: 0x1234, Device: 0x0006, SubVendor: 0x1af4, SubDevice: 0x1100,
		Class: 0xff0000,
	}, opts...)
	d.AddBAR(0, pcie.Memory32, bytes, d.regs)
	d.AddBAR(1, pcie.Memory32, table, nil)
	d.AddMSIX(msix, min(max(entries, 1), MaxEntries), pcie.Place{BAR: 1}, pcie.Place{BAR: 1, Off: pending})
	return d
}

// registers lays out BAR0.
func (d *Device) registers() *reg.Map {
	const all = 0xffff_ffff
	return reg.Must(reg.New("metronome", 8,
		reg.Register{Offset: Period, Name: "PERIOD", Size: 8, RW: all, Layout: reg.Layout{reg.Number("ns", 31, 0)}},
		reg.Register{Offset: Entries, Name: "ENTRIES", Size: 8, RW: 1<<MaxEntries - 1},
		reg.Register{Offset: Beats, Name: "BEATS", Size: 8, RW: all, Layout: reg.Layout{reg.Number("beats", 31, 0)}, Write: func(reg.Written) { d.start() }},
		reg.Gap(Beats+8, Beat-Beats-8),
		reg.Register{Offset: Beat, Name: "BEAT", Size: 8, Count: MaxEntries, RC: ^uint64(0), Layout: BeatLayout()},
		reg.Gap(Beat+8*MaxEntries, bytes-Beat-8*MaxEntries),
	))
}

// start begins anew with what the registers say. A period of nothing is one of
// a nanosecond.
func (d *Device) start() {
	d.eng.Disarm(&d.next)
	if d.left = d.regs.Get(Beats); d.left > 0 {
		d.eng.Arm(&d.next, d.eng.Now()+d.period())
	}
}

func (d *Device) period() sim.Time { return sim.Time(max(d.regs.Get(Period), 1)) }

// tick is one beat of all entries that take part.
func (d *Device) tick() {
	for k := range d.MSIX().Len() {
		if d.regs.Get(Entries)>>k&1 != 0 {
			d.Strike(k)
		}
	}
	if d.left--; d.left > 0 {
		d.eng.Arm(&d.next, d.eng.Now()+d.period())
	}
}

// Strike is a beat of one entry out of turn.
func (d *Device) Strike(k int) {
	at := Beat + 8*uint32(k)
	v := d.regs.Get(at)
	if v == 0 {
		v = uint64(d.eng.Now()) & 0xffff_ffff
	}
	d.regs.Set(at, v+1<<32)
	d.MSIX().Notify(k)
}

// Registers is the device's register file.
func (d *Device) Registers() *reg.Map { return d.regs }

// Reset is a reset of the function: it is silent.
func (d *Device) Reset() {
	d.left = 0
	d.eng.Disarm(&d.next)
	d.regs.Reset()
	d.Func.Reset()
}
