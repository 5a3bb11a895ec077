package pcie

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A region answers with the offset and notes what it is told.
type region struct{ log []string }

func (r *region) Read(off uint32, size int) uint64 { return uint64(off) | 1<<24 }
func (r *region) Write(off uint32, size int, v uint64) {
	r.log = append(r.log, fmt.Sprintf("%x/%d=%x", off, size, v))
}

// sized finds out a BAR's size as pci_read_bases does (drivers/pci/probe.c):
// decoding off, all ones, read back, restore.
func sized(f *Func, n int) (size uint64, kind uint32) {
	reg := uint16(pcireg.BAR0 + 4*n)
	command := f.ConfigRead(pcireg.CommandReg, 2)
	f.ConfigWrite(pcireg.CommandReg, 2, command&^3)
	old := f.ConfigRead(reg, 4)
	f.ConfigWrite(reg, 4, 0xffff_ffff)
	v := f.ConfigRead(reg, 4)
	f.ConfigWrite(reg, 4, old)
	mask := uint64(0xffff_ffff_ffff_fff0)
	kind = v & 0xf
	if v&1 != 0 {
		mask, kind = 0xffff_ffff_ffff_fffc, v&3
	}
	bits := uint64(v) | 0xffff_ffff<<32
	if v&7 == 4 {
		high := f.ConfigRead(reg+4, 4)
		f.ConfigWrite(reg+4, 4, 0xffff_ffff)
		bits = uint64(v) | uint64(f.ConfigRead(reg+4, 4))<<32
		f.ConfigWrite(reg+4, 4, high)
	}
	f.ConfigWrite(pcireg.CommandReg, 2, command)
	if v == 0 {
		return 0, 0
	}
	return -(bits & mask), kind
}

func TestSizing(t *testing.T) {
	kinds := []BARKind{IO, Memory32, Memory64, Prefetch32, Prefetch64}
	for _, kind := range kinds {
		least, most := 4, 31
		switch kind {
		case IO:
			least, most = 2, 8
		case Memory64, Prefetch64:
			most = 32
		}
		for log := least; log <= most; log++ {
			f := NewFunc(bus.New(), 0, Header{})
			f.AddBAR(2, kind, 1<<log, nil)
			if got, k := sized(f, 2); got != 1<<log || k != uint32(kind) {
				t.Errorf("kind %#x, size %#x: found %#x, kind %#x", kind, 1<<log, got, k)
			}
			if got, _ := sized(f, 0); got != 0 {
				t.Errorf("a register that is none has size %#x", got)
			}
			if at, size, mapped := f.BAR(2); at != 0 || size != 1<<log || mapped {
				t.Errorf("after sizing the BAR is at %#x, size %#x, mapped %v", at, size, mapped)
			}
		}
	}
}

func TestBARMoves(t *testing.T) {
	b := bus.New()
	mem, port, wide := &region{}, &region{}, &region{}
	f := NewFunc(b, 0x28, Header{Name: "dev"})
	f.AddBAR(0, Memory32, 0x1000, mem)
	f.AddBAR(1, IO, 0x20, port)
	f.AddBAR(4, Prefetch64, 0x4000, wide)
	f.NameBAR(1, "dev-ports")
	answers := func(what string, inMem, inPorts, inWide bool) {
		t.Helper()
		m, _, okM := f.BAR(0)
		p, _, okP := f.BAR(1)
		w, _, okW := f.BAR(4)
		if okM != inMem || okP != inPorts || okW != inWide {
			t.Errorf("%s: mapped %v %v %v", what, okM, okP, okW)
		}
		for _, a := range []struct {
			b  *bus.Bus
			at bus.Addr
			on bool
		}{{b, m, inMem}, {b.Ports(), p, inPorts}, {b, w, inWide}} {
			if a.on && (a.b.Read(a.at+4, 4) != 1<<24|4 || a.b.Read(a.at-1, 1) != 0xff) {
				t.Errorf("%s: at %#x answers %#x, before it %#x", what, a.at, a.b.Read(a.at+4, 4), a.b.Read(a.at-1, 1))
			}
		}
	}
	put := func(off uint16, size int, v uint32) { f.ConfigWrite(off, size, v) }
	answers("power-on", false, false, false)
	put(0x10, 4, 0xfebf_1fff)
	put(0x14, 4, 0xc03f)
	put(0x20, 4, 0xfebf_c000)
	answers("decoding off", false, false, false)
	put(0x04, 2, 1)
	answers("I/O on", false, true, false)
	put(0x04, 2, 2)
	answers("memory on", true, false, true)
	put(0x04, 2, 3)
	answers("both on", true, true, true)
	tree := b.Tree()
	for _, want := range []string{
		"00000000febf1000-00000000febf1fff (prio 1, i/o): dev-bar0 [00:05.0]\n",
		"00000000febfc000-00000000febfffff (prio 1, i/o): dev-bar4 [00:05.0]\n",
	} {
		if !strings.Contains(tree, want) {
			t.Errorf("the tree has no %q:\n%s", want, tree)
		}
	}
	if ports := b.Ports().Tree(); !strings.Contains(ports, "000000000000c020-000000000000c03f (prio 1, i/o): dev-ports [00:05.0]\n") {
		t.Errorf("the ports:\n%s", ports)
	}
	b.Write(0xfebf_1ffc, 4, 0x1234)
	b.Ports().Write(0xc021, 1, 9)
	if got := fmt.Sprint(mem.log, port.log, wide.log); got != "[ffc/4=1234] [1/1=9] []" {
		t.Errorf("the regions were told %s", got)
	}
	put(0x24, 4, 1)
	answers("above 4 GiB", true, true, true)
	if at, _, _ := f.BAR(4); at != 0x1_febf_c000 || b.Read(0xfebf_c000, 4) != 0xffff_ffff {
		t.Errorf("the 64-bit BAR is at %#x", at)
	}
	put(0x20, 4, 0xffff_ffff)
	answers("end of the first 4 GiB", true, true, true)
	put(0x24, 4, 0xffff_ffff)
	answers("end of all", true, true, false)
	put(0x10, 4, 0xffff_ffff)
	answers("end of 32 bits", false, true, false)
	put(0x10, 4, 0xffff_e000)
	answers("a page below", true, true, false)
	put(0x10, 4, 0)
	answers("zero", false, true, false)
	for at, on := range map[uint32]bool{0xffe0: true, 0x1_0000: false, 0xffff_ffe0: false, 0: false, 0x20: true} {
		put(0x14, 4, at)
		answers(fmt.Sprintf("port %#x", at), false, on, false)
	}
	put(0x10, 4, 0x1000)
	put(0x14, 4, 0xc000)
	f.Reset()
	answers("reset", false, false, false)
}

