package lapic

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// A row is what the manual's table says of one register: what a write of all
// ones leaves to be read, in each mode. -1: it cannot be read; wo: it can be
// written and not read.
type row struct {
	off      uint32
	xr, x2r  int64 // after reset; -1 unreadable
	xw, x2w  bool
	bits     uint32 // writable
	reserved bool   // xAPIC: an access is an error
}

// table is the manual's table of registers for a modern APIC with ID 0x23.
func table() []row {
	const no = -1
	rows := []row{
		{off: 0x020, xr: 0x2300_0000, x2r: 0x23}, {off: 0x030, xr: 0x0106_0015, x2r: 0x0106_0015},
		{off: 0x080, xw: true, x2w: true, bits: 0xff}, {off: 0x090, xr: 0, x2r: no}, {off: 0x0a0},
		{off: 0x0b0, xr: 0, x2r: no, xw: true, x2w: true}, {off: 0x0c0, xr: 0, x2r: no},
		{off: 0x0d0, x2r: 0x2_0008, xw: true, bits: 0xff00_0000},
		{off: 0x0e0, xr: 0xffff_ffff, x2r: no, xw: true, bits: 0xf000_0000},
		{off: 0x0f0, xr: 0xff, x2r: 0xff, xw: true, x2w: true, bits: 0x11ff},
		{off: 0x280, xw: true, x2w: true},
		{off: 0x2f0, xr: 0x10000, x2r: 0x10000, xw: true, x2w: true, bits: 0x107ff},
		{off: 0x300, xw: true, x2w: true, bits: 0xccfff}, {off: 0x310, x2r: no, xw: true, bits: 0xff00_0000},
		{off: 0x320, xr: 0x10000, x2r: 0x10000, xw: true, x2w: true, bits: 0x700ff},
		{off: 0x330, xr: 0x10000, x2r: 0x10000, xw: true, x2w: true, bits: 0x107ff},
		{off: 0x340, xr: 0x10000, x2r: 0x10000, xw: true, x2w: true, bits: 0x107ff},
		{off: 0x350, xr: 0x10000, x2r: 0x10000, xw: true, x2w: true, bits: 0x1a7ff},
		{off: 0x360, xr: 0x10000, x2r: 0x10000, xw: true, x2w: true, bits: 0x1a7ff},
		{off: 0x370, xr: 0x10000, x2r: 0x10000, xw: true, x2w: true, bits: 0x100ff},
		{off: 0x380, xw: true, x2w: true, bits: 0xffff_ffff}, {off: 0x390},
		{off: 0x3e0, xw: true, x2w: true, bits: 0xb},
		{off: 0x3f0, xr: 0, x2r: no, x2w: true, bits: 0xff, reserved: true},
	}
	for off := uint32(0x100); off < 0x280; off += 16 {
		rows = append(rows, row{off: off})
	}
	known := map[uint32]bool{}
	for _, r := range rows {
		known[r.off] = true
	}
	for off := uint32(0); off < 0x1000; off += 16 {
		if !known[off] {
			rows = append(rows, row{off: off, x2r: no, reserved: true})
		}
	}
	return rows
}

// one is a modern APIC with ID 0x23.
func one() (*rig, *APIC) {
	r := newRigOf(0, modern(), 0x23)
	return r, r.apics[0]
}

// TestRegisterTable reads and writes every place of the page, and every MSR,
// against the table.
func TestRegisterTable(t *testing.T) {
	for _, w := range table() {
		_, a := one()
		if got := a.MMIORead(w.off, 4); got != uint64(w.xr) {
			t.Errorf("%#x reads %#x, want %#x", w.off, got, w.xr)
		}
		if bad := a.errors&lapicreg.ErrRegister != 0; bad != w.reserved {
			t.Errorf("reading %#x is an error: %v", w.off, bad)
		}
		a.errors = 0
		before := a.MMIORead(w.off, 4)
		a.errors = 0
		a.MMIOWrite(w.off, 4, 0xffff_ffff)
		if bad := a.errors&lapicreg.ErrRegister != 0; bad != w.reserved {
			t.Errorf("writing %#x is an error: %v", w.off, bad)
		}
		if got := a.MMIORead(w.off, 4); got&^before&^uint64(w.bits) != 0 || before&^got&^uint64(w.bits) != 0 {
			t.Errorf("%#x was %#x, and reads %#x after a write of ones: reserved bits have changed", w.off, before, got)
		} else if w.xw && w.off != 0x300 && w.off != 0x380 && uint32(got)&w.bits != w.bits {
			t.Errorf("%#x reads %#x after a write of ones, want all of %#x", w.off, got, w.bits)
		}
		checkMSR(t, w)
	}
}

