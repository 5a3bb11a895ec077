package iommureg

import "testing"

// TestFields: each accessor reads its own bits, and none but those.
func TestFields(t *testing.T) {
	ones := IRTE{^uint64(0), ^uint64(0)}
	for name, x := range map[string]struct {
		low, high uint64 // the entry in which only this field is set
		is        func(e IRTE) bool
	}{
		"present":  {1 << 0, 0, IRTE.Present},
		"fpd":      {1 << 1, 0, IRTE.FPD},
		"logical":  {1 << 2, 0, IRTE.Logical},
		"hint":     {1 << 3, 0, IRTE.Hint},
		"level":    {1 << 4, 0, IRTE.Level},
		"delivery": {7 << 5, 0, func(e IRTE) bool { return e.Delivery() == 7 }},
		"vector":   {0xff << 16, 0, func(e IRTE) bool { return e.Vector() == 0xff }},
		"dest":     {0xffff_ffff << 32, 0, func(e IRTE) bool { return e.Dest() == 0xffff_ffff }},
		"sid":      {0, 0xffff, func(e IRTE) bool { return e.SID() == 0xffff }},
	} {
		own := IRTE{x.low, x.high}
		if !x.is(own) || !x.is(ones) || x.is(IRTE{}) || x.is(IRTE{^x.low, ^x.high}) {
			t.Errorf("%s is not the bits %#x %#x alone", name, x.low, x.high)
		}
	}
}

// TestReserved: one bit at a time, with and without 32-bit destinations.
func TestReserved(t *testing.T) {
	for bit := range 64 {
		low, high := IRTE{Low: 1 << bit}, IRTE{High: 1 << bit}
		always := bit >= 12 && bit <= 15 || bit >= 24 && bit <= 31
		inDest := bit >= 32
		if got := low.Reserved(true); got != always {
			t.Errorf("x2APIC: bit %d of the low quadword is reserved: %v", bit, got)
		}
		if got := low.Reserved(false); got != (always || inDest && (bit < 40 || bit > 47)) {
			t.Errorf("xAPIC: bit %d of the low quadword is reserved: %v", bit, got)
		}
		if got := high.Reserved(bit%2 == 0); got != (bit >= 20) {
			t.Errorf("bit %d of the high quadword is reserved: %v", bit, got)
		}
	}
	if !(IRTE{High: 3 << 18}).Reserved(true) {
		t.Error("source validation type 3 is reserved")
	}
}

// TestAdmits: every requester against the three types of validation.
func TestAdmits(t *testing.T) {
	const sid = 0x02a5 // 02:14.5; as a range: buses 0x02 to 0xa5
	ignored := []uint16{0, 1 << 2, 3 << 1, 7}
	for r := range 1 << 16 {
		who := uint16(r)
		if !NewIRTE(0x30, 0, false, false).ForSource(SVTNone, 3, sid).Admits(who) {
			t.Fatalf("without validation %#x may not", who)
		}
		for sq, leave := range ignored {
			e := IRTE{}.ForSource(SVTSource, uint8(sq), sid)
			if got, want := e.Admits(who), who|leave == sid|leave; got != want {
				t.Fatalf("requester %#x with sq %d: %v, want %v", who, sq, got, want)
			}
		}
		bus := r / 256
		if got, want := (IRTE{}).ForSource(SVTBus, 0, sid).Admits(who), bus >= 0x02 && bus <= 0xa5; got != want {
			t.Fatalf("requester %#x of bus range: %v, want %v", who, got, want)
		}
		if (IRTE{}).ForSource(3, 0, who).Admits(who) {
			t.Fatalf("type 3 admits %#x", who)
		}
	}
}

