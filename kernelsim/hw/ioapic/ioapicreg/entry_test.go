package ioapicreg

import (
	"math/rand"
	"testing"
)

func TestRoute(t *testing.T) {
	tests := []struct {
		r Route
		e RedirectionEntry
	}{
		{Route{}, 0},
		{Route{Masked: true}, ResetEntry},
		{Route{Vector: 0x21, Level: true, Dest: 2, Logical: true}, 0x0200_0000_0000_8821},
		{Route{Vector: 0xff, Mode: ExtINT, Low: true, Dest: 0xff, Ext: 0x81}, 0xff81_0000_0000_27ff},
	}
	for _, tt := range tests {
		if got := tt.r.Entry(); got != tt.e {
			t.Errorf("%+v is %#x, want %#x", tt.r, got, tt.e)
		}
		if got := tt.e.Route(); got != tt.r {
			t.Errorf("%#x is %+v, want %+v", tt.e, got, tt.r)
		}
	}
	rng := rand.New(rand.NewSource(1))
	for range 1000 {
		e := RedirectionEntry(rng.Uint64()) & (WritableHigh<<32 | WritableLow)
		if got := e.Route().Entry(); got != e {
			t.Fatalf("%#x taken apart and put together is %#x", e, got)
		}
	}
}

func TestWrites(t *testing.T) {
	all := ^RedirectionEntry(0)
	if got := RedirectionEntry(0x5000).WithLow(0xffff_ffff); got != 0x1_ffff {
		t.Errorf("status bits after a write: %#x", got)
	}
	if got := all.WithLow(0); got != all&^0x1_ffff|0x1000 {
		t.Errorf("edge keeps remote IRR: %#x", got)
	}
	if got := RedirectionEntry(0).WithHigh(0xffff_ffff); got != 0xffff_0000_0000_0000 {
		t.Errorf("high dword after a write: %#x", got)
	}
	if got := all.WithHigh(0); got != all>>16 {
		t.Errorf("high dword after a write of 0: %#x", got)
	}
	if e := RedirectionEntry(0).WithRemoteIRR(true); !e.RemoteIRR() || e != 0x4000 || e.WithRemoteIRR(false) != 0 {
		t.Errorf("remote IRR set: %#x", e)
	}
}

func TestModes(t *testing.T) {
	names := []string{"fixed", "lowest", "SMI", "...", "NMI", "INIT", "...", "extINT", "fixed"}
	for i, want := range names {
		m := DeliveryMode(i)
		if got := m.String(); got != want {
			t.Errorf("mode %d is %q, want %q", i, got, want)
		}
		e := Route{Mode: m & 7, Level: true}.Entry()
		if e.Sends() != (want != "...") || e.HoldsLevel() != (i&7 < 2) {
			t.Errorf("mode %d sends %v, holds a level %v", i, e.Sends(), e.HoldsLevel())
		}
	}
	if (Route{Mode: Fixed}).Entry().HoldsLevel() {
		t.Error("an edge holds a level")
	}
}

func TestMessage(t *testing.T) {
	tests := []struct {
		e    RedirectionEntry
		addr uint64
		data uint32
	}{
		{0, 0xfee0_0000, 0},
		{0x0100_0000_0000_0031, 0xfee0_1000, 0x31},
		{0xff00_0000_0001_8877, 0xfeef_f004, 0xc077},
		{0x0300_0000_0000_e931, 0xfee0_300c, 0xc131},
		{0x0025_0000_0000_a5ff, 0xfee0_0250, 0x05ff},
		{0x0001_0000_0000_0700, 0xfee0_0010, 0x0700},
	}
	for _, tt := range tests {
		if addr, data := tt.e.Message(); addr != tt.addr || data != tt.data {
			t.Errorf("%#x sends %#x to %#x, want %#x to %#x", tt.e, data, addr, tt.data, tt.addr)
		}
	}
}
