package pcie

import (
	"math/rand"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

func TestBDF(t *testing.T) {
	tests := []struct {
		text string
		want BDF
		ok   bool
	}{
		{"00:05.0", 0x28, true}, {"0000:00:05.0", 0x28, true}, {"ff:1f.7", 0xffff, true}, {"a0:02.1", 0xa011, true},
		{"00:20.0", 0, false}, {"00:05.8", 0, false}, {"100:00.0", 0, false}, {"00-05.0", 0, false}, {"00:05", 0, false},
		{"", 0, false}, {"00:05.x", 0, false}, {"00:x.0", 0, false}, {"x:05.0", 0, false}, {"0001:00:05.0", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseBDF(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseBDF(%q) = %v, %v", tt.text, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "such as 00:05.0") {
			t.Errorf("%v does not say what to write", err)
		}
	}
	for i := range 1 << 16 {
		b := BDF(i)
		if got, err := ParseBDF(b.String()); err != nil || got != b {
			t.Fatalf("%v reads back as %v, %v", b, got, err)
		}
		if MakeBDF(b.Bus(), b.Device(), b.Function()) != b {
			t.Fatalf("%v is not %d, %d, %d", b, b.Bus(), b.Device(), b.Function())
		}
	}
	if got := MakeBDF(0x101, 0x22, 0xb).String(); got != "01:02.3" {
		t.Errorf("what does not fit is not cut off: %s", got)
	}
}

func TestHeader(t *testing.T) {
	b := newBench(t, 4)
	for _, tt := range []struct {
		what string
		off  uint16
		size int
		want uint32
	}{
		{"vendor", 0x00, 2, 0x1b36}, {"device", 0x02, 2, 0x0011}, {"both", 0x00, 4, 0x0011_1b36},
		{"command", 0x04, 2, 0x0006}, {"status", 0x06, 2, 0x0010},
		{"revision", 0x08, 1, 3}, {"interface", 0x09, 1, 0}, {"class", 0x0a, 2, 0xff01},
		{"header type", 0x0e, 1, 0}, {"subsystem", 0x2c, 4, 0x1100_1af4},
		{"list", 0x34, 1, msixAt}, {"pin", 0x3d, 1, 1},
		{"MSI-X", msixAt, 2, msiAt<<8 | 0x11}, {"MSI", msiAt, 2, 0x0005},
		{"middle of a double word", 0x01, 2, 0x111b},
		{"across double words", 0x03, 2, 0xffff}, {"across double words", 0x02, 4, 0xffff_ffff},
		{"beyond the space", 0x100, 4, 0xffff_ffff}, {"the last", 0xfc, 4, 0}, {"no size", 0, 3, 0xff_ffff}, {"no size", 0, 0, 0},
		{"no size", 0, 8, 0xffff_ffff}, {"no size", 0, -1, 0xffff_ffff},
	} {
		b.cfg(tt.what, tt.off, tt.size, tt.want)
	}
	f := NewFunc(b.bus, 0x18, Header{Status: 0x0280, MultiFunction: true, Extended: true, LatencyTimer: true, Pin: 4})
	f.ConfigWrite(0x0c, 4, 0xffff_ffff)
	for off, want := range map[uint16]uint32{0x04: 0x0280_0000, 0x0c: 0x0080_ffff, 0x3c: 0x0400, 0x100: 0, 0xffc: 0} {
		if got := f.ConfigRead(off, 4); got != want {
			t.Errorf("offset %#x reads as %#x, want %#x", off, got, want)
		}
	}
	if len(f.Config()) != 0x1000 || len(b.f.Config()) != 0x100 {
		t.Error("the space has the wrong size")
	}
	if f.Config()[0] = 1; f.ConfigRead(0, 1) != 0 {
		t.Error("Config is no copy")
	}
	if b.f.Name() != "probe" || b.f.BDF() != 0x28 || *b.f.Source() != (bus.Source{Name: "00:05.0", ID: 0x28}) {
		t.Error("the function does not know who it is")
	}
}

// writable is the bits of the bench's space that software may change, written
// down from the specification and not from the code.
func writable() []byte {
	w := make([]byte, 0x100)
	put := func(off, size int, v uint64) {
		for i := range size {
			w[off+i] = byte(v >> (8 * i))
		}
	}
	put(0x04, 2, 0x0547)
	put(0x0c, 1, 0xff)
	put(0x10, 4, 0xffff_0000)
	put(0x3c, 1, 0xff)
	put(msixAt+2, 2, 0xc000)
	put(msiAt+2, 2, 0x0071)
	put(msiAt+4, 8, 0xffff_ffff_ffff_fffc)
	put(msiAt+0xc, 2, 0xffff)
	put(msiAt+0x10, 4, 0xffff_ffff)
	return w
}

func TestWriteMasks(t *testing.T) {
	mask := writable()
	for off := range 0x100 {
		b := newBench(t, 4)
		before := b.f.Config()
		for _, v := range []byte{0xff, 0, 0x55, 0xaa} {
			b.f.ConfigWrite(uint16(off), 1, uint32(v))
			after := b.f.Config()
			for i := range after {
				want := before[i]
				if i == off {
					want = before[i]&^mask[i] | v&mask[i]
				}
				if after[i] != want {
					t.Fatalf("writing %#x at %#x made offset %#x %#x, want %#x", v, off, i, after[i], want)
				}
			}
		}
	}
	b := newBench(t, 4)
	b.f.ConfigWrite(0x02, 4, 0xffff_ffff)
	b.f.ConfigWrite(0x100, 4, 0xffff_ffff)
	b.f.ConfigWrite(0x04, 3, 0)
	b.cfg("refused writes", 0x04, 2, 0x0006)
	for _, tt := range []struct {
		off  uint16
		size int
		v    uint32
		want uint32
	}{{0x04, 4, 0x0547, 0x0547}, {0x04, 2, 0x0106, 0x0106}, {0x05, 1, 4, 0x0406}, {0x05, 2, 0x01, 0x0106}} {
		b.f.ConfigWrite(tt.off, tt.size, tt.v)
		b.cfg("command", 0x04, 2, tt.want)
	}
}

func TestStatusClears(t *testing.T) {
	b := newBench(t, 4)
	b.f.config.setWord(pcireg.StatusReg, 0xff90)
	b.f.ConfigWrite(0x06, 2, 0x4080)
	b.cfg("status", 0x06, 2, 0xbf90)
	b.f.ConfigWrite(0x04, 4, 0xffff_0000)
	b.cfg("status and command", 0x04, 4, 0x0690_0000)
}

func TestPresetAndReset(t *testing.T) {
	b := newBench(t, 4)
	wrote := 0
	b.f.OnConfigWrite(func() { wrote++ })
	b.f.Preset(0xf0, []byte{1, 2, 3, 4}, []byte{0xf0, 0, 0xff})
	b.f.ConfigWrite(0xf0, 4, 0xa5a5_a5a5)
	b.cfg("preset", 0xf0, 4, 0x04a5_02a1)
	b.f.ConfigWrite(0xf1, 4, 0)
	if wrote != 1 {
		t.Errorf("told of %d writes, want 1", wrote)
	}
	b.entry(1, 0xfee0_0000, 0x31, 0)
	b.f.SetINTx(true)
	b.f.MSIX().Notify(2)
	b.take()
	b.f.Reset()
	b.want("reset", "pin 1 false")
	b.cfg("preset", 0xf0, 4, 0x0403_0201)
	b.cfg("command and status", 0x04, 4, 0x0010_0000)
	if e := b.f.MSIX().Entry(1); e != (pcireg.Entry{Control: 1}) || b.f.MSIX().Pending(2) {
		t.Errorf("the table after a reset: %+v, pending %v", e, b.f.MSIX().Pending(2))
	}
	b.reads("unmapped", tableAt, 4, 0xffff_ffff)
}

func TestShapeMistakes(t *testing.T) {
	at := func(bar int, off uint32) Place { return Place{bar, off} }
	pba := at(0, 0x8000)
	tests := []struct {
		what  string
		build func(f *Func)
		want  string
	}{
		{"good", func(f *Func) { f.AddCap(0xf4, 9, make([]byte, 10), nil) }, ""},
		{"preset to the end", func(f *Func) { f.Preset(0xfe, []byte{1, 2}, []byte{1, 2}) }, ""},
		{"preset", func(f *Func) { f.Preset(0xfe, []byte{1, 2, 3}, nil) }, "3 bytes at offset 0xfe reach beyond the 256"},
		{"preset mask", func(f *Func) { f.Preset(0xff, nil, []byte{1, 2}) }, "2 bytes at offset 0xff"},
		{"BAR size", func(f *Func) { f.AddBAR(1, Memory32, 0x1800, nil) }, "BAR 1: size 0x1800: use a power of two from 0x10 to 0x80000000"},
		{"BAR size 0", func(f *Func) { f.AddBAR(1, Memory32, 0, nil) }, "power of two"},
		{"BAR too small", func(f *Func) { f.AddBAR(1, Memory32, 8, nil) }, "from 0x10"},
		{"BAR too large", func(f *Func) { f.AddBAR(1, Prefetch32, 1<<32, nil) }, "to 0x80000000"},
		{"BARs just right", func(f *Func) {
			f.AddBAR(1, Memory32, 16, nil)
			f.AddBAR(2, Prefetch32, 1<<31, nil)
			f.AddBAR(3, IO, 4, nil)
			f.AddBAR(5, IO, 256, nil)
		}, ""},
		{"64-bit just right", func(f *Func) { f.AddBAR(1, Memory64, 1<<32, nil); f.AddBAR(4, Prefetch64, 16, nil) }, ""},
		{"64-bit too large", func(f *Func) { f.AddBAR(1, Memory64, 1<<33, nil) }, "to 0x100000000"},
		{"I/O too large", func(f *Func) { f.AddBAR(1, IO, 512, nil) }, "from 0x4 to 0x100"},
		{"I/O too small", func(f *Func) { f.AddBAR(1, IO, 2, nil) }, "from 0x4 to 0x100"},
		{"BAR taken", func(f *Func) { f.AddBAR(0, IO, 16, nil) }, "BAR 0: the register is in use"},
		{"upper half taken", func(f *Func) { f.AddBAR(1, Memory64, 16, nil); f.AddBAR(2, IO, 16, nil) }, "BAR 2: the register is in use"},
		{"upper half on another", func(f *Func) { f.AddBAR(2, IO, 16, nil); f.AddBAR(1, Memory64, 16, nil) }, "BAR 1: the register is in use"},
		{"BAR 6", func(f *Func) { f.AddBAR(6, IO, 16, nil) }, "there are six registers"},
		{"BAR -1", func(f *Func) { f.AddBAR(-1, IO, 16, nil) }, "there are six registers"},
		{"64-bit BAR 5", func(f *Func) { f.AddBAR(5, Memory64, 16, nil) }, "there are six registers"},
		{"BAR kind", func(f *Func) { f.AddBAR(1, 3, 16, nil) }, "kind 3 is none of"},
		{"name", func(f *Func) { f.NameBAR(1, "x") }, `no BAR 1 to be called "x"`},
		{"name 6", func(f *Func) { f.NameBAR(6, "x") }, "no BAR 6"},
		{"name -1", func(f *Func) { f.NameBAR(-1, "x") }, "no BAR -1"},
		{"cap in the header", func(f *Func) { f.AddCap(0x3c, 9, nil, nil) }, "use an offset from 0x40"},
		{"cap unaligned", func(f *Func) { f.AddCap(0x42, 9, nil, nil) }, "multiple of 4"},
		{"cap beyond", func(f *Func) { f.AddCap(0xf4, 9, make([]byte, 11), nil) }, "below 0x100"},
		{"caps side by side", func(f *Func) { f.AddCap(0x40, 9, make([]byte, 14), nil); f.AddCap(0x50, 9, make([]byte, 2), nil) }, ""},
		{"caps side by side", func(f *Func) { f.AddCap(0x50, 9, make([]byte, 2), nil); f.AddCap(0x40, 9, make([]byte, 14), nil) }, ""},
		{"cap overlap", func(f *Func) { f.AddCap(0x50, 9, nil, nil); f.AddCap(0x4c, 9, make([]byte, 3), nil) }, "overlaps the one at 0x50, which has 2 bytes"},
		{"cap overlap after", func(f *Func) { f.AddCap(0x50, 9, make([]byte, 7), nil); f.AddCap(0x58, 9, nil, nil) }, "overlaps the one at 0x50"},
		{"cap mask", func(f *Func) { f.AddCap(0x50, 9, make([]byte, 2), make([]byte, 3)) }, "2 bytes but 3 of writable"},
		{"MSI count", func(f *Func) { f.AddMSI(0x50, 6, true, true).Notify(0) }, "1<<6 messages"},
		{"MSI count", func(f *Func) { f.AddMSI(0x50, -1, true, true).Notify(0) }, "1<<-1 messages"},
		{"MSI twice", func(f *Func) { f.AddMSI(0x50, 1, true, true); f.AddMSI(0x70, 1, true, true).Clear(0) }, "once"},
		{"MSI beyond", func(f *Func) {
			m := f.AddMSI(0xf0, 5, true, true)
			m.Notify(0)
			m.Clear(0)
			m.Message(0)
			m.release()
		}, "below 0x100"},
		{"MSI-X in the last bytes", func(f *Func) { f.AddMSIX(0xf4, 2048, at(0, 0), pba) }, ""},
		{"MSI-X beyond", func(f *Func) { m := f.AddMSIX(0xf8, 1, at(0, 0), pba); m.Notify(0); m.FunctionMasked() }, "below 0x100"},
		{"MSI-X none", func(f *Func) { f.AddMSIX(0x50, 0, at(0, 0), pba).Notify(0) }, "MSI-X with 0 entries: use 1 to 2048"},
		{"MSI-X many", func(f *Func) { f.AddMSIX(0x50, 2049, at(0, 0), pba) }, "MSI-X with 2049 entries"},
		{"MSI-X twice", func(f *Func) { f.AddMSIX(0x50, 1, at(0, 0), pba); f.AddMSIX(0x60, 1, at(0, 64), at(0, 0x8100)) }, "once"},
		{"MSI-X no BAR", func(f *Func) { f.AddMSIX(0x50, 1, at(3, 0), pba) }, "table: there is no memory BAR 3"},
		{"MSI-X BAR 6", func(f *Func) { f.AddMSIX(0x50, 1, at(0, 0), at(6, 0x8000)) }, "no memory BAR 6"},
		{"MSI-X BAR -1", func(f *Func) { f.AddMSIX(0x50, 1, at(-1, 0), pba) }, "no memory BAR -1"},
		{"MSI-X in ports", func(f *Func) { f.AddBAR(1, IO, 256, nil); f.AddMSIX(0x50, 1, at(1, 0), pba) }, "no memory BAR 1"},
		{"MSI-X unaligned", func(f *Func) { f.AddMSIX(0x50, 1, at(0, 4), pba) }, "use a multiple of 8"},
		{"MSI-X no room", func(f *Func) { f.AddMSIX(0x50, 1, at(0, 0xfff8), pba) }, "0x10 bytes at 0xfff8 of BAR 0, which has 0x10000"},
		{"MSI-X last room", func(f *Func) { f.AddMSIX(0x50, 65, at(0, 0xfbe0), at(0, 0xfff0)) }, ""},
		{"MSI-X pending no room", func(f *Func) { f.AddMSIX(0x50, 65, at(0, 0), at(0, 0xfff8)) }, "pending bits: 0x10 bytes at 0xfff8"},
		{"MSI-X pending just room", func(f *Func) { f.AddMSIX(0x50, 64, at(0, 0), at(0, 0xfff8)) }, ""},
		{"MSI-X overlap", func(f *Func) { f.AddMSIX(0x50, 2, at(0, 0), at(0, 0x18)) }, "overlap the 0x20 bytes at 0x0"},
		{"MSI-X overlap before", func(f *Func) { f.AddMSIX(0x50, 65, at(0, 0x10), at(0, 8)) }, "overlap the 0x410 bytes at 0x10"},
		{"MSI-X side by side", func(f *Func) { f.AddMSIX(0x50, 2, at(0, 0x10), at(0, 8)) }, ""},
		{"MSI-X side by side", func(f *Func) { f.AddMSIX(0x50, 2, at(0, 0), at(0, 0x20)) }, ""},
		{"the first mistake", func(f *Func) { f.AddBAR(1, 3, 16, nil); f.AddCap(0, 0, nil, nil) }, "kind 3"},
	}
	for _, tt := range tests {
		b := bus.New()
		f := NewFunc(b, 0x28, Header{Name: "x"})
		f.AddBAR(0, Memory32, 0x1_0000, nil)
		tt.build(f)
		err := NewRoot(b).Attach(f, nil)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.what, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), "pcie: function 00:05.0: ") || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v, want one with %q", tt.what, err, tt.want)
		}
		if err != f.Err() {
			t.Errorf("%s: Attach and Err disagree", tt.what)
		}
	}
	for want, h := range map[string]Header{"interrupt pin 5": {Pin: 5}, "class 0x1000000": {Class: 1 << 24}} {
		if err := NewFunc(bus.New(), 0, h).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if err := NewFunc(bus.New(), 0, Header{Pin: 4, Class: 0xff_ffff}).Err(); err != nil {
		t.Error(err)
	}
}

