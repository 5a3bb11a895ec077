package iommureg

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/reg"
)

// checked are the tables of all layouts, held bit by bit against the VT-d
// specification.
// A test cannot tell which of the two is right: whoever changes a layout reads
// there and edits both.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every register and entry stands as the specification has it,
// and shows one value by its layout.
func TestLayouts(t *testing.T) {
	tables := ""
	for _, tt := range []struct {
		name   string
		layout reg.Layout
		width  int
		value  uint64
		want   string
	}{
		{"GSTS", GlobalStatus(), 32, QIE | IRE | SIRTP | CFI, "cfis irtps ires qies"},
		{"IRTA", TableAddress(), 64, 0x1_2345_680f, "size=0xf eime address 51:12=0x123456"},
		{"IQA", QueueAddress(), 64, 0x1_2345_6800, "size=0x0 dw address 51:12=0x123456"},
		{"FSTS", FaultStatus(), 32, PFO | PPF | IQE, "pfo ppf iqe fri=0x0"},
		{"FECTL", EventControl(), 32, EventMask | EventPend, "ip im"},
		{"FRCD low", FaultLow(), 64, 0x11 << 48, "index=0x11"},
		{"FRCD high", FaultHigh(), 64, FaultF | 0x26<<32 | 0x28, "sid=0x28 reason=0x26 fault"},
		{"CAP", Capability(), 64, CapValue, "fro=0x22 nfr=0x0"},
		{"ECAP", ExtendedCapability(), 64, ECapValue | ECapEIM, "qi ir eim mhmv=0xf"},
		{"IRTE low", IRTELow(), 64, 0x0000_0100_0030_001d, "present logical rh level fixed avail=0x0 vector=0x30 dest=0x100"},
		{"IRTE high", IRTEHigh(), 64, 0x4_00f8, "sid=0xf8 sq=0x0 sid-sq"},
		{"message address", RemappableAddress(), 32, 0xfee0_025c, "base=0xfee index 14:0=0x12 remappable shv index 15=0x1"},
		{"redirection entry", IOAPICEntry(), 64, 0x0017_0000_0001_f80c, "vector=0xc index 15=0x1 send-pending active-low remote-irr level masked remappable index 14:0=0xb"},
		{"IEC descriptor", IECDescriptor(), 64, InvalidateIndex(0x12, 3).Low, "type=0x4 index mask=0x3 index=0x12"},
		{"wait descriptor", WaitDescriptor(), 64, WaitFor(2, 0).Low | 1<<4 | 1<<6, "type=0x5 if sw fn status=0x2"},
	} {
		if err := tt.layout.Check(tt.width); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		tables += fmt.Sprintf("%s, %d bits\n%s\n", tt.name, tt.width, tt.layout.Table(tt.width))
		if got := tt.layout.String(tt.value); got != tt.want {
			t.Errorf("%s %#x is %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
	if diff := cmp.Diff(checked, tables); diff != "" {
		t.Errorf("the tables (-checked +here):\n%s", diff)
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