// checkMSR looks at the same register in x2APIC mode.
func checkMSR(t *testing.T, w row) {
	t.Helper()
	_, a := one()
	msr := 0x800 + w.off>>4
	if _, ok := a.ReadMSR(msr); ok || a.WriteMSR(msr, 0) {
		t.Errorf("MSR %#x answers in xAPIC mode", msr)
	}
	if !a.HasMSR(msr) {
		t.Errorf("MSR %#x is not the APIC's", msr)
	}
	a.WriteMSR(lapicreg.MSRBase, 0xfee00c00)
	v, ok := a.ReadMSR(msr)
	if want := w.x2r >= 0; ok != want || int64(v) != max(w.x2r, 0) {
		t.Errorf("MSR %#x reads %#x %v, want %#x", msr, v, ok, w.x2r)
	}
	if got := a.WriteMSR(msr, 0); got != w.x2w {
		t.Errorf("MSR %#x can be written: %v", msr, got)
	}
	if !w.x2w {
		return
	}
	_, a = one()
	a.WriteMSR(lapicreg.MSRBase, 0xfee00c00)
	for bit := range 64 {
		allowed := uint64(w.bits)
		if w.off == 0x300 {
			allowed |= 0xffff_ffff << 32
		}
		before, _ := a.ReadMSR(msr)
		ok := a.WriteMSR(msr, 1<<bit)
		after, _ := a.ReadMSR(msr)
		if want := allowed>>bit&1 == 1; ok != want || !ok && after != before {
			t.Errorf("MSR %#x takes bit %d: %v, and went from %#x to %#x", msr, bit, ok, before, after)
		}
	}
}

// TestOddAccesses are those that the manual leaves undefined: they are quiet.
func TestOddAccesses(t *testing.T) {
	_, a := one()
	a.MMIOWrite(0x80, 4, 0xa5)
	tests := []struct {
		off  uint32
		size int
		want uint64
	}{
		{0x20, 4, 0x2300_0000}, {0x20, 2, 0}, {0x22, 2, 0x2300}, {0x23, 1, 0x23}, {0x20, 1, 0}, {0x21, 2, 0},
		{0x22, 4, 0}, {0x23, 2, 0}, {0x24, 4, 0}, {0x24, 1, 0}, {0x2f, 1, 0}, {0x20, 8, 0}, {0x1c, 8, 0},
		{0x20, 0, 0}, {0x20, -1, 0}, {0x80, 1, 0xa5}, {0x1020, 4, 0}, {0xffff_fff0, 4, 0},
	}
	for _, tt := range tests {
		if got := a.MMIORead(tt.off, tt.size); got != tt.want {
			t.Errorf("%d bytes at %#x read %#x, want %#x", tt.size, tt.off, got, tt.want)
		}
	}
	for _, size := range []int{1, 2, 8, 0, -4, 3} {
		a.MMIOWrite(0x80, size, 0x11)
	}
	a.MMIOWrite(0x81, 4, 0x11)
	a.MMIOWrite(0x84, 4, 0x11)
	a.MMIOWrite(0x1080, 4, 0x11)
	if got := a.MMIORead(0x80, 4); got != 0xa5 {
		t.Errorf("an odd write changed TPR to %#x", got)
	}
	if a.errors != 0 {
		t.Errorf("errors %#x", a.errors)
	}
	if a.MMIORead(0x1000, 4); a.errors != 0 {
		t.Error("behind the page there is nothing, no error either")
	}
	a.WriteMSR(lapicreg.MSRBase, 0xfee00c00)
	if got := a.MMIORead(0x80, 4); got != 0 {
		t.Errorf("there is no page in x2APIC mode, and it reads %#x", got)
	}
	a.MMIOWrite(0x80, 4, 0x33)
	if got, _ := a.ReadMSR(0x808); got != 0xa5 {
		t.Errorf("TPR %#x", got)
	}
}

