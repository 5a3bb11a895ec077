package reg

import (
	"strings"
	"testing"
)

// device is a small register file with one register of each sort.
func device(t *testing.T) (*Map, *[]Written) {
	t.Helper()
	var writes []Written
	m, err := New("device", 4,
		Register{Offset: 0x00, Name: "ID", Size: 4, Reset: 0x1234},
		Register{Offset: 0x04, Name: "CTRL", Size: 4, Reset: 0x8000_0001, RW: 0x0000_00ff,
			Layout: Layout{Number("speed", 6, 0), Flag("on", 7)},
			Write:  func(w Written) { writes = append(writes, w) }},
		Register{Offset: 0x08, Name: "STATUS", Size: 4, Reset: 0xff, W1C: 0x0f, RC: 0xf0},
		Gap(0x0c, 4),
		Register{Offset: 0x10, Name: "BANK", Size: 2, Count: 2, RW: 0xffff},
		Register{Offset: 0x18, Name: "TWICE", Size: 8, RW: ^uint64(0),
			Read: func(_ int, stored uint64) uint64 { return stored * 2 }})
	if err != nil {
		t.Fatal(err)
	}
	return m, &writes
}

func TestMapAccess(t *testing.T) {
	tests := []struct {
		name    string
		off     uint32
		size    int
		write   uint64
		want    uint64 // read back from the same place
		changes bool   // whether a second device that was not written reads otherwise
	}{
		{"read-only", 0, 4, 0xffff_ffff, 0x1234, false},
		{"writable bits", 4, 4, 0x7e, 0x8000_007e, true},
		{"reserved bits", 4, 4, 0xffff_ff01, 0x8000_0001, false},
		{"one byte of four", 5, 1, 0xff, 0, false},
		{"its low byte", 4, 1, 0x55, 0x55, true},
		{"a one clears", 8, 4, 0x05, 0xfa, true},
		{"a zero keeps", 8, 4, 0x00, 0xff, false},
		{"gap", 0xc, 4, 0xffff_ffff, 0, false},
		{"array", 0x14, 2, 0xbeef, 0xbeef, true},
		{"bytes between registers", 0x12, 2, 0xbeef, 0, false},
		{"two registers at once", 0x10, 8, 0x1111_2222_3333_4444, 0x2222_0000_4444, true},
		{"computed", 0x18, 8, 21, 42, true},
		{"outside", 0x20, 4, 1, 0xffff_ffff, false},
		{"across the end", 0x1c, 8, 1, ^uint64(0), false},
		{"no bus's size", 0, 3, 1, 0xff_ffff, false},
		{"negative size", 0, -1, 1, 0, false},
	}
	for _, tt := range tests {
		m, _ := device(t)
		fresh, _ := device(t)
		m.Write(tt.off, tt.size, tt.write)
		got := m.Read(tt.off, tt.size)
		if got != tt.want {
			t.Errorf("%s: wrote %#x, read %#x, want %#x", tt.name, tt.write, got, tt.want)
		}
		if changed := got != fresh.Read(tt.off, tt.size); changed != tt.changes {
			t.Errorf("%s: changed %v, want %v", tt.name, changed, tt.changes)
		}
	}
}

func TestMapReadClears(t *testing.T) {
	m, _ := device(t)
	for i, want := range []uint64{0xff, 0x0f, 0x0f} {
		if got := m.Read(8, 4); got != want {
			t.Errorf("read %d gives %#x, want %#x", i+1, got, want)
		}
	}
	m.Reset()
	if m.Read(9, 1); m.Get(8) != 0xff {
		t.Errorf("reading its second byte left %#x in the register, want 0xff", m.Get(8))
	}
}

func TestMapWriteHandler(t *testing.T) {
	m, writes := device(t)
	m.Write(4, 2, 0xabcd)
	m.Write(0, 4, 1) // the registers on either side
	m.Write(8, 4, 1)
	want := Written{Value: 0xabcd, Before: 0x8000_0001, After: 0x8000_00cd}
	if len(*writes) != 1 || (*writes)[0] != want {
		t.Errorf("handler saw %+v, want once %+v", *writes, want)
	}
}

