package iommureg

import (
	_ "embed"
	"strings"
	"testing"

	"bothhalves/kernelsim/internal/sheet"
	"bothhalves/kernelsim/reg"
)

// checked are the tables of all layouts, held bit by bit against the VT-d
// specification.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every register and entry stands as the specification has it,
// and shows one value by its layout.
func TestLayouts(t *testing.T) {
	if err := sheet.Check(checked,
		sheet.Of("GSTS", 32, GlobalStatus(), QIE|IRE|SIRTP|CFI, "cfis irtps ires qies"),
		sheet.Of("IRTA", 64, TableAddress(), 0x1_2345_680f, "size=0xf eime address 51:12=0x123456"),
		sheet.Of("IQA", 64, QueueAddress(), 0x1_2345_6800, "size=0x0 dw address 51:12=0x123456"),
		sheet.Of("FSTS", 32, FaultStatus(), PFO|PPF|IQE, "pfo ppf iqe fri=0x0"),
		sheet.Of("FECTL", 32, EventControl(), EventMask|EventPend, "ip im"),
		sheet.Of("FRCD low", 64, FaultLow(), 0x11<<48, "index=0x11"),
		sheet.Of("FRCD high", 64, FaultHigh(), FaultF|0x26<<32|0x28, "sid=0x28 reason=0x26 fault"),
		sheet.Of("CAP", 64, Capability(), CapValue, "fro=0x22 nfr=0x0"),
		sheet.Of("ECAP", 64, ExtendedCapability(), ECapValue|ECapEIM, "qi ir eim mhmv=0xf"),
		sheet.Of("IRTE low", 64, IRTELow(), 0x0000_0100_0030_001d, "present logical rh level fixed avail=0x0 vector=0x30 dest=0x100"),
		sheet.Of("IRTE high", 64, IRTEHigh(), 0x4_00f8, "sid=0xf8 sq=0x0 sid-sq"),
		sheet.Of("message address", 32, RemappableAddress(), 0xfee0_025c, "base=0xfee index 14:0=0x12 remappable shv index 15=0x1"),
		sheet.Of("redirection entry", 64, IOAPICEntry(), 0x0017_0000_0001_f80c, "vector=0xc index 15=0x1 send-pending active-low remote-irr level masked remappable index 14:0=0xb"),
		sheet.Of("IEC descriptor", 64, IECDescriptor(), InvalidateIndex(0x12, 3).Low, "type=0x4 index mask=0x3 index=0x12"),
		sheet.Of("wait descriptor", 64, WaitDescriptor(), WaitFor(2, 0).Low|1<<4|1<<6, "type=0x5 if sw fn status=0x2"),
	); err != nil {
		t.Error(err)
	}
}

// TestRecordedForms compares with values of a recorded machine with
// intel-iommu,intremap=on (vectors/intremap-q35).
func TestRecordedForms(t *testing.T) {
	for _, x := range []struct {
		entry uint64
		index uint16
		want  uint64
	}{
		{1, 0, 0x0001_0000_0000_0001}, {2, 1, 0x0003_0000_0000_0002}, {0x8009, 8, 0x0011_0000_0000_8009}, {0xc, 11, 0x0017_0000_0000_000c},
		{0xff00_0000_0001_0931, 0x8000, 0x0001_0000_0001_0831},
	} {
		if got := ComposeIOAPIC(x.entry, x.index); got != x.want {
			t.Errorf("pin entry %#x with index %#x: %#x, want %#x", x.entry, x.index, got, x.want)
		}
	}
	for index, want := range map[uint16]uint64{16: 0xfee0_0218, 17: 0xfee0_0238, 20: 0xfee0_0298} {
		if addr, data := ComposeMSI(index, 0); addr != want || data != 0 {
			t.Errorf("index %d: message %#x/%#x, want %#x/0", index, addr, data, want)
		}
	}
}

// TestDecode: what ComposeMSI makes, Decode takes apart, for every index.
func TestDecode(t *testing.T) {
	for index := range 1 << 16 {
		addr, data := ComposeMSI(uint16(index), 3)
		r, ok := Decode(addr, data)
		if !ok || !r.SHV || int(r.Handle) != index || r.Index() != uint32(index)+3 || addr>>20 != 0xfee || addr>>4&1 != 1 {
			t.Fatalf("index %#x: address %#x decodes to %+v %v", index, addr, r, ok)
		}
	}
}

func TestReasons(t *testing.T) {
	for r := range Reason(0x40) {
		known := r >= 0x20 && r <= 0x26
		if got := r.String() != "Unknown"; got != known {
			t.Errorf("reason %#x: %q", r, r)
		}
	}
	if s := IRTELow().String(NewIRTE(0x30, 1, true, false).Low); !strings.Contains(s, "present logical") || !strings.Contains(s, "vector=0x30 dest=0x100") {
		t.Errorf("an entry shows as %q", s)
	}
}

// TestBits: the constants and fields that code uses are the bits of the
// layouts.
func TestBits(t *testing.T) {
	for _, tt := range []struct {
		layout reg.Layout
		field  string
		mask   uint64
	}{
		{GlobalStatus(), "cfis", CFI}, {GlobalStatus(), "irtps", SIRTP}, {GlobalStatus(), "ires", IRE}, {GlobalStatus(), "qies", QIE},
		{FaultStatus(), "pfo", PFO}, {FaultStatus(), "ppf", PPF}, {FaultStatus(), "iqe", IQE},
		{EventControl(), "im", EventMask}, {EventControl(), "ip", EventPend}, {FaultHigh(), "fault", FaultF},
		{TableAddress(), "eime", EIME}, {TableAddress(), "size", IRTASize}, {TableAddress(), "address 51:12", PageMask},
		{ExtendedCapability(), "eim", ECapEIM}, {ExtendedCapability(), "ir", ECapIR},
		{IRTELow(), "present", irtePresent.Mask()}, {IRTELow(), "fpd", irteFPD.Mask()}, {IRTELow(), "dm", irteLogical.Mask()},
		{IRTELow(), "rh", irteHint.Mask()}, {IRTELow(), "trigger", irteLevel.Mask()}, {IRTELow(), "delivery", irteDelivery.Mask()},
		{IRTELow(), "vector", irteVector.Mask()}, {IRTELow(), "dest", irteDest.Mask()},
		{IRTEHigh(), "sid", irteSID.Mask()}, {IRTEHigh(), "sq", irteSQ.Mask()}, {IRTEHigh(), "svt", irteSVT.Mask()},
		{RemappableAddress(), "index 14:0", msgIndexLow.Mask()}, {RemappableAddress(), "shv", msgSHV.Mask()},
		{RemappableAddress(), "index 15", msgIndexHigh.Mask()},
	} {
		if n, ok := tt.layout.Lookup(tt.field); !ok || n.Field.Mask() != tt.mask {
			t.Errorf("%s has the bits %#x in the layout and %#x in the code", tt.field, n.Field.Mask(), tt.mask)
		}
	}
}
