package cpu_test

import (
	"encoding/binary"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
)

// Gates of the recorded kernel (idt-apic/pc-smp4, 00-boot.idt), as the two
// quadwords that the monitor read.
func TestRecordedGates(t *testing.T) {
	for _, x := range []struct {
		low, high uint64
		want      gatereg.Gate
	}{
		{0x81c08e0000100990, 0xffffffff, gatereg.Gate{Offset: 0xffffffff81c00990, Selector: 0x10, Type: gatereg.InterruptGate, Present: true}},
		{0x81c08e0300100cd0, 0xffffffff, gatereg.Gate{Offset: 0xffffffff81c00cd0, Selector: 0x10, IST: 3, Type: gatereg.InterruptGate, Present: true}},
		{0x81c08e0200101650, 0xffffffff, gatereg.Gate{Offset: 0xffffffff81c01650, Selector: 0x10, IST: 2, Type: gatereg.InterruptGate, Present: true}},
		{0x81c0ee0000100ba0, 0xffffffff, gatereg.Gate{Offset: 0xffffffff81c00ba0, Selector: 0x10, Type: gatereg.InterruptGate, DPL: 3, Present: true}},
		{0x83078e00001090b4, 0xffffffff, gatereg.Gate{Offset: 0xffffffff830790b4, Selector: 0x10, Type: gatereg.InterruptGate, Present: true}},
	} {
		raw := quads(x.low, x.high)
		if g, err := cpu.DecodeGate(raw); err != nil || g != x.want {
			t.Errorf("%016x %016x decodes to %+v, %v; want %+v", x.low, x.high, g, err, x.want)
		}
		if got := cpu.EncodeGate(x.want); got != raw {
			t.Errorf("%+v encodes to % x, want % x", x.want, got, raw)
		}
	}
}

func quads(low, high uint64) (raw [gatereg.Size]byte) {
	binary.LittleEndian.PutUint64(raw[:8], low)
	binary.LittleEndian.PutUint64(raw[8:], high)
	return raw
}

func TestDecodeRefuses(t *testing.T) {
	good := cpu.EncodeGate(gatereg.Gate{Offset: 0x1000, Selector: 0x10, Type: gatereg.TrapGate, Present: true})
	for name, change := range map[string]func(raw *[gatereg.Size]byte){
		"zeros":       func(raw *[gatereg.Size]byte) { *raw = [gatereg.Size]byte{} },
		"task gate":   func(raw *[gatereg.Size]byte) { raw[5] = 0x85 },
		"call gate":   func(raw *[gatereg.Size]byte) { raw[5] = 0x8c },
		"S bit is on": func(raw *[gatereg.Size]byte) { raw[5] |= 0x10 },
	} {
		raw := good
		change(&raw)
		if g, err := cpu.DecodeGate(raw); err == nil {
			t.Errorf("%s: decoded to %+v", name, g)
		}
	}
	absent := good
	absent[5] &^= 0x80
	if g, err := cpu.DecodeGate(absent); err != nil || g.Present {
		t.Errorf("an absent gate: %+v, %v", g, err)
	}
}

// Whatever sixteen bytes stand there: what decodes is encoded back to the same
// fields, and nothing panics.
func FuzzGate(f *testing.F) {
	f.Add(make([]byte, 16))
	f.Add([]byte{0x50, 0x16, 0x10, 0, 2, 0x8e, 0xc0, 0x81, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var raw [gatereg.Size]byte
		copy(raw[:], data)
		g, err := cpu.DecodeGate(raw)
		if err != nil {
			return
		}
		if again, err := cpu.DecodeGate(cpu.EncodeGate(g)); err != nil || again != g {
			t.Errorf("%+v comes back as %+v, %v", g, again, err)
		}
	})
}

// The layouts say what the code does.
func TestGateLayouts(t *testing.T) {
	low := uint64(0x81c0ee0200101650)
	if got, want := gatereg.Low().String(low), "offset 15:0=0x1650 selector=0x10 ist=0x2 interrupt-gate dpl=0x3 present offset 31:16=0x81c0"; got != want {
		t.Errorf("low quadword: %s, want %s", got, want)
	}
	if got, want := gatereg.High().String(0xffffffff), "offset 63:32=0xffffffff"; got != want {
		t.Errorf("high quadword: %s, want %s", got, want)
	}
}
