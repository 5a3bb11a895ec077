package i8259

import (
	"strings"
	"testing"
)

func TestAutomaticEOI(t *testing.T) {
	b := started(t, 0x03)
	b.up(8, 12, 4)
	b.inta(0x38)
	b.isr(0, 0)
	b.int(true) // the slave raised INT anew
	b.inta(0x3c)
	b.inta(0x34)
	b.isr(0, 0)
	b.int(false)
}

func TestRotation(t *testing.T) {
	all := []uint64{}
	tests := []struct {
		name  string
		icw4  uint8
		setup []uint64
		done  func(n uint8) []uint64
		want  []uint8
	}{
		{"fixed", 1, all, func(uint8) []uint64 { return []uint64{0x20, 0x20} }, []uint8{0, 0, 0, 0}},
		{"on non-specific EOI", 1, all, func(uint8) []uint64 { return []uint64{0x20, 0xa0} }, []uint8{0, 1, 3, 4, 5, 6, 7, 0}},
		{"on specific EOI", 1, all, func(n uint8) []uint64 { return []uint64{0x20, 0xe0 + uint64(n)} }, []uint8{0, 1, 3, 4, 5, 6, 7, 0}},
		{"set priority", 1, []uint64{0x20, 0xc4}, func(uint8) []uint64 { return []uint64{0x20, 0x20} }, []uint8{5, 5}},
		{"set priority 7", 1, []uint64{0x20, 0xc7}, func(uint8) []uint64 { return []uint64{0x20, 0x20} }, []uint8{0, 0}},
		{"automatic EOI", 3, all, nil, []uint8{0, 0}},
		{"automatic EOI with rotation", 3, []uint64{0x20, 0x80}, nil, []uint8{0, 1, 3, 4, 5, 6, 7, 0}},
		{"and off again", 3, []uint64{0x20, 0x80, 0x20, 0x00}, nil, []uint8{0, 0}},
		{"no operation", 1, []uint64{0x20, 0x45}, func(uint8) []uint64 { return []uint64{0x20, 0x20} }, []uint8{0, 0}},
	}
	for _, tt := range tests {
		b := started(t, tt.icw4)
		b.out(tt.setup...)
		b.up(0, 1, 3, 4, 5, 6, 7)
		for i, want := range tt.want {
			got := b.p.INTA() - 0x30
			if got != want {
				t.Errorf("%s: acknowledge %d gives %d, want %d", tt.name, i, got, want)
			}
			b.down(int(got))
			b.up(int(got))
			if tt.done != nil {
				b.out(tt.done(got)...)
			}
		}
	}
}

func TestEOIWithoutService(t *testing.T) {
	b := started(t, 0x01)
	b.out(0x20, 0x20, 0x20, 0xa0) // nothing in service: nothing to rotate either
	b.up(0, 7)
	b.inta(0x30)
	b.out(0x20, 0x67) // the wrong one
	b.isr(0x01, 0)
	b.out(0x20, 0xc0, 0x20, 0xe3) // priority moves though 3 is not in service
	b.isr(0x01, 0)
	b.int(true) // 7 comes before 0 now
	b.inta(0x37)
	b.out(0x20, 0x20) // 7 is the highest in service
	b.isr(0x01, 0)
}

func TestSpecialMask(t *testing.T) {
	b := started(t, 0x01)
	b.up(3)
	b.inta(0x33)
	b.up(6)
	b.int(false)
	b.out(0x21, 0x08)
	b.int(false)
	b.out(0x20, 0x68) // special mask mode on
	b.int(true)
	b.inta(0x36)
	b.isr(0x48, 0)
	b.out(0x20, 0x20) // does not end a masked one
	b.isr(0x08, 0)
	b.out(0x20, 0x20)
	b.isr(0x08, 0)
	b.out(0x20, 0x28) // without its enable bit, off is not meant
	b.down(6)
	b.up(6)
	b.int(true)
	b.out(0x20, 0x48) // off
	b.int(false)
	b.out(0x20, 0x20)
	b.isr(0, 0)
}