// TestVersions are the version registers of the two machines, and what an APIC
// without an ability does not have.
func TestVersions(t *testing.T) {
	old := newRigOf(0, Config{}, 1).apics[0]
	if got := old.MMIORead(lapicreg.RegVersion, 4); got != 0x0005_0014 {
		t.Errorf("version %#x, want 0x00050014", got)
	}
	if old.MMIOWrite(lapicreg.RegSVR, 4, 0xffff_ffff); old.svr != 0x1ff {
		t.Errorf("SVR %#x, want nine bits", old.svr)
	}
	if old.MMIORead(lapicreg.RegLVTCMCI, 4) != 0 || old.errors != lapicreg.ErrRegister {
		t.Error("an APIC without CMCI answers at its place")
	}
	old.MMIOWrite(lapicreg.RegLVTTimer, 4, 0xffff_ffff)
	if got := old.MMIORead(lapicreg.RegLVTTimer, 4); got != 0x300ff {
		t.Errorf("LVT timer %#x, want no bit of TSC-deadline mode", got)
	}
	if _, ok := old.ReadMSR(lapicreg.MSRTSCDeadline); ok || old.WriteMSR(lapicreg.MSRTSCDeadline, 0) || old.HasMSR(lapicreg.MSRTSCDeadline) {
		t.Error("IA32_TSC_DEADLINE answers without the feature")
	}
	if old.WriteMSR(lapicreg.MSRBase, 0xfee00d00) {
		t.Error("x2APIC mode without the feature")
	}
	directed := newRigOf(0, Config{DirectedEOI: true}, 1).apics[0]
	if got := directed.MMIORead(lapicreg.RegVersion, 4); got != 0x0105_0014 {
		t.Errorf("version %#x, want 0x01050014", got)
	}
}

// TestIdentity is the ID, in numbers and in the log.
func TestIdentity(t *testing.T) {
	_, a := one()
	if a.ID() != 0x23 || a.Source().Name != "lapic35" {
		t.Errorf("ID %#x, source %q", a.ID(), a.Source().Name)
	}
}

// TestHasMSR looks at the borders.
func TestHasMSR(t *testing.T) {
	_, a := one()
	for index, want := range map[uint32]bool{0x1a: false, 0x1b: true, 0x1c: false, 0x6df: false, 0x6e0: true, 0x6e1: false,
		0x7ff: false, 0x800: true, 0x8ff: true, 0x900: false} {
		if a.HasMSR(index) != want {
			t.Errorf("HasMSR(%#x) = %v", index, !want)
		}
	}
	a.WriteMSR(lapicreg.MSRBase, 0xfee00c00)
	for _, index := range []uint32{0, 0x7ff, 0x900, 0x10_0802} {
		if v, ok := a.ReadMSR(index); ok || v != 0 || a.WriteMSR(index, 0) {
			t.Errorf("MSR %#x answers", index)
		}
	}
}

// TestBase walks through every pair of modes, and every bit.
func TestBase(t *testing.T) {
	ways := map[mode]uint64{off: 0xfee00000, xapic: 0xfee00800, x2apic: 0xfee00c00}
	legal := map[[2]mode]bool{{off, off}: true, {off, xapic}: true, {xapic, off}: true, {xapic, xapic}: true,
		{xapic, x2apic}: true, {x2apic, x2apic}: true, {x2apic, off}: true}
	for from := range ways {
		for to := mode(0); to < 4; to++ {
			_, a := one()
			for _, step := range map[mode][]uint64{off: {ways[off]}, x2apic: {ways[x2apic]}}[from] {
				a.WriteMSR(lapicreg.MSRBase, step)
			}
			before := a.base
			ok := a.WriteMSR(lapicreg.MSRBase, 0xfee00000|uint64(to)<<10)
			if ok != legal[[2]mode{from, to}] || !ok && a.base != before {
				t.Errorf("from mode %d to %d: %v, base %#x", from, to, ok, a.base)
			}
		}
	}
	for bit := range 64 {
		_, a := one()
		want := bit == 8 || bit == 10 || bit >= 12 && bit < 52
		if got := a.WriteMSR(lapicreg.MSRBase, lapicreg.BaseEnable|1<<bit); bit != 11 && got != want {
			t.Errorf("bit %d of IA32_APIC_BASE can be set: %v", bit, got)
		}
	}
}

