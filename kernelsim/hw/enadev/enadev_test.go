package enadev

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/enadev/enaabi"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/reg"
)

// recorded is the configuration space of a card under Linux 6.1, driver
// loaded.
const recorded = `
00: 0f 1d 20 ec 07 05 10 00 00 00 00 02 00 40 00 00
10: 00 80 bf fe 00 c0 bf fe 00 00 00 00 00 00 00 00
20: 00 00 00 00 00 00 00 00 00 00 00 00 0f 1d 20 ec
30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00
40: 11 00 08 80 01 00 00 00 01 10 00 00 00 00 00 00`

// probed is a card after the configuration writes of that driver.
func probed(t *testing.T, queues int) (*Device, *bus.Bus) {
	t.Helper()
	b := bus.New()
	d := New(b, pcie.MakeBDF(0, 2, 0), Config{Queues: queues})
	if err := pcie.NewRoot(b).Attach(d.Func, nil); err != nil {
		t.Fatal(err)
	}
	d.ConfigWrite(0x10, 4, 0xfebf8000)
	d.ConfigWrite(0x14, 4, 0xfebfc000)
	d.ConfigWrite(0x04, 2, 0x0507)
	d.ConfigWrite(0x0d, 1, 0x40)
	d.ConfigWrite(0x42, 2, 0x8008)
	return d, b
}

func TestConfigAsRecorded(t *testing.T) {
	d, b := probed(t, 0)
	var out strings.Builder
	for i, v := range d.Config() {
		if i%16 == 0 {
			fmt.Fprintf(&out, "\n%02x:", i)
		}
		fmt.Fprintf(&out, " %02x", v)
	}
	if got := out.String(); got[:len(recorded)] != recorded || strings.Trim(got[len(recorded):], "0123456789abcdef: \n") != "" {
		t.Errorf("configuration space is%s", got)
	}
	for _, want := range []string{"febf8000-00000000febfbfff (prio 1, i/o): ena-bar0", "febfc000-00000000febfdfff (prio 1, i/o): ena-bar1"} {
		if !strings.Contains(b.Tree(), want) {
			t.Errorf("no %q in\n%s", want, b.Tree())
		}
	}
	if got := b.Read(0xfebfc00c, 4); got != 1 {
		t.Errorf("entry 0 has vector control %#x", got)
	}
	b.Write(0xfebfc080, 4, 0xfee01004)
	if e := d.MSIX().Entry(8); e.Addr != 0xfee01004 || d.MSIX().Len() != 9 || b.Read(0xfebfd000, 8) != 0 {
		t.Errorf("entry 8 is %+v", e)
	}
}

func TestRegisters(t *testing.T) {
	d, b := probed(t, 3)
	if d.MSIX().Len() != 4 {
		t.Errorf("3 queue pairs have %d entries", d.MSIX().Len())
	}
	for off, want := range map[bus.Addr]uint64{enaabi.Version: 0x200, enaabi.ControllerVersion: 1, enaabi.Caps: 0x303c, enaabi.DevSts: 1,
		enaabi.AQBaseLo: 0, enaabi.IntrMask: 0, 0x1c: 0, 0x3ffc: 0} {
		if got := b.Read(0xfebf8000+off, 4); got != want {
			t.Errorf("register %#x reads as %#x, want %#x", off, got, want)
		}
	}
	for off := bus.Addr(0); off < 0x70; off += 4 {
		b.Write(0xfebf8000+off, 4, 0x00400020)
	}
	if got := b.Read(0xfebf8000+enaabi.AQCaps, 4); got != 0x00400020 || b.Read(0xfebf8000+enaabi.Caps, 4) != 0x303c {
		t.Errorf("AQ_CAPS reads as %#x", got)
	}
	if got := d.Registers().String(); !strings.Contains(got, "0x0018 AQ_CAPS          00400020  depth=0x20 entry-size=0x40\n") {
		t.Error(got)
	}
	d.Reset()
	if d.Registers().Get(enaabi.AQCaps) != 0 || d.ConfigRead(4, 2) != 0 || d.Registers().Get(enaabi.DevSts) != 1 {
		t.Error("a reset left something")
	}
	if err := New(b, 0, Config{Queues: 3000}).Err(); err == nil {
		t.Error("3000 queue pairs fit")
	}
}

func TestLayouts(t *testing.T) {
	for _, tt := range []struct {
		l    reg.Layout
		v    uint64
		want string
	}{
		{enaabi.VersionLayout(), 0x200, "minor=0x0 major=0x2"},
		{enaabi.ControllerVersionLayout(), 1, "subminor=0x1 minor=0x0 major=0x0 implementation=0x0"},
		{enaabi.CapsLayout(), 0x303c, "reset-timeout=0x1e dma-width=0x30 admin-timeout=0x0"},
		{enaabi.DevCtlLayout(), 0xb0000001, "reset reset-reason=0xb"},
		{enaabi.DevStsLayout(), 9, "ready reset-in-progress"},
		{enaabi.MMIORegReadLayout(), 0x580001, "request=0x1 offset=0x58"},
		{enaabi.IntrMaskLayout(), 1, "admin-masked"},
	} {
		if got := tt.l.String(tt.v); got != tt.want {
			t.Errorf("%#x shows %q, want %q", tt.v, got, tt.want)
		}
		if err := tt.l.Check(32); err != nil {
			t.Error(err)
		}
	}
}
