package pcie

import (
	"fmt"
	"math/rand"
	"testing"

	"bothhalves/kernelsim/hw/bus"
)

// The four shapes of the capability: where its registers lie, and what of it
// software may change.
func TestMSIShapes(t *testing.T) {
	for _, tt := range []struct {
		log2           int
		wide, maskable bool
		control        uint32
		after          string // offset by offset in double words, all ones written
		end            uint16
	}{
		{0, false, false, 0x0000, "00717005 fffffffc 0000ffff", 0x7c - 0x70},
		{3, true, false, 0x0086, "00f77005 fffffffc ffffffff 0000ffff", 0x10},
		{5, false, true, 0x010a, "017b7005 fffffffc 0000ffff ffffffff 00000000", 0x14},
		{2, true, true, 0x0184, "01f57005 fffffffc ffffffff 0000ffff 0000000f 00000000", 0x18},
		{0, true, true, 0x0180, "01f17005 fffffffc ffffffff 0000ffff 00000001 00000000", 0x18},
	} {
		f := NewFunc(bus.New(), 0, Header{})
		f.AddMSI(0x50, tt.log2, tt.wide, tt.maskable)
		f.AddCap(0x70, 9, nil, nil)
		if got := f.ConfigRead(0x52, 2); got != tt.control {
			t.Errorf("%+v: control %#x", tt, got)
		}
		var got string
		for off := uint16(0x50); off < 0x70; off += 4 {
			f.ConfigWrite(off, 4, 0xffff_ffff)
			if off < 0x50+tt.end {
				got += fmt.Sprintf(" %08x", f.ConfigRead(off, 4))
			} else if f.ConfigRead(off, 4) != 0 {
				t.Errorf("%+v: there is something at %#x", tt, off)
			}
		}
		if got[1:] != tt.after {
			t.Errorf("%+v: %s", tt, got)
		}
		g := NewFunc(bus.New(), 0, Header{})
		size := map[bool]int{false: 0xa, true: 0x14}[tt.maskable]
		if tt.wide {
			size += 4
		}
		g.AddMSI(0x50, tt.log2, tt.wide, tt.maskable)
		g.AddCap(uint16(0x50+size+3)&^3, 9, nil, nil)
		if g.Err() != nil {
			t.Error(g.Err())
		}
	}
}

func TestMSIStory(t *testing.T) {
	b := newBench(t, 1)
	m := b.f.MSI()
	put := func(off uint16, size int, v uint32) { b.f.ConfigWrite(msiAt+off, size, v) }
	put(4, 4, 0xfee0_1003)
	put(0xc, 2, 0x4567)
	m.Notify(0)
	b.want("disabled", "")
	b.cfg("disabled: nothing waits", msiAt+0x14, 4, 0)
	put(2, 2, 1)
	m.Notify(0)
	m.Notify(1)
	b.want("one message", "00:05.0 fee01000=4567")
	put(2, 2, 0x31)
	for _, k := range []int{0, 5, 7, 8, -1} {
		m.Notify(k)
	}
	b.want("eight messages", "00:05.0 fee01000=4560, 00:05.0 fee01000=4565, 00:05.0 fee01000=4567")
	if m.Granted() != 8 || m.Len() != 32 {
		t.Errorf("%d of %d messages", m.Granted(), m.Len())
	}
	put(2, 2, 0x71)
	m.Notify(31)
	m.Notify(32)
	b.want("more than there are", "00:05.0 fee01000=457f")
	put(2, 2, 0x31)
	put(0x10, 4, 0x24)
	m.Notify(2)
	m.Notify(5)
	m.Notify(5)
	m.Notify(3)
	b.want("masked", "00:05.0 fee01000=4563")
	b.cfg("masked", msiAt+0x14, 4, 0x24)
	if !m.Pending(2) || m.Pending(3) || m.Pending(32) || m.Pending(-1) {
		t.Error("Pending disagrees")
	}
	put(0xc, 2, 0x1000)
	put(0x10, 4, 0)
	b.want("unmasked: in order, with the data of now", "00:05.0 fee01000=1002, 00:05.0 fee01000=1005")
	b.cfg("sent", msiAt+0x14, 4, 0)
	put(0x10, 4, 0xff)
	m.Notify(2)
	m.Notify(5)
	m.Clear(2)
	m.Clear(3)
	m.Clear(-1)
	m.Clear(32)
	put(2, 2, 0x30)
	put(0x10, 4, 0)
	b.want("disabled", "")
	b.cfg("disabled: what waits, waits", msiAt+0x14, 4, 0x20)
	put(2, 2, 0x31)
	b.want("enabled again", "00:05.0 fee01000=1005")
	b.f.ConfigWrite(4, 2, 2)
	m.Notify(1)
	b.want("no bus master", "")
	b.cfg("no bus master: it waits", msiAt+0x14, 4, 2)
	b.f.ConfigWrite(4, 2, 6)
	b.want("bus master again", "00:05.0 fee01000=1001")
	put(0x10, 4, 0xff)
	m.Notify(1)
	m.Notify(7)
	put(2, 2, 0x11)
	b.cfg("no longer granted", msiAt+0x14, 4, 2)
	put(8, 4, 1)
	put(0x10, 4, 0)
	b.want("above 4 GiB is memory", "")
	if at, data := m.Message(0); at != 0x1_fee0_1000 || data != 0x1000 {
		t.Errorf("message 0 is %#x, %#x", at, data)
	}
	narrow := NewFunc(b.bus, 0x30, Header{})
	n := narrow.AddMSI(0x40, 1, false, false)
	narrow.ConfigWrite(0x04, 2, 4)
	narrow.ConfigWrite(0x44, 4, 0xfee0_2000)
	narrow.ConfigWrite(0x48, 4, 0xffff_0031)
	narrow.ConfigWrite(0x42, 2, 0x11)
	n.Notify(0)
	n.Notify(1)
	n.Clear(1)
	b.want("32-bit", "00:06.0 fee02000=30, 00:06.0 fee02000=31")
	narrow.ConfigWrite(0x04, 2, 0)
	n.Notify(1)
	narrow.ConfigWrite(0x04, 2, 4)
	b.want("nothing to wait in", "")
	if n.Pending(1) {
		t.Error("there is no pending register")
	}
}

