package pcie

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
)

func TestAttach(t *testing.T) {
	b := bus.New()
	r := NewRoot(b)
	for _, bdf := range []BDF{0x28, 0x08, 0x09, 0xf8, 0} {
		if err := r.Attach(NewFunc(b, bdf, Header{}), nil); err != nil {
			t.Fatal(err)
		}
	}
	var order []string
	for _, f := range r.Funcs() {
		order = append(order, f.BDF().String())
	}
	if got := strings.Join(order, " "); got != "00:00.0 00:01.0 00:01.1 00:05.0 00:1f.0" {
		t.Errorf("the order is %s", got)
	}
	if err := r.Attach(NewFunc(b, 0x28, Header{}), nil); err == nil || !strings.Contains(err.Error(), "a function 00:05.0 already") {
		t.Errorf("a second function: %v", err)
	}
	if err := r.Attach(NewFunc(b, 0x100, Header{}), nil); err == nil || !strings.Contains(err.Error(), "01:00.0 is not on bus 0") {
		t.Errorf("another bus: %v", err)
	}
	if r.Funcs()[0] = nil; r.Func(0) == nil || r.Func(0x28).BDF() != 0x28 || r.Func(0x29) != nil {
		t.Error("functions are not found")
	}
}

func TestMechanism1(t *testing.T) {
	x := newBench(t, 4)
	if err := x.root.MapPorts(); err != nil {
		t.Fatal(err)
	}
	out := func(port bus.Addr, size int, v uint64) { x.bus.Ports().Write(port, size, v) }
	in := func(what string, port bus.Addr, size int, want uint64) {
		t.Helper()
		if got := x.bus.Ports().Read(port, size); got != want {
			t.Errorf("%s: port %#x reads as %#x, want %#x", what, port, got, want)
		}
	}
	in("power-on", 0xcf8, 4, 0)
	out(0xcf8, 4, 0xffff_ffff)
	in("address register", 0xcf8, 4, 0x80ff_fffc)
	in("absent function", 0xcfc, 4, 0xffff_ffff)
	out(0xcf8, 4, 0x8000_2804)
	out(0xcfb, 1, 0x01)
	out(0xcf8, 2, 0x1234)
	in("bytes are not the register's", 0xcf8, 4, 0x8000_2804)
	in("bytes are not the register's", 0xcf8, 1, 0xff)
	in("bytes are not the register's", 0xcf9, 1, 0xff)
	in("command and status", 0xcfc, 4, 0x0010_0006)
	in("status", 0xcfe, 2, 0x0010)
	in("low byte of status", 0xcfe, 1, 0x10)
	in("between", 0xcfd, 2, 0x1000)
	out(0xcfd, 1, 0x04)
	in("one byte written", 0xcfc, 4, 0x0010_0406)
	out(0xcfc, 2, 0x0007)
	in("two bytes written", 0xcfc, 4, 0x0010_0007)
	out(0xcf8, 4, 0x0000_2804)
	in("disabled", 0xcfc, 4, 0xffff_ffff)
	out(0xcfc, 4, 0)
	out(0xcf8, 4, 0x8000_2804)
	in("a write while disabled", 0xcfc, 4, 0x0010_0007)
	for _, a := range []uint64{0x8000_2904, 0x8000_2004, 0x8001_2804} {
		out(0xcf8, 4, a)
		in("absent function", 0xcfc, 4, 0xffff_ffff)
		out(0xcfc, 4, 0)
	}
	out(0xcf8, 4, 0x8000_28fc)
	in("the last double word", 0xcfc, 4, 0)
	out(0xcf8, 4, 0x8000_2800)
	in("identity", 0xcfc, 4, 0x0011_1b36)
	tree := x.bus.Ports().Tree()
	for _, want := range []string{"0000000000000cf8-0000000000000cfb (prio 0, i/o): pci-conf-idx\n", "0000000000000cfc-0000000000000cff (prio 0, i/o): pci-conf-data\n"} {
		if !strings.Contains(tree, want) {
			t.Errorf("the ports have no %q:\n%s", want, tree)
		}
	}
	if x.root.MapPorts() == nil {
		t.Error("the ports can be mapped twice")
	}
	clash := bus.New()
	if err := clash.Ports().Map("x", 0xcfc, 1, addressPort{}, 0); err != nil || NewRoot(clash).MapPorts() == nil {
		t.Error("a port that is taken is mapped")
	}
}

func TestECAM(t *testing.T) {
	x := newBench(t, 4)
	big := NewFunc(x.bus, MakeBDF(0, 6, 1), Header{Vendor: 0x8086, Extended: true})
	big.Preset(0x100, []byte{1, 2, 3, 4}, []byte{0xff})
	big.Preset(0xffc, []byte{5, 6, 7, 8}, nil)
	if err := x.root.Attach(big, nil); err != nil {
		t.Fatal(err)
	}
	const base = 0xb000_0000
	for _, at := range []bus.Addr{base + 0x1000, base + 1<<27} {
		if err := x.root.MapECAM(at); err == nil || !strings.Contains(err.Error(), "use a multiple of 0x10000000") {
			t.Errorf("at %#x: %v", at, err)
		}
	}
	if err := x.root.MapECAM(base); err != nil {
		t.Fatal(err)
	}
	x.reads("identity", base+0x28000, 4, 0x0011_1b36)
	x.reads("a byte", base+0x28003, 1, 0)
	x.reads("two bytes", base+0x28001, 2, 0x111b)
	x.reads("conventional beyond 256", base+0x28100, 4, 0xffff_ffff)
	x.reads("express", base+0x31000, 2, 0x8086)
	x.reads("express beyond 256", base+0x31100, 4, 0x0403_0201)
	x.reads("express at the end", base+0x31ffc, 4, 0x0807_0605)
	x.reads("a quad word", base+0x31100, 8, 0xffff_ffff_ffff_ffff)
	x.reads("absent function", base+0x30000, 4, 0xffff_ffff)
	x.reads("absent bus", base+0x128000, 4, 0xffff_ffff)
	x.reads("the end", base+0xfff_fffc, 4, 0xffff_ffff)
	x.bus.Write(base+0x28004, 2, 0x0407)
	x.reads("command", base+0x28004, 2, 0x0407)
	x.bus.Write(base+0x28004, 8, 0)
	x.reads("a quad word is no request", base+0x28004, 2, 0x0407)
	x.bus.Write(base+0x30004, 4, 0)
	x.bus.Write(base+0x31100, 4, 0xffff_ffff)
	x.reads("extended", base+0x31100, 4, 0x0403_02ff)
	if got := fmt.Sprintf("%x %x", x.root.ConfigRead(0x28, 0, 2), x.root.ConfigRead(0x29, 0, 2)); got != "1b36 ffff" {
		t.Errorf("by address: %s", got)
	}
	if !strings.Contains(x.bus.Tree(), "00000000b0000000-00000000bfffffff (prio 0, i/o): pcie-mmcfg-mmio\n") {
		t.Error(x.bus.Tree())
	}
}
