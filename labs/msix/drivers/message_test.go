package drivers

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
)

// lawfulDecode is what /proc/messages/decode shows of a right answer.
const lawfulDecode = `address 0xfee00000, data 0x41: destination 0, logical false, vector 0x41
destination: address 19:12, data none
logical: address 2, data none
vector: address none, data 7:0
read back: 65536 of 65536
`

// TestDecoded: what is returned beside a refusal is nobody's business.
func TestDecoded(t *testing.T) {
	for _, tc := range []struct {
		name   string
		decode func(addr uint64, data uint32) (uint32, bool, cpu.Vector, bool)
		want   string // "": the law
	}{
		{"the default", defaultDecode, ""},
		{"nothing beside a refusal", func(addr uint64, data uint32) (uint32, bool, cpu.Vector, bool) {
			if addr>>20 != 0xfee || addr&(1<<4) != 0 {
				return 0, false, 0, false
			}
			return defaultDecode(addr, data)
		}, ""},
		{"the hint for the mode", func(addr uint64, data uint32) (uint32, bool, cpu.Vector, bool) {
			dest, _, v, ok := defaultDecode(addr, data)
			return dest, addr&(1<<3) != 0, v, ok
		}, "logical: address 3, data none"},
		{"ten bits of data", func(addr uint64, data uint32) (uint32, bool, cpu.Vector, bool) {
			dest, logical, _, ok := defaultDecode(addr, data)
			return dest, logical, cpu.Vector(data ^ data>>8&3), ok
		}, "vector: address none, data 9:0"},
		{"no message at all", func(uint64, uint32) (uint32, bool, cpu.Vector, bool) { return 0, false, 0, false },
			"address 0xfee00000, data 0x41: taken for no message"},
	} {
		got := (&Messages{Compose: defaultCompose, Decode: tc.decode}).decoded()
		if tc.want == "" && got != lawfulDecode || !strings.Contains(got, tc.want) {
			t.Errorf("%s:\n%s", tc.name, got)
		}
	}
}

// TestBoardDecode: the board drops what a part takes for no message, and reads
// the IOAPIC's messages by itself.
func TestBoardDecode(t *testing.T) {
	m := &Messages{Decode: func(uint64, uint32) (uint32, bool, cpu.Vector, bool) { return 0, false, 0, false }}
	for _, tc := range []struct {
		from string
		ok   bool
	}{{"00:05.0", false}, {"msi", false}, {"ioapic0", true}} {
		got, ok := m.decode(bus.Message{Addr: 0xfee01000, Data: 0x41, From: &bus.Source{Name: tc.from}})
		if ok != tc.ok || ok && (got.Dest != 1 || got.Vector != 0x41) {
			t.Errorf("%s: %+v %t, want %t", tc.from, got, ok, tc.ok)
		}
	}
}
