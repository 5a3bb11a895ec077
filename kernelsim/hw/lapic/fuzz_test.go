package lapic

import (
	"encoding/binary"
	"testing"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// readOnlyBits are what the manual's table says, and no part of the APIC's own
// source.
func readOnlyBits() map[uint32]uint32 {
	ro := map[uint32]uint32{}
	for _, w := range table() {
		ro[w.off] = ^w.bits
	}
	return ro
}

// FuzzAccesses makes any accesses, messages and acknowledges, nine bytes each.
// Nothing may panic; no reserved or read-only bit may change but by its rule;
// and what was accepted stays until it is acknowledged or the APIC is reset.
func FuzzAccesses(f *testing.F) {
	f.Add([]byte("\x00\xf0\x00\xff\x01\x00\x00\x00\x00\x03\x41\x40\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x02\x1b\x00\x00\x0d\xe0\xfe\x00\x00\x02\x0f\x08\xff\x01\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x20\x03\xee\x00\x02\x00\x00\x00\x00\x80\x03\x05\x00\x00\x00\x00\x00\x06\x00\x10\x00\x00\x00\x00\x00\x00"))
	ro := readOnlyBits()
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newRig(2)
		a := r.apics[0]
		for len(data) >= 9 {
			step(t, r, data[:9], ro)
			data = data[9:]
			if irr, isr, _ := a.State(); irr[0]&0xffff != 0 || isr[0]&0xffff != 0 {
				t.Fatal("a vector below 16 was accepted")
			}
		}
		if r.fabric.legacy < 0 || r.fabric.legacy > 2 {
			t.Fatalf("%d legacy APICs of 2", r.fabric.legacy)
		}
	})
}

// step does one thing, and looks at what must not have changed.
func step(t *testing.T, r *rig, data []byte, ro map[uint32]uint32) {
	a := r.apics[0]
	off, v := uint32(binary.LittleEndian.Uint16(data[1:])), uint64(binary.LittleEndian.Uint32(data[3:]))
	before, cleared := r.irr(), false
	switch data[0] % 8 {
	case 0:
		a.MMIOWrite(off, int(data[7])%10, v)
	case 1:
		a.MMIOWrite(off&0xff0, 4, v)
	case 2:
		index := 0x800 | off&0xff
		if off&0x300 == 0 {
			index = lapicreg.MSRBase
		}
		regs := registers(a)
		if !a.WriteMSR(index, v|uint64(data[7])<<40) && registers(a) != regs {
			t.Fatalf("WRMSR %#x was #GP, and has changed something", index)
		}
		cleared = index == lapicreg.MSRBase
	case 3:
		r.msi(0xfee0_0000|uint64(off)<<4&0xffffc, uint32(v)&0xffff)
	case 4:
		want, ok := a.Pending()
		got := a.Acknowledge()
		if irr, isr, _ := a.State(); ok && (got != want || irr.Has(uint8(got)) || !isr.Has(uint8(got))) {
			t.Fatalf("offered %#x, acknowledged %#x", want, got)
		}
		if ok {
			before.Remove(uint8(got))
		}
	case 5:
		a.Fire(Source(off % 9))
	case 6:
		r.run(t, 1+r.eng.Now()%7)
	case 7:
		a.SetLINT(int(off%4), v&1 == 0)
		a.MMIORead(off, int(data[7])%10)
	}
	for _, s := range r.cores[0].signals {
		cleared = cleared || s == "INIT"
	}
	r.cores[0].take()
	if irr, _, _ := a.State(); !cleared {
		for w := range irr {
			if before[w]&^irr[w] != 0 {
				t.Fatalf("accepted vectors %#x of word %d are lost", before[w]&^irr[w], w)
			}
		}
	}
	if a.mode() == xapic {
		fixedBits(t, a, ro)
	}
}

// registers is a fingerprint of everything that software can read.
func registers(a *APIC) [70]uint64 {
	var all [70]uint64
	all[0], all[1] = a.base, a.timer.deadline
	for i := range uint32(64) {
		if o := i << 4; a.accessTo(o)&(readOnly) != 0 {
			all[i+2] = uint64(a.load(o))
		}
	}
	return all
}

// fixedBits looks at the bits that nothing may set.
func fixedBits(t *testing.T, a *APIC, ro map[uint32]uint32) {
	t.Helper()
	for o, reset := range map[uint32]uint32{0x20: 0, 0x30: 0x0106_0015, 0x80: 0, 0xd0: 0, 0xf0: 0, 0x300: 0, 0x310: 0,
		0x2f0: 0, 0x320: 0, 0x330: 0, 0x340: 0, 0x360: 0, 0x370: 0, 0x3e0: 0, 0xe0: 0x0fff_ffff} {
		if got := uint32(a.load(o)); got&ro[o] != reset {
			t.Fatalf("register %#x reads %#x: a reserved or read-only bit has changed", o, got)
		}
	}
	if got := uint32(a.load(0x350)); got&ro[0x350]&^lapicreg.LVTRemoteIRR != 0 {
		t.Fatalf("LVT0 reads %#x", got)
	}
	if !a.enabled() {
		for _, o := range []uint32{0x2f0, 0x320, 0x330, 0x340, 0x350, 0x360, 0x370} {
			if a.load(o)&lapicreg.LVTMasked == 0 {
				t.Fatalf("entry %#x is open while the APIC is disabled", o)
			}
		}
	}
}