func TestSpecialFullyNested(t *testing.T) {
	for _, nested := range []bool{false, true} {
		b := started(t, 0x01)
		if nested {
			b.out(0x20, 0x11, 0x21, 0x30, 0x21, 0x04, 0x21, 0x11)
		}
		b.up(12)
		b.inta(0x3c)
		b.up(9)
		b.int(nested) // the slave puts 9 before 12
		b.up(3)
		if nested {
			b.inta(0x39)
			b.isr(0x04, 0x12)
			b.int(false) // 3 comes after the slave
			b.out(0xa0, 0x20)
			b.int(false)
			b.out(0xa0, 0x20, 0x20, 0x20)
			b.inta(0x33)
			continue
		}
		b.out(0xa0, 0x20, 0x20, 0x20)
		b.inta(0x39)
	}
	b := started(t, 0x11)
	b.up(5)
	b.inta(0x35)
	b.down(5)
	b.up(5)
	b.int(false) // an input without a slave stays locked out
}

func TestPoll(t *testing.T) {
	b := started(t, 0x01)
	b.out(0x20, 0x0c)
	if got := b.in(0x20); got != 0 {
		t.Errorf("a poll without a request reads %#x, want 0", got)
	}
	b.up(11, 5)
	b.out(0x20, 0x0c)
	if got := b.in(0x21); got != 0x82 { // either port
		t.Errorf("the master polled reads %#x, want 0x82", got)
	}
	b.out(0xa0, 0x0f) // poll goes before the ISR that the same word chose
	if got := b.in(0xa0); got != 0x83 {
		t.Errorf("the slave polled reads %#x, want 0x83", got)
	}
	if got := b.in(0xa0); got != 0x08 {
		t.Errorf("the read after it gives %#x, want the ISR 0x08", got)
	}
	b.isr(0x04, 0x08)
	b.out(0x20, 0x62, 0x20, 0x0c)
	if got := b.in(0x20); got != 0x85 {
		t.Errorf("the master polled again reads %#x, want 0x85", got)
	}
	b.int(false)
	b.out(0x20, 0x0c, 0x20, 0x0a) // a later OCW3 takes the poll back
	if got := b.in(0x20); got != 0x00 {
		t.Errorf("the status reads %#x, want IRR 0", got)
	}
	a := started(t, 0x03)
	a.up(4)
	a.out(0x20, 0x0c)
	if got := a.in(0x20); got != 0x84 {
		t.Errorf("polled with automatic EOI: %#x, want 0x84", got)
	}
	a.isr(0, 0)
}

func TestInitialization(t *testing.T) {
	b := started(t, 0x13)
	b.out(0x20, 0x80, 0x20, 0xc3, 0x20, 0x68, 0x20, 0x0b, 0x21, 0x0f, 0x4d0, 0x20)
	b.up(4, 5)
	b.out(0x20, 0x11)
	want := "pic0: irr=20 imr=00 isr=00 hprio=0 irq_base=30 rr_sel=0 elcr=20 fnm=0\n"
	if got, _, _ := strings.Cut(b.p.Dump(), "pic1"); got != want {
		t.Errorf("after ICW1:\n%swant\n%s", got, want)
	}
	b.out(0x21, 0x47, 0x21, 0x04, 0x21, 0x01) // the low bits of the base do not count
	b.inta(0x45)
	b.isr(0x20, 0) // automatic EOI is off again
	b.out(0x21, 0x55)
	if got := b.in(0x21); got != 0x55 {
		t.Errorf("after ICW4 the data port is the mask: reads %#x", got)
	}
	b.out(0x20, 0x10, 0x21, 0x60, 0x21, 0x04, 0x21, 0x77)
	if got := b.in(0x21); got != 0x77 {
		t.Errorf("without ICW4 the third word is the mask: reads %#x", got)
	}
	b.out(0x20, 0x12, 0x21, 0x60, 0x21, 0x76)
	if got := b.in(0x21); got != 0x76 {
		t.Errorf("a single chip without ICW4 takes the mask second: reads %#x", got)
	}
	b.out(0x20, 0x13, 0x21, 0x60, 0x21, 0x02, 0x21, 0x00)
	b.up(9)
	b.inta(0x62) // a single master drives its own vector
}

func TestNobodyAnswers(t *testing.T) {
	b := started(t, 0x01)
	b.out(0x20, 0x11, 0x21, 0x30, 0x21, 0x24, 0x21, 0x01)
	b.up(5)
	b.inta(0xff) // ICW3 says that a slave sits there
	b.isr(0x20, 0)
	c := started(t, 0x01)
	c.out(0xa0, 0x11, 0xa1, 0x38, 0xa1, 0x03, 0xa1, 0x01)
	c.up(8)
	c.inta(0xff) // the slave believes that it is number 3
	c.isr(0x04, 0)
}