func TestMapGetSetReset(t *testing.T) {
	m, writes := device(t)
	if !m.Set(4, 0x1_ffff_ffff) || m.Get(4) != 0xffff_ffff {
		t.Errorf("Set passes no mask but the width: stored %#x", m.Get(4))
	}
	if m.Set(5, 1) || m.Set(0xc, 1) || m.Get(5) != 0 {
		t.Error("Set stored where no register begins")
	}
	m.Reset()
	if m.Get(4) != 0x8000_0001 || len(*writes) != 0 {
		t.Errorf("after Reset: %#x, %d handler calls", m.Get(4), len(*writes))
	}
	if n := len(m.Registers()); n != 5 || m.Size() != 0x20 || m.Name() != "device" {
		t.Errorf("%d registers, size %#x, name %q", n, m.Size(), m.Name())
	}
}

func TestMapString(t *testing.T) {
	m, _ := device(t)
	want := `0x0000 ID               00001234
0x0004 CTRL             80000001  speed=0x1 reserved=0x80000000
0x0008 STATUS           000000ff
0x0010 BANK[0]          0000
0x0014 BANK[1]          0000
0x0018 TWICE            0000000000000000
`
	for range 2 { // showing the map changes nothing
		if got := m.String(); got != want {
			t.Errorf("dump:\n%swant:\n%s", got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name string
		regs []Register
		want string
	}{
		{"slipped up", []Register{{Name: "A", Size: 4}, {Offset: 8, Name: "B", Size: 4}},
			`"B" states offset 0x8, but the registers before it end at 0x4: correct it, or declare the bytes between with reg.Gap(0x4, 4)`},
		{"slipped down", []Register{{Name: "A", Size: 8}, {Offset: 4, Name: "B", Size: 4}},
			`"B" states offset 0x4, but the registers before it reach to 0x8`},
		{"gap slipped", []Register{Gap(4, 4)}, `"gap" states offset 0x4`},
		{"empty gap", []Register{Gap(0, 0)}, "gap at 0x0 has 0 bytes"},
		{"odd size", []Register{{Name: "A", Size: 3}}, `"A" has size 3`},
		{"count", []Register{{Name: "A", Size: 4, Count: -1}}, `"A" has count -1`},
		{"two sorts of bit", []Register{{Name: "A", Size: 4, RW: 3, W1C: 2}}, `"A": a bit is in two`},
		{"wide reset", []Register{{Name: "A", Size: 1, Reset: 0x100}}, `"A": a reset value or mask`},
		{"layout", []Register{{Name: "A", Size: 1, Layout: Layout{Flag("f", 8)}}}, `"A": field "f"`},
	}
	for _, tt := range tests {
		m, err := New("dev", 1, tt.regs...)
		if m != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestMust(t *testing.T) {
	if m := Must(New("ok", 4, Register{Name: "A", Size: 4})); m == nil {
		t.Error("Must lost the map")
	}
	defer func() {
		if recover() == nil {
			t.Error("Must accepted a slipped map")
		}
	}()
	Must(New("bad", 4, Register{Offset: 4, Name: "A", Size: 4}))
}

func TestAccessAllocatesNothing(t *testing.T) {
	m, _ := device(t)
	n := testing.AllocsPerRun(100, func() {
		m.Write(0x10, 8, 5)
		m.Read(0x10, 8)
		m.Read(0x18, 8)
		m.Set(4, m.Get(4))
	})
	if n != 0 {
		t.Errorf("%v allocations in a turn of reads and writes, want 0", n)
	}
}

func BenchmarkMapWrite(b *testing.B) {
	m := Must(New("bank", 16, Register{Name: "R", Size: 4, Count: 64, RW: 0xffff_ffff}))
	b.ReportAllocs()
	for b.Loop() {
		m.Write(0x200, 4, 7)
	}
}
