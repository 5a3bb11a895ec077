package lapic

import (
	"testing"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// lint is an enabled APIC with an entry for a pin.
func lint(n int, lvt uint64) (*rig, *APIC) {
	r := newRig(1).enable()
	r.apics[0].MMIOWrite(lapicreg.RegLVTLINT0+uint32(n)<<4, 4, lvt)
	return r, r.apics[0]
}

// TestPinModes drives each pin in each delivery mode, by edge and by level:
// what a rise brings, what staying high brings, and what a fall brings.
func TestPinModes(t *testing.T) {
	tests := []struct {
		n        int
		lvt      uint64
		rise     string
		again    string // SetLINT says high once more
		irr, tmr bool
	}{
		{0, 0x00055, "", "", true, false}, {1, 0x00055, "", "", true, false},
		{0, 0x08055, "", "", true, true}, {1, 0x08055, "", "", true, false},
		{0, 0x00200, "SMI", "", false, false}, {0, 0x08200, "SMI", "", false, false},
		{0, 0x00400, "NMI", "", false, false}, {1, 0x08400, "NMI", "", false, false},
		{1, 0x00500, "INIT", "", false, false},
		{0, 0x00700, "EXTINT", "EXTINT", false, false}, {0, 0x08700, "EXTINT", "EXTINT", false, false},
		{1, 0x00700, "EXTINT", "EXTINT", false, false},
		{0, 0x00100, "", "", false, false}, {0, 0x00300, "", "", false, false}, {0, 0x00600, "", "", false, false},
		{0, 0x10055, "", "", false, false}, {0, 0x18055, "", "", false, false}, {1, 0x10400, "", "", false, false},
		{0, 0x10700, "", "", false, false},
	}
	for _, tt := range tests {
		for _, low := range []bool{false, true} {
			lvt := tt.lvt
			if low {
				lvt |= lapicreg.LVTActiveLow
			}
			r := newRig(1).enable()
			a := r.apics[0]
			a.SetLINT(tt.n, low) // inactive
			a.MMIOWrite(lapicreg.RegLVTLINT0+uint32(tt.n)<<4, 4, lvt)
			a.SetLINT(tt.n, low)
			if got := r.cores[0].take(); got != "" {
				t.Errorf("LINT%d, entry %#x: an inactive pin brings %s", tt.n, lvt, got)
			}
			a.SetLINT(tt.n, !low)
			if got := r.cores[0].take(); got != tt.rise {
				t.Errorf("LINT%d, entry %#x: active brings %q, want %q", tt.n, lvt, got, tt.rise)
			}
			irr, _, tmr := a.State()
			if irr.Has(0x55) != tt.irr || tmr.Has(0x55) != tt.tmr {
				t.Errorf("LINT%d, entry %#x: IRR %v, TMR %v", tt.n, lvt, irr.Has(0x55), tmr.Has(0x55))
			}
			a.SetLINT(tt.n, !low)
			if got := r.cores[0].take(); got != tt.again && tt.rise != "INIT" {
				t.Errorf("LINT%d, entry %#x: active still brings %q, want %q", tt.n, lvt, got, tt.again)
			}
			a.SetLINT(tt.n, low)
			if got := r.cores[0].take(); got != "" {
				t.Errorf("LINT%d, entry %#x: inactive again brings %q", tt.n, lvt, got)
			}
		}
	}
}

// TestLevelPin follows remote IRR through a level's life.
func TestLevelPin(t *testing.T) {
	r, a := lint(0, 0x8055)
	entry := func(want uint64, when string) {
		t.Helper()
		if got := a.MMIORead(lapicreg.RegLVTLINT0, 4); got != want {
			t.Errorf("%s: LVT0 is %#x, want %#x", when, got, want)
		}
	}
	a.SetLINT(0, true)
	entry(0xc055, "high")
	a.Acknowledge()
	a.SetLINT(0, false)
	a.SetLINT(0, true)
	if irr, _, _ := a.State(); irr.Has(0x55) {
		t.Error("a level that was not ended comes twice")
	}
	r.msi(0xfee0_0000, 0x4085)
	a.Acknowledge()
	a.MMIOWrite(lapicreg.RegEOI, 4, 0)
	entry(0xc055, "another vector's EOI")
	a.MMIOWrite(lapicreg.RegLVTLINT0, 4, 0x18055)
	entry(0x1c055, "masked")
	a.MMIOWrite(lapicreg.RegEOI, 4, 0)
	entry(0x18055, "EOI while masked")
	if v, ok := a.Pending(); ok {
		t.Errorf("a masked pin brings %#x", v)
	}
	a.MMIOWrite(lapicreg.RegLVTLINT0, 4, 0x8055)
	entry(0xc055, "unmasked")
	a.MMIOWrite(lapicreg.RegLVTLINT0, 4, 0x0055)
	entry(0x0055, "edge: remote IRR is a level's")
	a.MMIOWrite(lapicreg.RegLVTLINT0, 4, 0x8005)
	entry(0x8005, "an illegal vector is not accepted")
	if a.errors != lapicreg.ErrReceiveIllegal {
		t.Errorf("errors %#x, want an illegal vector", a.errors)
	}
}

// TestUnmaskExtINT has the 8259A pair waiting when LINT0 is opened.
func TestUnmaskExtINT(t *testing.T) {
	r, a := lint(0, 0x10700)
	a.SetLINT(0, true)
	a.MMIOWrite(lapicreg.RegLVTLINT0, 4, 0x700)
	if got := r.cores[0].take(); got != "EXTINT" {
		t.Errorf("opened with the line active: %q", got)
	}
	a.MMIOWrite(lapicreg.RegLVTLINT1, 4, 0x400)
	if got := r.cores[0].take(); got != "" {
		t.Errorf("writing LVT1 brings %q", got)
	}
}

// TestPinsWithoutAPIC are INTR and NMI.
func TestPinsWithoutAPIC(t *testing.T) {
	r, a := lint(0, 0x2000)
	a.WriteMSR(lapicreg.MSRBase, 0xfee00000)
	for _, step := range []struct {
		n    int
		high bool
		want string
	}{{0, true, "EXTINT"}, {0, true, "EXTINT"}, {0, false, ""}, {1, true, "NMI"}, {1, true, ""}, {1, false, ""},
		{1, true, "NMI"}, {2, true, ""}, {-1, true, ""}, {7, false, ""}} {
		a.SetLINT(step.n, step.high)
		if got := r.cores[0].take(); got != step.want {
			t.Errorf("LINT%d %v brings %q, want %q", step.n, step.high, got, step.want)
		}
	}
	a.SetLINT(0, true)
	r.cores[0].take()
	a.WriteMSR(lapicreg.MSRBase, 0xfee00800)
	if got := r.cores[0].take(); got != "" {
		t.Errorf("enabling the APIC brings %q", got)
	}
	a.WriteMSR(lapicreg.MSRBase, 0xfee00000)
	if got := r.cores[0].take(); got != "EXTINT" {
		t.Errorf("disabled with INTR high: %q", got)
	}
	a.SetLINT(1, false)
	a.Fire(LINT1)
	a.Fire(LINT0)
	if got := r.cores[0].take(); got != "NMI EXTINT" {
		t.Errorf("pulses bring %q", got)
	}
}

// TestPulse is Fire for a pin, also if the pin was active or is active low.
func TestPulse(t *testing.T) {
	for _, lvt := range []uint64{0x55, 0x2055} {
		for n := range 2 {
			for _, was := range []bool{false, true} {
				r, a := lint(n, lvt)
				a.SetLINT(n, was)
				a.arb.Reset()
				a.Fire(LINT0 + Source(n))
				if got := r.got(0x55); len(got) != 1 {
					t.Errorf("a pulse on LINT%d, entry %#x, pin %v before, is lost", n, lvt, was)
				}
			}
		}
	}
	r, a := lint(0, 0x8055)
	a.Fire(LINT0)
	a.Acknowledge()
	a.MMIOWrite(lapicreg.RegEOI, 4, 0)
	if got := r.got(0x55); got != nil {
		t.Error("a pulse in level mode comes twice")
	}
}

// TestFire sends every source's event in every state of its entry.
func TestFire(t *testing.T) {
	for s, off := range map[Source]uint32{Timer: 0x320, Thermal: 0x330, PMC: 0x340, Error: 0x370, CMCI: 0x2f0} {
		r := newRig(1).enable()
		a := r.apics[0]
		a.Fire(s)
		if got := vectors(r.irr()); len(got) != 0 {
			t.Errorf("source %d fires masked: %v", s, got)
		}
		a.MMIOWrite(off, 4, uint64(0x60+s))
		a.Fire(s)
		if got := vectors(r.irr()); len(got) != 1 || got[0] != uint8(0x60+s) {
			t.Errorf("source %d brings %v", s, got)
		}
		if masked := a.MMIORead(off, 4)&lapicreg.LVTMasked != 0; masked != (s == PMC) {
			t.Errorf("source %d: its entry is masked afterwards: %v", s, masked)
		}
		a.MMIOWrite(off, 4, 0x0f)
		a.Fire(s)
		if a.errors != lapicreg.ErrReceiveIllegal {
			t.Errorf("source %d with vector 15: errors %#x", s, a.errors)
		}
		a.MMIOWrite(lapicreg.RegSVR, 4, 0xff)
		if a.MMIORead(off, 4)&lapicreg.LVTMasked == 0 {
			t.Errorf("source %d: not masked by software disable", s)
		}
		a.MMIOWrite(off, 4, 0x70)
		a.Fire(s)
		if got := vectors(r.irr()); len(got) != 1 {
			t.Errorf("source %d fires though software has disabled the APIC: %v", s, got)
		}
	}
	a := newRig(1).enable().apics[0]
	a.Fire(sources)
	a.Fire(255)
}

// irr is the first APIC's IRR.
func (r *rig) irr() lapicreg.Set {
	irr, _, _ := r.apics[0].State()
	return irr
}

// TestModesOfThermal are the signals that an entry can send.
func TestModesOfThermal(t *testing.T) {
	for mode, want := range map[uint64]string{1: "", 2: "SMI", 3: "", 4: "NMI", 5: "INIT", 6: "", 7: "EXTINT"} {
		r := newRig(1).enable()
		r.apics[0].MMIOWrite(lapicreg.RegLVTThermal, 4, mode<<8|0x55)
		r.apics[0].Fire(Thermal)
		if got := r.cores[0].take(); got != want || len(vectors(r.irr())) != 0 {
			t.Errorf("mode %d brings %q, want %q", mode, got, want)
		}
	}
}

// TestICRModes sends every mode with every shorthand, from CPU 1 of three to
// CPU 2, and lists what each core and IRR got.
func TestICRModes(t *testing.T) {
	const fixed, lowest, smi, nmi, init, sipi = 0, 1, 2, 4, 5, 6
	text := map[int]string{smi: "SMI", nmi: "NMI", init: "INIT", sipi: "SIPI:0x41000"}
	for mode := range 8 {
		for short := range 4 {
			r := newRig(3).enable()
			for _, c := range r.cores {
				c.waits = true
			}
			r.apics[1].MMIOWrite(lapicreg.RegICRHigh, 4, 2<<24)
			r.apics[1].MMIOWrite(lapicreg.RegICR, 4, uint64(0x4041|mode<<8|short<<18))
			var who []int
			switch {
			case mode == 3 || mode == 7 || short == 1 && mode != fixed || short == 2 && mode != fixed:
			case short == 0:
				who = []int{2}
			case short == 1:
				who = []int{1}
			case short == 2:
				who = []int{0, 1, 2}
			case mode == lowest:
				who = []int{0}
			default:
				who = []int{0, 2}
			}
			for i, c := range r.cores {
				signal, has := "", false
				for _, w := range who {
					if w == i {
						signal, has = text[mode], mode <= lowest
					}
				}
				irr, _, _ := r.apics[i].State()
				if got := c.take(); got != signal || irr.Has(0x41) != has {
					t.Errorf("mode %d, shorthand %d: CPU %d gets %q, IRR %v; want %q, %v", mode, short, i, got, irr.Has(0x41), signal, has)
				}
			}
		}
	}
}

// TestINITLevels: only a level triggered de-assert is no INIT.
func TestINITLevels(t *testing.T) {
	for icr, want := range map[uint64]string{0x500: "INIT", 0x4500: "INIT", 0x8500: "", 0xc500: "INIT"} {
		r := newRig(2)
		r.apics[0].MMIOWrite(lapicreg.RegICRHigh, 4, 1<<24)
		r.apics[0].MMIOWrite(lapicreg.RegICR, 4, icr)
		if got := r.cores[1].take(); got != want {
			t.Errorf("ICR %#x brings %q, want %q", icr, got, want)
		}
	}
}

// TestIllegalIPIs are logged by the sender in the modes that have a vector.
func TestIllegalIPIs(t *testing.T) {
	for icr, want := range map[uint64]uint32{
		0x400f: lapicreg.ErrSendIllegal, 0x4010: 0, 0x410f: lapicreg.ErrSendIllegal, 0x4405: 0, 0x4205: 0, 0x4605: 0, 0xc500: 0,
		0x4_4003: lapicreg.ErrSendIllegal | lapicreg.ErrReceiveIllegal, 0x4_4403: 0,
	} {
		r := newRig(2).enable()
		r.apics[0].MMIOWrite(lapicreg.RegICRHigh, 4, 1<<24)
		r.apics[0].MMIOWrite(lapicreg.RegICR, 4, icr)
		if got := r.apics[0].errors; got != want {
			t.Errorf("ICR %#x: errors %#x, want %#x", icr, got, want)
		}
	}
}

// TestErrorsOfErrors: the error entry's own vector may be illegal.
func TestErrorsOfErrors(t *testing.T) {
	r := newRig(1).enable()
	a := r.apics[0]
	a.MMIOWrite(lapicreg.RegLVTError, 4, 0x03)
	a.MMIORead(0x40, 4)
	a.MMIOWrite(lapicreg.RegESR, 4, 0)
	if got := a.MMIORead(lapicreg.RegESR, 4); got != lapicreg.ErrRegister|lapicreg.ErrReceiveIllegal {
		t.Errorf("ESR %#x, want both errors", got)
	}
	a.MMIOWrite(lapicreg.RegLVTError, 4, 0xfe)
	a.MMIORead(0x40, 4)
	if got := r.got(0xfe); len(got) != 1 {
		t.Error("after ESR was written a new error fires again")
	}
}

// TestDisabledRefuses: errors are for APICs that listen.
func TestDisabledRefuses(t *testing.T) {
	r := newRig(1)
	r.msi(0xfee0_0000, 0x4005)
	r.msi(0xfee0_0000, 0x4055)
	if a := r.apics[0]; a.errors != 0 || len(vectors(r.irr())) != 0 {
		t.Errorf("a disabled APIC notes errors %#x, IRR %v", a.errors, vectors(r.irr()))
	}
	for mode, want := range map[uint32]string{2: "SMI", 3: "", 4: "NMI", 5: "INIT", 7: "EXTINT"} {
		r.msi(0xfee0_0000, 0x4000|mode<<8)
		if got := r.cores[0].take(); got != want {
			t.Errorf("mode %d brings %q, want %q", mode, got, want)
		}
	}
}
