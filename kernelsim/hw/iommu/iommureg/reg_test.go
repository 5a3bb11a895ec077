package iommureg

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/reg"
)

func TestLayouts(t *testing.T) {
	for name, x := range map[string]struct {
		l     reg.Layout
		width int
	}{
		"GSTS": {GlobalStatus(), 32}, "IRTA": {TableAddress(), 64}, "IQA": {QueueAddress(), 64}, "FSTS": {FaultStatus(), 32},
		"FRCD.lo": {FaultLow(), 64}, "FRCD.hi": {FaultHigh(), 64}, "CAP": {Capability(), 64}, "ECAP": {ExtendedCapability(), 64},
		"FECTL": {EventControl(), 32}, "IRTE.lo": {IRTELow(), 64}, "IRTE.hi": {IRTEHigh(), 64}, "address": {RemappableAddress(), 32},
		"redirection": {IOAPICEntry(), 64}, "IEC": {IECDescriptor(), 64}, "wait": {WaitDescriptor(), 64},
	} {
		if err := x.l.Check(x.width); err != nil {
			t.Errorf("%s: %v", name, err)
		}
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
