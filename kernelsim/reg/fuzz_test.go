package reg

import (
	"encoding/binary"
	"testing"
)

// A bit is the second specification of a register map: each bit of the
// address range by itself, with nothing shared between bits.
type bit struct{ value, writable, writeClears, readClears bool }

// bits spells a list of registers out bit by bit.
func bits(stride int, regs []Register) []bit {
	var out []bit
	for _, r := range regs {
		for range max(r.Count, 1) {
			for i := range 8 * r.Size {
				one := func(mask uint64) bool { return !r.gap && mask>>i&1 == 1 }
				out = append(out, bit{one(r.Reset), one(r.RW), one(r.W1C), one(r.RC)})
			}
			if pad := 8 * (stride - r.Size); pad > 0 && !r.gap {
				out = append(out, make([]bit, pad)...)
			}
		}
	}
	return out
}

// naiveRead reads the second specification.
func naiveRead(all []bit, off uint32, size int) (v uint64) {
	for i := range 8 * size {
		b := &all[int(off)*8+i]
		if b.value {
			v |= 1 << i
		}
		b.value = b.value && !b.readClears
	}
	return v
}

// naiveWrite writes the second specification.
func naiveWrite(all []bit, off uint32, size int, v uint64) {
	for i := range 8 * size {
		b, one := &all[int(off)*8+i], v>>i&1 == 1
		switch {
		case b.writable:
			b.value = one
		case b.writeClears && one:
			b.value = false
		}
	}
}

// fuzzRegisters takes a list of registers from the fuzzer's bytes and returns
// what is left of them.
func fuzzRegisters(data []byte) ([]Register, []byte) {
	var regs []Register
	at := uint32(0)
	for len(data) >= 10 && len(regs) < 8 && data[0] != 0xff {
		size := 1 << (data[0] & 3)
		whole := ones(8 * size)
		word := binary.LittleEndian.Uint64(data[2:])
		r := Register{Offset: at, Name: "R", Size: size, Count: int(data[1] & 3), Reset: word & whole}
		r.RW = word * 0x9e3779b97f4a7c15 & whole
		r.W1C = word * 0xc2b2ae3d27d4eb4f & whole &^ r.RW
		r.RC = word * 0x165667b19e3779f9 & whole &^ r.RW &^ r.W1C
		if data[0]&4 != 0 {
			r = Gap(at, int(data[1]&15)+1)
		}
		regs = append(regs, r)
		at += extent(r, 4)
		data = data[10:]
	}
	return regs, data
}

// extent is the number of bytes that a declaration takes.
func extent(r Register, stride int) uint32 {
	if r.gap {
		return uint32(r.Size)
	}
	return uint32(max(r.Size, stride) * max(r.Count, 1))
}

// FuzzMap compares a map with its bit-by-bit specification: no access
// panics, and read-only, reserved and foreign bits stay.
func FuzzMap(f *testing.F) {
	f.Add([]byte{2, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0, 4, 1, 0xff, 0, 4, 0, 0})
	f.Add([]byte{3, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 1, 8, 1, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		regs, ops := fuzzRegisters(data)
		m, err := New("fuzz", 4, regs...)
		if err != nil {
			t.Fatalf("a right list was refused: %v", err)
		}
		spec := bits(4, regs)
		for ; len(ops) >= 12; ops = ops[12:] {
			off, size := uint32(ops[0]), int(int8(ops[1]))
			v := binary.LittleEndian.Uint64(ops[4:])
			step(t, m, spec, off, size, v, ops[2]&1 == 1)
		}
	})
}

// step makes one access in both and compares everything.
func step(t *testing.T, m *Map, spec []bit, off uint32, size int, v uint64, write bool) {
	valid := (size == 1 || size == 2 || size == 4 || size == 8) && (int(off)+size)*8 <= len(spec)
	if write {
		m.Write(off, size, v)
		if valid {
			naiveWrite(spec, off, size, v)
		}
	} else if got := m.Read(off, size); valid {
		if want := naiveRead(spec, off, size); got != want {
			t.Fatalf("Read(%#x, %d) = %#x, bit by bit it is %#x", off, size, got, want)
		}
	} else if got != ones(size*8) {
		t.Fatalf("Read(%#x, %d) outside the map = %#x, want all ones", off, size, got)
	}
	for i := range m.slot {
		s := &m.slot[i]
		size := m.regs[s.reg].Size
		whole := make([]bit, 8*size)
		copy(whole, spec[int(s.at)*8:])
		if want := naiveRead(whole, 0, size); s.value != want {
			t.Fatalf("after an access at %#x, %d: register at %#x holds %#x, bit by bit %#x", off, size, s.at, s.value, want)
		}
	}
}
