package pcie

import (
	"fmt"
	"math/rand"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

func TestMSIXTable(t *testing.T) {
	b := newBench(t, 3)
	b.reads("reset", tableAt+0x0c, 4, 1)
	b.reads("reset", tableAt+0x2c, 4, 1)
	b.reads("beyond the table", tableAt+0x30, 4, 0)
	for _, tt := range []struct {
		what   string
		off    bus.Addr
		size   int
		v      uint64
		at     bus.Addr
		atSize int
		want   uint64
	}{
		{what: "address", off: 0x10, size: 4, v: 0xffff_ffff, at: 0x10, atSize: 4, want: 0xffff_fffc},
		{what: "upper address", off: 0x14, size: 4, v: 0xffff_ffff, at: 0x10, atSize: 8, want: 0xffff_ffff_ffff_fffc},
		{what: "data", off: 0x18, size: 4, v: 0x1234_5677, at: 0x18, atSize: 8, want: 0x1_1234_5677},
		{what: "vector control keeps all", off: 0x1c, size: 4, v: 0xffff_fffe, at: 0x1c, atSize: 4, want: 0xffff_fffe},
		{what: "quad word", off: 0x10, size: 8, v: 0x0000_0001_fee0_1007, at: 0x10, atSize: 8, want: 0x0000_0001_fee0_1004},
		{what: "quad word", off: 0x18, size: 8, v: 0x0000_0001_0000_0045, at: 0x1c, atSize: 4, want: 1},
		{what: "its other half", off: 0x2c, size: 4, v: 1, at: 0x18, atSize: 4, want: 0x45},
		{what: "byte write", off: 0x18, size: 1, v: 0xff, at: 0x18, atSize: 4, want: 0x45},
		{what: "word write", off: 0x18, size: 2, v: 0xff, at: 0x18, atSize: 4, want: 0x45},
		{what: "unaligned write", off: 0x1a, size: 4, v: 0xff, at: 0x18, atSize: 4, want: 0x45},
		{what: "unaligned quad word", off: 0x14, size: 8, v: 0xff, at: 0x14, atSize: 4, want: 1},
		{what: "byte read", off: 0x2c, size: 4, v: 1, at: 0x18, atSize: 1, want: 0xff},
		{what: "word read", off: 0x2c, size: 4, v: 1, at: 0x1a, atSize: 2, want: 0xffff},
		{what: "unaligned quad word read", off: 0x2c, size: 4, v: 1, at: 0x14, atSize: 8, want: 0xffff_ffff_ffff_ffff},
		{what: "neighbor before", off: 0x2c, size: 4, v: 1, at: 0x00, atSize: 8, want: 0},
		{what: "neighbor after", off: 0x2c, size: 4, v: 1, at: 0x20, atSize: 8, want: 0},
	} {
		b.bus.Write(tableAt+tt.off, tt.size, tt.v)
		if got := b.bus.Read(tableAt+tt.at, tt.atSize); got != tt.want {
			t.Errorf("%s: %#x, want %#x", tt.what, got, tt.want)
		}
	}
	if e := b.f.MSIX().Entry(1); e != (pcireg.Entry{Addr: 0x1_fee0_1004, Data: 0x45, Control: 1}) || !e.Masked() {
		t.Errorf("entry 1 is %+v", e)
	}
	for _, k := range []int{-1, 3} {
		if e := b.f.MSIX().Entry(k); e != (pcireg.Entry{Control: 1}) {
			t.Errorf("entry %d is %+v", k, e)
		}
	}
}

func TestMSIXStory(t *testing.T) {
	b := newBench(t, 70)
	m := b.f.MSIX()
	b.entry(0, 0xfee0_2004, 0x23, 1)
	b.msix(0x8000)
	for range 3 {
		m.Notify(0)
	}
	b.want("masked", "")
	b.reads("pending", pbaAt, 8, 1)
	b.bus.Write(tableAt+8, 4, 0x24)
	b.bus.Write(tableAt+12, 4, 0)
	b.want("unmasked: once, with the data of now", "00:05.0 fee02004=24")
	b.reads("sent", pbaAt, 8, 0)
	m.Notify(0)
	b.want("unmasked", "00:05.0 fee02004=24")
	b.msix(0xc000)
	b.entry(69, 0xfee0_1000, 0x69, 0)
	m.Notify(69)
	m.Notify(0)
	m.Notify(70)
	m.Notify(-1)
	b.want("function mask", "")
	b.reads("first word", pbaAt, 8, 1)
	b.reads("second word", pbaAt+8, 8, 0x20)
	b.reads("upper half", pbaAt+12, 4, 0)
	b.reads("lower half", pbaAt+8, 4, 0x20)
	b.reads("byte", pbaAt, 1, 0xff)
	b.bus.Write(pbaAt, 8, 0)
	b.bus.Write(pbaAt+8, 4, 0xffff_ffff)
	b.reads("read-only", pbaAt, 8, 1)
	if !m.Pending(69) || m.Pending(68) || m.Pending(70) || m.Pending(-1) {
		t.Error("Pending disagrees with the pending bits")
	}
	b.f.ConfigWrite(msixAt+3, 1, 0x80)
	b.want("function unmasked: in order", "00:05.0 fee02004=24, 00:05.0 fee01000=69")
	b.msix(0x0000)
	m.Notify(69)
	b.want("disabled", "")
	m.Clear(69)
	m.Clear(70)
	m.Clear(-1)
	m.Notify(0)
	b.msix(0x8000)
	b.want("enabled: what was cleared is not sent", "00:05.0 fee02004=24")
	b.f.ConfigWrite(4, 2, 2)
	m.Notify(0)
	b.want("no bus master", "")
	b.reads("no bus master: it waits", pbaAt, 8, 1)
	b.f.ConfigWrite(0x3c, 1, 5)
	b.want("another register", "")
	b.f.ConfigWrite(4, 1, 6)
	b.want("bus master again", "00:05.0 fee02004=24")
	if m.Len() != 70 || b.f.ConfigRead(msixAt+2, 2) != 0x8045 || b.f.ConfigRead(msixAt+4, 4) != 0 || b.f.ConfigRead(msixAt+8, 4) != 0x8000 {
		t.Error("the capability is wrong")
	}
}

// A write that lets an entry go is one of its vector control, alone or in the
// upper half of a quad word; then the data is already there.
func TestMSIXUnmaskByQuadWord(t *testing.T) {
	b := newBench(t, 2)
	b.entry(1, 0xfee0_0000, 0x11, 1)
	b.msix(0x8000)
	b.f.MSIX().Notify(1)
	b.bus.Write(tableAt+0x18, 8, 0x22)
	b.want("one write", "00:05.0 fee00000=22")
}

// A message above 4 GiB is a write to memory and nothing else.
func TestMessageToMemory(t *testing.T) {
	b := newBench(t, 1)
	ram := bus.NewRAM(1<<32, 1<<32)
	mem, err := ram.Add(0x1_fee0_0000, 0x10)
	if err == nil {
		err = b.bus.Map("ram", 1<<32, 1<<32, ram, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	mem[8] = 0xaa
	b.entry(0, 0x1_fee0_0004, 0xcafe_0041, 0)
	b.msix(0x8000)
	b.f.MSIX().Notify(0)
	b.want("memory", "")
	if got := fmt.Sprintf("%x", mem); got != "000000004100fecaaa00000000000000" {
		t.Errorf("memory holds %s", got)
	}
}

// A second MSI-X, written from the rules alone: what is it that each step
// sends? Every step may let any entry go, so every entry is looked at.
type secondMSIX struct {
	entry         []pcireg.Entry
	pending       []bool
	enable, fmask bool
	master        bool
}

func (s *secondMSIX) sends() (out []string) {
	for k, e := range s.entry {
		if s.pending[k] && s.enable && !s.fmask && s.master && e.Control%2 == 0 {
			s.pending[k] = false
			if e.Addr >= 0xfee0_0000 && e.Addr < 0xfef0_0000 {
				out = append(out, fmt.Sprintf("00:05.0 %x=%x", e.Addr, e.Data))
			}
		}
	}
	return out
}

func TestMSIXAgainstSecond(t *testing.T) {
	for seed := range int64(60) {
		r := rand.New(rand.NewSource(seed))
		n := []int{1, 2, 5, 64, 65, 130, 2048}[seed%7]
		b := newBench(t, n)
		s := &secondMSIX{entry: make([]pcireg.Entry, n), pending: make([]bool, n), master: true}
		for k := range s.entry {
			s.entry[k].Control = 1
		}
		for step := range 600 {
			k, v := r.Intn(n), r.Uint32()
			if n == 2048 {
				k = 2040 + r.Intn(8)
			}
			what, at := r.Intn(10), bus.Addr(tableAt+16*k)
			switch what {
			case 0, 1, 2:
				b.f.MSIX().Notify(k)
				s.pending[k] = true
			case 3:
				b.f.MSIX().Clear(k)
				s.pending[k] = false
			case 4:
				b.bus.Write(at, 4, uint64(0xfee0_0000|v&0x000f_ffff))
				s.entry[k].Addr = s.entry[k].Addr>>32<<32 | uint64(0xfee0_0000|v&0x000f_fffc)
			case 5:
				b.bus.Write(at+4, 4, uint64(v&v>>8&v>>16&1))
				s.entry[k].Addr = uint64(v&v>>8&v>>16&1)<<32 | s.entry[k].Addr&0xffff_ffff
			case 6:
				b.bus.Write(at+8, 4, uint64(v))
				s.entry[k].Data = v
			case 7:
				b.bus.Write(at+8, 8, uint64(v&5)<<32|uint64(v))
				s.entry[k].Data, s.entry[k].Control = v, v&5
			case 8:
				b.msix(v | v<<8)
				s.enable, s.fmask = v&0x8080 != 0, v&0x4040 != 0
			case 9:
				b.f.ConfigWrite(4, 2, v&4|2)
				s.master = v&4 != 0
			}
			want := s.sends()
			if got := fmt.Sprint(b.log); got != fmt.Sprint(want) {
				t.Fatalf("seed %d, step %d, kind %d, entry %d: sent %s, want %s", seed, step, what, k, got, want)
			}
			b.log = nil
			j := r.Intn(n)
			if b.f.MSIX().Pending(j) != s.pending[j] || b.f.MSIX().Entry(j) != s.entry[j] {
				t.Fatalf("seed %d, step %d, kind %d: entry %d is %+v, pending %v, want %+v, %v", seed, step, what, j,
					b.f.MSIX().Entry(j), b.f.MSIX().Pending(j), s.entry[j], s.pending[j])
			}
		}
		for w := range (n + 63) / 64 {
			var want uint64
			for k := 64 * w; k < min(n, 64*w+64); k++ {
				if s.pending[k] {
					want |= 1 << (k - 64*w)
				}
			}
			b.reads("pending bits", bus.Addr(pbaAt+8*w), 8, want)
		}
	}
}

// A part that only counts, to hold that the registers tell it what they must.
type counting struct {
	of    pcireg.Entries
	calls []string
}

func (c *counting) note(format string, args ...any) {
	c.calls = append(c.calls, fmt.Sprintf(format, args...))
}
func (c *counting) Notify(k int)       { c.note("notify %d", k) }
func (c *counting) Clear(k int)        { c.note("clear %d", k) }
func (c *counting) EntryWritten(k int) { c.note("entry %d %v", k, c.of.EntryMasked(k)) }
func (c *counting) ControlWritten() {
	c.note("control %v %v %v", c.of.Enabled(), c.of.FunctionMasked(), c.of.BusMaster())
}
func (c *counting) Pending(k int) bool { return k == 1 }
func (c *counting) Reset()             { c.note("reset") }

func TestWithVectors(t *testing.T) {
	var part *counting
	b := bus.New()
	f := NewFunc(b, 0x28, Header{}, WithVectors(func(e pcireg.Entries) pcireg.Vectors {
		part = &counting{of: e}
		part.note("new %d", e.Len())
		return part
	}))
	f.AddBAR(0, Memory32, 0x1000, nil)
	f.AddMSIX(0x40, 4, Place{}, Place{Off: 0x800})
	f.ConfigWrite(0x10, 4, 0x1_0000)
	f.ConfigWrite(0x04, 2, 6)
	f.ConfigWrite(0x42, 2, 0xc000)
	f.ConfigWrite(0x40, 4, 0x8000_0000)
	f.ConfigWrite(0x43, 1, 0x40)
	f.ConfigWrite(0x44, 4, 0)
	f.ConfigWrite(0x3c, 4, 0)
	f.ConfigWrite(0x05, 1, 0)
	f.ConfigWrite(0x06, 2, 0)
	b.Write(0x1_003c, 4, 0)
	b.Write(0x1_0038, 8, 1<<32)
	b.Write(0x1_0038, 4, 1)
	b.Write(0x1_0030, 8, 1)
	f.MSIX().Notify(3)
	f.MSIX().Clear(2)
	f.Reset()
	want := "[new 4 reset control false false true control true true true control true false true control false true true control false true true" +
		" entry 3 false entry 3 true notify 3 clear 2 reset]"
	if got := fmt.Sprint(part.calls); got != want {
		t.Errorf("the part was told %s\nwant %s", got, want)
	}
	if b.Read(0x1_0800, 8) != ^uint64(0) || !f.MSIX().Pending(1) {
		t.Error("the part's pending bits are not what is read")
	}
}