// TestClaims looks at the borders of the page, in every mode.
func TestClaims(t *testing.T) {
	_, a := one()
	for addr, want := range map[uint64]int64{0xfedf_ffff: -1, 0xfee0_0000: 0, 0xfee0_0fff: 0xfff, 0xfee0_1000: -1,
		0: -1, 0x1_fee0_0000: -1} {
		off, ok := a.Claims(addr)
		if ok != (want >= 0) || ok && int64(off) != want {
			t.Errorf("Claims(%#x) = %#x %v", addr, off, ok)
		}
	}
	a.WriteMSR(lapicreg.MSRBase, 0xf_1234_5000|lapicreg.BaseEnable)
	if off, ok := a.Claims(0xf_1234_50f0); !ok || off != 0xf0 {
		t.Error("the page did not move")
	}
	if _, ok := a.Claims(0xfee0_0000); ok {
		t.Error("the page is still where it was")
	}
	a.WriteMSR(lapicreg.MSRBase, 0xfee00c00)
	if _, ok := a.Claims(0xfee0_0000); ok {
		t.Error("there is a page in x2APIC mode")
	}
	a.WriteMSR(lapicreg.MSRBase, 0xfee00000)
	if _, ok := a.Claims(0xfee0_0000); ok {
		t.Error("there is a page while the APIC is disabled")
	}
}

// TestReset wants power-on to undo everything, and to say who boots.
func TestReset(t *testing.T) {
	r := newRig(2)
	fresh := fmt.Sprint(r.apics[0].Dump(), r.apics[1].Dump())
	for _, a := range r.enable().apics {
		for off := uint32(0x20); off < 0x400; off += 16 {
			a.MMIOWrite(off, 4, 0x5a5a_5a5a)
		}
		a.MMIOWrite(lapicreg.RegSVR, 4, 0x1ff)
		r.msi(0xfeef_f000, 0x4041)
		a.Acknowledge()
		a.WriteMSR(lapicreg.MSRBase, 0xfee01000)
		a.Reset()
	}
	if got := fmt.Sprint(r.apics[0].Dump(), r.apics[1].Dump()); got != fresh {
		t.Errorf("after a reset:\n%s\nwant:\n%s", got, fresh)
	}
	for i, want := range []uint64{0xfee00900, 0xfee00800} {
		if got, _ := r.apics[i].ReadMSR(lapicreg.MSRBase); got != want {
			t.Errorf("IA32_APIC_BASE of APIC %d is %#x, want %#x", i, got, want)
		}
	}
}

// TestX2Transition keeps the state and loses the upper half of the ICR.
func TestX2Transition(t *testing.T) {
	r, a := one()
	a.MMIOWrite(lapicreg.RegICRHigh, 4, 0x7700_0000)
	a.MMIOWrite(lapicreg.RegICR, 4, 0x4041)
	a.MMIOWrite(lapicreg.RegInitial, 4, 1000)
	a.WriteMSR(lapicreg.MSRBase, 0xfee00c00)
	if got, _ := a.ReadMSR(0x830); got != 0x4041 {
		t.Errorf("ICR %#x, want 0x4041", got)
	}
	if got, _ := a.ReadMSR(0x838); got != 1000 {
		t.Errorf("initial count %d, want 1000", got)
	}
	a.WriteMSR(lapicreg.MSRBase, 0xfee01c00) // the same mode
	if got, _ := a.ReadMSR(0x838); got != 1000 || r.fabric.legacy != 0 {
		t.Errorf("initial count %d, legacy %d: a write without a change of mode has changed something", got, r.fabric.legacy)
	}
	a.WriteMSR(0x80f, 0x1ff)
	a.WriteMSR(lapicreg.MSRBase, 0xfee00000)
	if a.svr != 0xff {
		t.Error("disabling kept SVR")
	}
}

// TestMessagesToDisabled wants nothing to reach an APIC that is not there.
func TestMessagesToDisabled(t *testing.T) {
	r, a := one()
	a.WriteMSR(lapicreg.MSRBase, 0xfee00000)
	for _, mode := range []lapicreg.DeliveryMode{lapicreg.NMI, lapicreg.SMI, lapicreg.INIT, lapicreg.ExtINT} {
		r.fabric.Send(nil, lapicreg.Message{Dest: 0xff, Mode: mode})
	}
	a.Fire(Timer)
	a.Fire(Thermal)
	if got := r.cores[0].take(); got != "" {
		t.Errorf("signals %s", got)
	}
	if v := a.Acknowledge(); v != cpu.Vector(0xff) {
		t.Errorf("acknowledge gives %#x, want the spurious vector", v)
	}
}
