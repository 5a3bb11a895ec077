package lapicreg

import (
	_ "embed"
	"testing"

	"bothhalves/kernelsim/internal/sheet"
	"bothhalves/kernelsim/reg"
)

// checked are the tables of all layouts, held bit by bit against the manual.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every register stands as the manual has it, and shows one value
// by its layout.
func TestLayouts(t *testing.T) {
	if err := sheet.Check(checked,
		sheet.Of("ICR", 64, ICR(), 0x1_0002_0000_c841, "vector=0x41 fixed logical assert level no-shorthand destination=0x10002"),
		sheet.Of("ICR", 64, ICR(), 0xc_4600|0x99, "vector=0x99 startup physical assert edge all destination=0x0"),
		sheet.Of("ICRx", 64, ICRx(), 0x0800_0000_0000_08fb, "vector=0xfb fixed logical de-assert edge no-shorthand destination=0x8"),
		sheet.Of("LVT", 32, LVT(), 0x10400, "vector=0x0 nmi masked"),
		sheet.Of("LVTPin", 32, LVTPin(), 0x1e755, "vector=0x55 extint masked active-lo remote-irr level"),
		sheet.Of("LVTTimer", 32, LVTTimer(), 0x400ec, "vector=0xec tsc-deadline"),
		sheet.Of("LVTError", 32, LVTError(), 0xfe, "vector=0xfe"),
		sheet.Of("SVR", 32, SVR(), 0x11ff, "vector=0xff enabled no-eoi-broadcast"),
		sheet.Of("ESR", 32, ESR(), 0xe0, "send-illegal-vector receive-illegal-vector illegal-register"),
		sheet.Of("APICBase", 64, APICBase(), 0xfee00d00, "bsp x2apic enable page=0xfee00"),
		sheet.Of("Divide", 32, Divide(), 0xb, "code 1:0=0x3 code 2=0x1"),
		sheet.Of("ID", 32, ID(), 0x2300_0000, "id=0x23"),
		sheet.Of("Version", 32, Version(), 0x0106_0015, "version=0x15 max lvt=0x6 directed-eoi"),
		sheet.Of("LDR", 32, LDR(), 0x0200_0000, "logical id=0x2"),
		sheet.Of("LDRx2", 32, LDRx2(), 0x2_0008, "bit=0x8 cluster=0x2"),
		sheet.Of("DFR", 32, DFR(), 0xf000_0000, "flat"),
		sheet.Of("DFR", 32, DFR(), 0, "cluster"),
		sheet.Of("MSIAddress", 32, MSIAddress(), 0xfee0_200c, "window=0xfee destination=0x2 hint logical"),
		sheet.Of("MSIData", 32, MSIData(), 0xc162, "vector=0x62 lowest assert level"),
	); err != nil {
		t.Error(err)
	}
}

// TestMSIRoundTrip decodes what MSI encoded, and knows what does not fit.
func TestMSIRoundTrip(t *testing.T) {
	for _, m := range []Message{
		{Dest: 0, Vector: 0x41},
		{Dest: 0xff, Logical: true, Mode: LowestPriority, Vector: 0x62},
		{Dest: 3, Mode: NMI},
		{Dest: 1, Level: true, Assert: true, Vector: 0x77},
		{Dest: 1, Level: true, Vector: 0x77},
	} {
		addr, data, ok := m.MSI()
		if !ok || addr>>20 != 0xfee || Remappable(addr) {
			t.Errorf("%+v encodes as %#x %#x %v", m, addr, data, ok)
		}
		if got := FromMSI(addr, data); got != m {
			t.Errorf("%+v becomes %+v", m, got)
		}
	}
	for _, m := range []Message{{Dest: 0x100}, {Mode: StartUp}} {
		if addr, data, ok := m.MSI(); ok || addr != 0 || data != 0 {
			t.Errorf("%+v was encoded", m)
		}
	}
	if !Remappable(0xfee0_0010) {
		t.Error("bit 4 means the remappable format")
	}
}