func TestCapabilityList(t *testing.T) {
	f := NewFunc(bus.New(), 0, Header{Status: 0x0280})
	if f.ConfigRead(0x34, 1) != 0 || f.ConfigRead(0x06, 2) != 0x0280 || f.FindCap(9) != 0 {
		t.Error("a function without capabilities has a list")
	}
	f.AddCap(0x98, 0x11, make([]byte, 10), nil)
	f.AddCap(0x40, 0x09, []byte{0x12, 0x34}, []byte{0x0f})
	f.AddCap(0x84, 0x09, nil, nil)
	f.ConfigWrite(0x40, 4, 0xffff_ffff)
	if got := f.ConfigRead(0x40, 4); got != 0x341f_8409 {
		t.Errorf("the capability reads as %#x", got)
	}
	var ids []uint32
	for at := f.ConfigRead(0x34, 1); at != 0; at = f.ConfigRead(uint16(at)+1, 1) {
		ids = append(ids, at, f.ConfigRead(uint16(at), 1))
	}
	if got, want := ids, []uint32{0x98, 0x11, 0x40, 9, 0x84, 9}; len(got) != 6 || [6]uint32(got) != [6]uint32(want) {
		t.Errorf("the list is %x, want %x", got, want)
	}
	if f.FindCap(9) != 0x40 || f.FindCap(0x11) != 0x98 || f.FindCap(5) != 0 || f.ConfigRead(0x06, 2) != 0x0290 {
		t.Error("capabilities are not found")
	}
	f.Reset()
	if f.FindCap(9) != 0x40 || f.ConfigRead(0x40, 4) != 0x3412_8409 {
		t.Error("a reset lost a capability")
	}
}