func TestBARConflict(t *testing.T) {
	b := bus.New()
	root := NewRoot(b)
	var f [2]*Func
	for i := range f {
		f[i] = NewFunc(b, MakeBDF(0, 3+i, 0), Header{Name: "same"})
		f[i].AddBAR(0, Memory32, 0x1000, nil)
		if err := root.Attach(f[i], nil); err != nil {
			t.Fatal(err)
		}
		f[i].ConfigWrite(0x10, 4, 0xfebf_0000)
		f[i].ConfigWrite(0x04, 2, 2)
	}
	where := func() string {
		_, _, m0 := f[0].BAR(0)
		_, _, m1 := f[1].BAR(0)
		return fmt.Sprint(m0, m1)
	}
	if where() != "true false" {
		t.Errorf("of two at one address answer %s", where())
	}
	f[0].ConfigWrite(0x10, 4, 0xfebf_2000)
	if where() != "true true" || b.Read(0xfebf_0000, 4) != 0 || b.Read(0xfebf_2000, 4) != 0 {
		t.Errorf("after one moved away answer %s", where())
	}
	f[1].ConfigWrite(0x10, 4, 0xfebf_2000)
	f[0].Reset()
	if where() != "false true" {
		t.Errorf("after a reset answer %s", where())
	}
	alone := NewFunc(b, 0, Header{})
	alone.AddBAR(0, Memory32, 0x1000, nil)
	alone.ConfigWrite(0x04, 2, 2)
	alone.ConfigWrite(0x10, 4, 0x1000)
	alone.ConfigWrite(0x10, 4, 0x2000)
	if at, size, mapped := alone.BAR(0); at != 0x2000 || size != 0x1000 || !mapped {
		t.Error("a function that is not attached cannot move")
	}
	alone.AddBAR(5, IO, 4, nil)
	alone.NameBAR(5, "last")
	alone.ConfigWrite(0x24, 4, 0x80)
	alone.ConfigWrite(0x04, 2, 1)
	if at, size, mapped := alone.BAR(5); at != 0x80 || size != 4 || !mapped || alone.Err() != nil || !strings.Contains(b.Ports().Tree(), "last [00:00.0]") {
		t.Error("the last BAR is not like the others")
	}
	for _, n := range []int{-1, 1, 6} {
		if _, size, mapped := alone.BAR(n); size != 0 || mapped {
			t.Errorf("there is a BAR %d", n)
		}
	}
}

// What lies around the table belongs to the device.
func TestBARAround(t *testing.T) {
	b, own := bus.New(), &region{}
	f := NewFunc(b, 0x28, Header{Name: "dev"})
	f.AddBAR(0, Memory32, 0x1000, own)
	f.AddMSIX(0x40, 3, Place{0, 0x100}, Place{0, 0x200})
	f.ConfigWrite(0x10, 4, 0x1_0000)
	f.ConfigWrite(0x04, 2, 2)
	for at, want := range map[bus.Addr]uint64{0xfc: 1<<24 | 0xfc, 0x100: 0, 0x10c: 1, 0x12c: 1, 0x130: 1<<24 | 0x130, 0x1fc: 1<<24 | 0x1fc, 0x200: 0, 0x204: 0, 0x208: 1<<24 | 0x208} {
		if got := b.Read(0x1_0000+at, 4); got != want {
			t.Errorf("%#x reads as %#x, want %#x", at, got, want)
		}
	}
	b.Write(0x1_0130, 4, 5)
	b.Write(0x1_0128, 4, 6)
	b.Write(0x1_0208, 4, 7)
	if got := fmt.Sprint(own.log, f.MSIX().Entry(2)); got != "[130/4=5 208/4=7] {0 6 1}" {
		t.Errorf("the device was told %s", got)
	}
	if body := f.ConfigRead(0x44, 4); body != 0x100 || f.ConfigRead(0x48, 4) != 0x200 || f.ConfigRead(0x42, 2) != 2 {
		t.Errorf("the capability says table at %#x, pending bits at %#x", body, f.ConfigRead(0x48, 4))
	}
}
