package pcie

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// Each part of a function's name can be wrong by itself.
func TestParseBDFRefuses(t *testing.T) {
	for _, s := range []string{"", "00:05", "0005.0", "zz:05.0", "100:05.0", "00:zz.0", "00:20.0", "00:05.z", "00:05.8", "00:05.", "00:.0", ":05.0"} {
		if b, err := ParseBDF(s); err == nil || b != 0 {
			t.Errorf("%q is taken for %v", s, b)
		}
	}
}

// The order in which BARs are added does not matter to their neighbors, and a
// 64-bit one takes two registers.
func TestBAROrder(t *testing.T) {
	f := NewFunc(bus.New(), 8, Header{})
	f.AddBAR(3, IO, 16, nil)
	f.AddBAR(2, Memory32, 16, nil)
	f.AddBAR(0, Memory64, 0x1000, nil)
	if err := f.Err(); err != nil {
		t.Fatal(err)
	}
	for off := uint16(pcireg.BAR0); off < pcireg.BAR0+24; off += 4 {
		f.ConfigWrite(off, 4, 0xffff_ffff)
	}
	want := [6]uint32{0xffff_f004, 0xffff_ffff, 0xffff_fff0, 0xffff_fff1, 0, 0}
	for n := range want {
		if got := f.ConfigRead(uint16(pcireg.BAR0+4*n), 4); got != want[n] {
			t.Errorf("register %d holds %#x when ones were written, want %#x", n, got, want[n])
		}
	}
	for _, n := range []int{-1, 1, 4, 5, 6} {
		if at, size, mapped := f.BAR(n); at != 0 || size != 0 || mapped {
			t.Errorf("BAR %d, which is not there, leads to %#x, %#x bytes, %v", n, at, size, mapped)
		}
	}
	f.NameBAR(0, "regs")
	if err := f.Err(); err != nil {
		t.Errorf("BAR 0 cannot be named: %v", err)
	}
	if f.AddBAR(1, Memory32, 16, nil); f.Err() == nil {
		t.Error("the upper half of a 64-bit BAR was given away")
	}
}

// The last byte of an MSI capability belongs to it.
func TestMSIRoom(t *testing.T) {
	for size, shape := range map[uint16][2]bool{0xa: {false, false}, 0xe: {true, false}, 0x14: {false, true}, 0x18: {true, true}} {
		f := NewFunc(bus.New(), 8, Header{})
		f.AddMSI(0x50, 0, shape[0], shape[1])
		f.AddCap((0x50+size-1)&^3, 9, nil, nil)
		if f.Err() == nil {
			t.Errorf("another capability lies in the last bytes of one of %#x", size)
		}
	}
}

// A message that was not granted is not sent, also where nothing can wait.
func TestMSIGrantedAlone(t *testing.T) {
	b := newBench(t, 1)
	f := NewFunc(b.bus, MakeBDF(0, 6, 0), Header{})
	m := f.AddMSI(0x50, 2, false, false)
	if err := b.root.Attach(f, nil); err != nil {
		t.Fatal(err)
	}
	f.ConfigWrite(pcireg.CommandReg, 2, pcireg.CommandMaster)
	f.ConfigWrite(0x54, 4, 0xfee0_0000)
	f.ConfigWrite(0x58, 2, 0x40)
	f.ConfigWrite(0x52, 2, 1<<4|pcireg.MSIEnable)
	for k := range 5 {
		m.Notify(k - 1)
	}
	b.want("two of four granted", "00:06.0 fee00000=40, 00:06.0 fee00000=41")
	refused := f.AddMSI(0x70, 2, false, false)
	if addr, data := refused.Message(0); addr != 0 || data != 0 || refused.Enabled() {
		t.Errorf("a second MSI, which was refused, sends %#x to %#x", data, addr)
	}
}

// Where the table and the pending bits of MSI-X may lie: in any memory BAR, up
// to its end, and apart from each other.
func TestMSIXPlaces(t *testing.T) {
	for _, tt := range []struct {
		name       string
		entries    int
		table, pba Place
		err        string
	}{
		{"in the last BAR, to its end", 8, Place{5, 0x80}, Place{5, 0x78}, ""},
		{"one entry too many", 9, Place{5, 0x80}, Place{5, 0}, "leaves room"},
		{"pending bits in front of the table", 128, Place{4, 0x10}, Place{4, 0}, ""},
		{"pending bits reach into the table", 128, Place{4, 0x10}, Place{4, 8}, "overlap"},
		{"pending bits behind the table", 8, Place{5, 0}, Place{5, 0x80}, ""},
		{"pending bits in the table's last entry", 8, Place{5, 0}, Place{5, 0x78}, "overlap"},
		{"no BAR 6", 1, Place{6, 0}, Place{5, 0}, "no memory BAR 6"},
		{"no BAR -1", 1, Place{-1, 0}, Place{5, 0}, "no memory BAR -1"},
	} {
		f := NewFunc(bus.New(), 8, Header{})
		f.AddBAR(4, Memory32, 0x1000, nil)
		f.AddBAR(5, Memory32, 0x100, nil)
		f.AddMSIX(0x40, tt.entries, tt.table, tt.pba)
		if err := f.Err(); (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
	}
}

// A listener is a pcireg.Vectors that writes down what it is asked.
type listener struct{ log []string }

func (l *listener) Notify(k int)       { l.log = append(l.log, fmt.Sprint("notify ", k)) }
func (l *listener) Clear(k int)        { l.log = append(l.log, fmt.Sprint("clear ", k)) }
func (l *listener) EntryWritten(k int) {}
func (l *listener) ControlWritten()    {}
func (l *listener) Pending(k int) bool { l.log = append(l.log, fmt.Sprint("pending ", k)); return true }
func (l *listener) Reset()             {}

// A part hears of the entries that there are, and of no others.
func TestVectorsHearOfEntriesAlone(t *testing.T) {
	l := &listener{}
	f := NewFunc(bus.New(), 8, Header{}, WithVectors(func(pcireg.Entries) pcireg.Vectors { return l }))
	f.AddBAR(0, Memory32, 0x1000, nil)
	m := f.AddMSIX(0x40, 3, Place{0, 0}, Place{0, 0x800})
	for _, k := range []int{-1, 0, 2, 3} {
		m.Notify(k)
		m.Clear(k)
		if m.Pending(k) != (k == 0 || k == 2) {
			t.Errorf("entry %d is pending", k)
		}
	}
	if got, want := strings.Join(l.log, ", "), "notify 0, clear 0, pending 0, notify 2, clear 2, pending 2"; got != want {
		t.Errorf("the part heard %q, want %q", got, want)
	}
}

// A double word of pending bits has 32 of them.
func TestPendingDoubleWord(t *testing.T) {
	b := newBench(t, 70)
	b.f.MSIX().Notify(33)
	b.reads("entries 0 to 31", pbaAt, 4, 0)
	b.reads("entries 32 to 63", pbaAt+4, 4, 2)
}