// A second MSI, written from the rules alone.
type secondMSI struct {
	addr         uint64
	data, mask   uint32
	granted      int
	enable, mast bool
	wait         [32]bool
}

func (s *secondMSI) sends() (out []string) {
	if !s.enable {
		return nil
	}
	for k := range s.wait {
		if k >= s.granted {
			s.wait[k] = false
		}
		if s.wait[k] && s.mask>>k&1 == 0 && s.mast {
			s.wait[k] = false
			n := uint32(s.granted)
			if s.addr < 1<<32 {
				out = append(out, fmt.Sprintf("00:05.0 %x=%x", s.addr, s.data/n*n+uint32(k)))
			}
		}
	}
	return out
}

func TestMSIAgainstSecond(t *testing.T) {
	for seed := range int64(60) {
		r := rand.New(rand.NewSource(seed))
		b := newBench(t, 1)
		s := &secondMSI{granted: 1, mast: true, addr: 0xfee0_0000}
		put := func(off uint16, size int, v uint32) { b.f.ConfigWrite(msiAt+off, size, v) }
		put(4, 4, 0xfee0_0000)
		for step := range 800 {
			k, v := r.Intn(34)-1, r.Uint32()
			what := r.Intn(10)
			switch what {
			case 0, 1, 2, 3:
				b.f.MSI().Notify(k)
				if k >= 0 && k < s.granted && s.enable {
					s.wait[k] = true
				}
			case 4:
				b.f.MSI().Clear(k)
				if k >= 0 && k < 32 {
					s.wait[k] = false
				}
			case 5:
				put(4, 4, 0xfee0_0000|v&0xf_ffff)
				put(8, 4, v>>31&v>>30)
				s.addr = uint64(v>>31&v>>30)<<32 | uint64(0xfee0_0000|v&0xf_fffc)
			case 6:
				put(0xc, 4, v)
				s.data = v & 0xffff
			case 7:
				v &= v >> 3
				put(0x10, 4, v)
				s.mask = v
			case 8:
				log := v >> 8 % 8
				put(2, 2, v&1|log<<4)
				s.enable, s.granted = v&1 != 0, min(1<<log, 32)
			case 9:
				b.f.ConfigWrite(4, 2, v&4)
				s.mast = v&4 != 0
			}
			want := s.sends()
			if got := fmt.Sprint(b.log); got != fmt.Sprint(want) {
				t.Fatalf("seed %d, step %d, kind %d, message %d: sent %s, want %s", seed, step, what, k, got, want)
			}
			b.log = nil
			var pending uint32
			for k, w := range s.wait {
				if w {
					pending |= 1 << k
				}
			}
			if got := b.f.ConfigRead(msiAt+0x14, 4); got != pending {
				t.Fatalf("seed %d, step %d, kind %d, message %d: pending %#x, want %#x", seed, step, what, k, got, pending)
			}
		}
	}
}