// TestNewIRTE: what Linux writes for a vector and a CPU.
func TestNewIRTE(t *testing.T) {
	for _, x := range []struct {
		dest         uint32
		logical, eim bool
		low          uint64
	}{
		{1, true, false, 0x0000_0100_0030_0005},
		{0xff, false, false, 0x0000_ff00_0030_0001},
		{0x1_0002, true, true, 0x0001_0002_0030_0005},
		{0x1_00fe, false, false, 0x0000_fe00_0030_0001},
	} {
		if got := NewIRTE(0x30, x.dest, x.logical, x.eim); got != (IRTE{Low: x.low}) {
			t.Errorf("vector 0x30 to %#x (logical %v, x2APIC %v): %#x, want %#x", x.dest, x.logical, x.eim, got, x.low)
		}
	}
	if got := (IRTE{Low: 5}).ForSource(SVTSource, 3, 0x1234); got != (IRTE{5, 0x7_1234}) {
		t.Errorf("its source is written as %#x", got)
	}
}

// TestDecodeRefuses: reserved bits of a request.
func TestDecodeRefuses(t *testing.T) {
	for _, x := range []struct {
		addr uint64
		data uint32
		ok   bool
	}{
		{0xfee0_0218, 0xffff, true}, {0xfee0_0218, 0x1_0000, false}, {0xfee0_0218, 0x8000_0000, false},
		{0xfee0_0210, 0xffff_ffff, true}, {0xfee0_0211, 0, false}, {0xfee0_0212, 0, false},
	} {
		r, ok := Decode(x.addr, x.data)
		if ok != x.ok {
			t.Errorf("%#x/%#x: accepted %v", x.addr, x.data, ok)
		}
		if want := uint32(16); !r.SHV && r.Index() != want {
			t.Errorf("%#x/%#x: index %d without a subhandle, want %d", x.addr, x.data, r.Index(), want)
		}
	}
}

// TestDescriptors: what the kernel queues, the unit reads.
func TestDescriptors(t *testing.T) {
	w := WaitFor(0x1234_5678, 0x7000)
	if w != (Descriptor{0x1234_5678_0000_0025, 0x7000}) {
		t.Errorf("a wait is queued as %#x", w)
	}
	if w.Type() != Wait || !w.WritesStatus() || w.Interrupts() || w.Status() != 0x1234_5678 {
		t.Errorf("a wait has type %d, writes %v, interrupts %v, status %#x", w.Type(), w.WritesStatus(), w.Interrupts(), w.Status())
	}
	if d := (Descriptor{Low: ^uint64(0x20)}); d.WritesStatus() || !d.Interrupts() || d.Type() != 0xf {
		t.Error("bit 5 alone asks for the status")
	}
	if d := (Descriptor{Low: 0x10}); !d.Interrupts() {
		t.Error("bit 4 asks for an interrupt")
	}
	if d := InvalidateAll(); d != (Descriptor{Low: 4}) || !d.Covers(0) || !d.Covers(0xffff) {
		t.Errorf("all is queued as %#x", d)
	}
	if d := InvalidateIndex(0x1234, 3); d != (Descriptor{Low: 0x1234<<32 | 3<<27 | 1<<4 | 4}) {
		t.Errorf("eight entries are queued as %#x", d)
	}
	for mask := range 17 {
		d := InvalidateIndex(0x1234, uint8(mask))
		for index := range uint32(1 << 16) {
			first := uint32(0x1234) &^ (1<<mask - 1)
			if want := index >= first && index < first+1<<mask; d.Covers(index) != want {
				t.Fatalf("mask %d: entry %#x covered: %v, want %v", mask, index, !want, want)
			}
		}
	}
}

// TestQualified: FPD silences what is found in the entry or after it.
func TestQualified(t *testing.T) {
	quiet := map[Reason]bool{NotPresent: true, ReservedInIRTE: true, SourceRejected: true}
	for r := Reason(0); r < 0x40; r++ {
		if r.Qualified() != quiet[r] {
			t.Errorf("reason %#x (%v) is qualified: %v", uint8(r), r, r.Qualified())
		}
	}
}