// FuzzConfig holds that no sequence of configuration accesses panics or moves
// a bit that software may not change.
func FuzzConfig(f *testing.F) {
	f.Add([]byte{0x10, 4, 0xff, 0xff, 0xff, 0xff, 0x04, 2, 0, 0, 7, 0})
	f.Add([]byte{0x62, 2, 0, 0, 0, 0x71, 0x42, 2, 0, 0, 0, 0xc0})
	seed := make([]byte, 600)
	rand.New(rand.NewSource(1)).Read(seed)
	f.Add(seed)
	mask := writable()
	f.Fuzz(func(t *testing.T, in []byte) {
		b := newBench(t, 70)
		first := b.f.Config()
		for ; len(in) >= 6; in = in[6:] {
			off, size := uint16(in[0])|uint16(in[1]>>4&1)<<8, int(in[1]&0xf)
			v := uint32(in[2])<<24 | uint32(in[3])<<16 | uint32(in[4])<<8 | uint32(in[5])
			b.f.ConfigWrite(off, size, v)
			b.f.ConfigRead(off, size)
			if at, _, mapped := b.f.BAR(0); mapped {
				b.bus.Write(at+bus.Addr(v&0xfff8), 1<<(in[1]>>6), uint64(v)<<32|uint64(off))
				b.bus.Read(at+bus.Addr(v&0xffff), 1<<(in[1]>>6))
			}
			b.f.Event(int(in[5] & 0x7f))
		}
		pending := msiAt + 0x14
		for i, now := range b.f.Config() {
			if i < pending && (now^first[i])&^mask[i] != 0 {
				t.Fatalf("offset %#x went from %#x to %#x", i, first[i], now)
			}
		}
	})
}