// TestRedirectionHint makes a lowest priority message of a fixed logical one.
func TestRedirectionHint(t *testing.T) {
	for addr, want := range map[uint64]DeliveryMode{0xfee0_100c: LowestPriority, 0xfee0_1008: Fixed, 0xfee0_1004: Fixed} {
		if got := FromMSI(addr, 0x41).Mode; got != want {
			t.Errorf("address %#x: mode %v, want %v", addr, got, want)
		}
	}
	if got := FromMSI(0xfee0_100c, 0x400).Mode; got != NMI {
		t.Errorf("the hint has changed mode NMI to %v", got)
	}
}

// TestNames are the words of traces.
func TestNames(t *testing.T) {
	if got := AllExcludingSelf.String() + " " + Self.String() + " " + NMI.String() + " " + DeliveryMode(9).String(); got != "all self nmi lowest" {
		t.Errorf("names %q", got)
	}
	if MSR(RegICR) != 0x830 || MSR(RegLVTError) != 0x837 || MSR(RegSelfIPI) != 0x83f {
		t.Error("x2APIC numbers")
	}
}

// TestSet puts every vector in and takes it out.
func TestSet(t *testing.T) {
	for v := range 256 {
		var s Set
		s.Add(uint8(v))
		if !s.Has(uint8(v)) || s[v/32] != 1<<(v%32) {
			t.Errorf("%d is not in its place", v)
		}
		other := uint8(v + 33)
		s.Add(other)
		if s.Remove(uint8(v)); s.Has(uint8(v)) || !s.Has(other) {
			t.Errorf("%d cannot be taken out alone", v)
		}
	}
}

// TestBits: the constants that code uses are the bits of the layouts.
func TestBits(t *testing.T) {
	for _, tt := range []struct {
		layout reg.Layout
		field  string
		mask   uint64
	}{
		{APICBase(), "bsp", BaseBSP}, {APICBase(), "x2apic", BaseX2APIC}, {APICBase(), "enable", BaseEnable}, {APICBase(), "page", BaseAddress},
		{SVR(), "apic", SVREnable}, {SVR(), "no-eoi-broadcast", SVRDirectedEOI}, {Version(), "directed-eoi", VersionDirected},
		{LVTPin(), "pending", LVTPending}, {LVTPin(), "polarity", LVTActiveLow}, {LVTPin(), "remote-irr", LVTRemoteIRR},
		{LVTPin(), "trigger", LVTLevel}, {LVTPin(), "masked", LVTMasked}, {LVTPin(), "mode", 7 << LVTModeShift},
		{LVTTimer(), "timer mode", 3 << LVTTimerShift},
		{ICR(), "destination mode", ICRLogical}, {ICR(), "level", ICRAssert}, {ICR(), "trigger", ICRLevel}, {ICR(), "shorthand", 3 << ICRShortShift},
		{ESR(), "send-illegal-vector", ErrSendIllegal}, {ESR(), "receive-illegal-vector", ErrReceiveIllegal}, {ESR(), "illegal-register", ErrRegister},
		{MSIAddress(), "destination mode", msiLogical}, {MSIAddress(), "hint", msiHint}, {MSIAddress(), "remappable", msiRemap},
	} {
		if n, ok := tt.layout.Lookup(tt.field); !ok || n.Field.Mask() != tt.mask {
			t.Errorf("%s has the bits %#x in the layout and %#x as a constant", tt.field, n.Field.Mask(), tt.mask)
		}
	}
}

// TestDivisor: all eight codes, and bit 2, which is none of them.
func TestDivisor(t *testing.T) {
	for divide, want := range map[uint32]uint32{0x0: 2, 0x1: 4, 0x2: 8, 0x3: 16, 0x8: 32, 0x9: 64, 0xa: 128, 0xb: 1} {
		for _, rest := range []uint32{0, 4, 0xfffffff4} {
			if got := Divisor(divide | rest); got != want {
				t.Errorf("%#x divides by %d, want %d", divide|rest, got, want)
			}
		}
	}
}
