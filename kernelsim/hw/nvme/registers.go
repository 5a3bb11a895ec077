package nvme

import (
	"bothhalves/kernelsim/hw/nvme/nvmeabi"
	"bothhalves/kernelsim/reg"
)

// What software may change in CC: everything but what is reserved.
const ccWritable = 0x00ff_fff1

// version is 1.4.0.
const version = 0x0001_0400

// capabilities is CAP: contiguous queues of up to maxEntries, ready within 7.5
// s, doorbells side by side, pages of 4 KiB alone.
func capabilities() uint64 {
	v := nvmeabi.CAPEntries.Put(1<<16, maxEntries-1)
	v = nvmeabi.CAPTimeout.Put(v, 15)
	return nvmeabi.CAPNVM.Put(v, 1)
}

// registers lays out the controller's part of BAR0 (specification 3.1).
func (d *Device) registers() *reg.Map {
	queues := uint64(0x0fff_0fff)
	page := ^uint64(0xfff)
	doorbells := 2 * len(d.sq)
	return reg.Must(reg.New("nvme", 0,
		reg.Register{Offset: nvmeabi.CAP, Name: "CAP", Size: 8, Reset: capabilities(), Layout: nvmeabi.CAPLayout()},
		reg.Register{Offset: nvmeabi.VS, Name: "VS", Size: 4, Reset: version, Layout: nvmeabi.VSLayout()},
		reg.Register{Offset: nvmeabi.INTMS, Name: "INTMS", Size: 4, Read: d.readMask,
			Write: func(w reg.Written) { d.mask(d.masked | uint32(w.Value)) }},
		reg.Register{Offset: nvmeabi.INTMC, Name: "INTMC", Size: 4, Read: d.readMask,
			Write: func(w reg.Written) { d.mask(d.masked &^ uint32(w.Value)) }},
		reg.Register{Offset: nvmeabi.CC, Name: "CC", Size: 4, RW: ccWritable, Layout: nvmeabi.CCLayout(), Write: d.configured},
		reg.Gap(nvmeabi.CC+4, 4),
		reg.Register{Offset: nvmeabi.CSTS, Name: "CSTS", Size: 4, Layout: nvmeabi.CSTSLayout()},
		reg.Gap(nvmeabi.CSTS+4, 4),
		reg.Register{Offset: nvmeabi.AQA, Name: "AQA", Size: 4, RW: queues, Layout: nvmeabi.AQALayout()},
		reg.Register{Offset: nvmeabi.ASQ, Name: "ASQ", Size: 8, RW: page},
		reg.Register{Offset: nvmeabi.ACQ, Name: "ACQ", Size: 8, RW: page},
		reg.Gap(nvmeabi.ACQ+8, nvmeabi.DBS-nvmeabi.ACQ-8),
		reg.Register{Offset: nvmeabi.DBS, Name: "DB", Size: 4, Count: doorbells, Write: d.doorbell},
		reg.Gap(nvmeabi.DBS+4*uint32(doorbells), registerBytes-nvmeabi.DBS-4*doorbells),
		reg.Gap(registerBytes, barBytes-registerBytes),
	))
}

// configured acts on a write to CC (specification 3.1.5 and 7.6).
func (d *Device) configured(w reg.Written) {
	switch was, is := w.Before&nvmeabi.CCEnable, w.After&nvmeabi.CCEnable; {
	case was == 0 && is != 0:
		d.enable()
	case was != 0 && is == 0:
		d.disable()
	}
	if nvmeabi.CCShutdown.Get(w.After) != 0 {
		d.regs.Set(nvmeabi.CSTS, d.regs.Get(nvmeabi.CSTS)|nvmeabi.CSTSShutdownComplete)
	}
}

// enable takes over the admin queues, whose place AQA, ASQ and ACQ say, and
// reports ready.
func (d *Device) enable() {
	aqa := d.regs.Get(nvmeabi.AQA)
	d.sq[0] = submission{base: d.regs.Get(nvmeabi.ASQ), size: uint32(nvmeabi.AQASubmit.Get(aqa)) + 1}
	d.cq[0] = completion{base: d.regs.Get(nvmeabi.ACQ), size: uint32(nvmeabi.AQAComplete.Get(aqa)) + 1, phase: true, interrupt: true}
	d.regs.Set(nvmeabi.CSTS, nvmeabi.CSTSReady)
}

// disable is a reset of the controller: all queues are gone, and what was on
// its way never completes.
func (d *Device) disable() {
	d.eng.Disarm(&d.done)
	d.flight = d.flight[:0]
	clear(d.busy)
	for i := range d.cq {
		d.cq[i].head = d.cq[i].tail // nothing is left to read
	}
	for i := range d.cq {
		d.satisfied(i)
	}
	clear(d.sq)
	clear(d.cq)
	d.regs.Set(nvmeabi.CSTS, 0)
}

// readMask is what INTMS and INTMC read as.
func (d *Device) readMask(int, uint64) uint64 { return uint64(d.masked) }

// mask changes which vectors may not assert the pin (specification 3.1.3).
func (d *Device) mask(m uint32) {
	d.masked = m
	d.drive()
}

// drive sets the pin to what the vectors say.
func (d *Device) drive() { d.SetINTx(d.active&^d.masked != 0) }
