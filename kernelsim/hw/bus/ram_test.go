package bus

import (
	"strings"
	"testing"
)

// fitted is a RAM of 1 MiB at 1 MiB with memory at 0x100000 and 0x100100,
// side by side, and at 0x108000.
func fitted(t *testing.T) *RAM {
	t.Helper()
	r := NewRAM(0x10_0000, 0x10_0000)
	for _, a := range []Addr{0x10_0100, 0x10_8000, 0x10_0000} {
		if _, err := r.Add(a, 0x100); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestRAMRemembers(t *testing.T) {
	tests := []struct {
		name string
		off  uint32
		size int
		want uint64 // read back after writing 0x8877665544332211
	}{
		{"byte", 0, 1, 0x11},
		{"word", 0xfe, 2, 0x2211},
		{"unaligned", 0x81, 8, 0x8877665544332211},
		{"across two segments", 0xfd, 8, 0x8877665544332211},
		{"half in memory", 0x1fc, 8, 0xffffffff44332211},
		{"half before memory", 0x7ffc, 8, 0x88776655ffffffff},
		{"no memory", 0x5000, 4, 0xffffffff},
		{"last byte", 0x80ff, 1, 0x11},
		{"one beyond", 0x8100, 1, 0xff},
		{"no size", 0, 3, 0},
	}
	for _, tt := range tests {
		r := fitted(t)
		r.Write(tt.off, tt.size, 0x8877665544332211)
		if got := r.Read(tt.off, tt.size); got != tt.want {
			t.Errorf("%s: read %#x, want %#x", tt.name, got, tt.want)
		}
	}
}

func TestRAMWindow(t *testing.T) {
	b, r := New(), fitted(t)
	mapped(t, b, "ram", 0x10_0000, 0x10_0000, r, 0)
	mapped(t, b, "dev", 0x10_8080, 0x10, &probe{}, 1)
	w, err := b.Bytes(0x10_0104, 4)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(0x10_0104, 4, 0x0403_0201)
	if w[0] != 1 || w[3] != 4 {
		t.Errorf("the window shows % x after a write of 04030201", w)
	}
	w[0] = 9
	if got := b.Read(0x10_0104, 1); got != 9 {
		t.Errorf("a store through the window reads back as %d, want 9", got)
	}
	if w = append(w, 0xee); b.Read(0x10_0108, 1) != 0 {
		t.Error("append to a window wrote beyond it")
	}
	tests := []struct {
		a    Addr
		n    uint64
		want string
	}{
		{0x10_0000, 0x100, ""},
		{0x10_00ff, 0, ""},
		{0x10_00ff, 2, "reach beyond the memory at 0x100000-0x1000ff"},
		{0x10_0000, ^uint64(0), "reach beyond"},
		{0x10_0200, 1, "there is no memory at 0x100200"},
		{0x10_8080, 1, `answers "dev", which is not RAM`},
		{0x10_8070, 0x10, ""},
		{0x10_8070, 0x20, `reach beyond "ram", which ends at 0x10807f`},
		{0x5, 1, "nothing answers at 0x5"},
	}
	for _, tt := range tests {
		_, err := b.Bytes(tt.a, tt.n)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("Bytes(%#x, %#x): %v", tt.a, tt.n, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("Bytes(%#x, %#x): error %v, want one with %q", tt.a, tt.n, err, tt.want)
		}
	}
}

func TestRAMAddRemove(t *testing.T) {
	tests := []struct {
		a    Addr
		n    uint64
		want string
	}{
		{0x10_0200, 0x10, ""},
		{0x1f_fff0, 0x10, ""},
		{0x1f_fff0, 0x11, "do not lie in it"},
		{0x0f_ffff, 1, "do not lie in it"},
		{0x10_4000, 0, "do not lie in it"},
		{^Addr(0), 2, "do not lie in it"},
		{0x10_00ff, 1, "overlaps memory at 0x100000-0x1000ff"},
		{0x10_7f01, 0x100, "overlaps memory at 0x108000"},
		{0x10_7f00, 0x100, ""},
		{0x10_7000, 0x2000, "overlaps memory at 0x108000-0x1080ff"},
	}
	for _, tt := range tests {
		w, err := fitted(t).Add(tt.a, tt.n)
		switch {
		case tt.want == "" && (err != nil || uint64(len(w)) != tt.n):
			t.Errorf("Add(%#x, %#x): %d bytes, %v", tt.a, tt.n, len(w), err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("Add(%#x, %#x): error %v, want one with %q", tt.a, tt.n, err, tt.want)
		}
	}
	r := fitted(t)
	if r.Remove(0x10_0001) || !r.Remove(0x10_0000) || r.Remove(0x10_0000) {
		t.Error("Remove takes a segment by its first address, once")
	}
	if got := r.Read(0, 1); got != 0xff {
		t.Errorf("removed memory reads as %#x, want 0xff", got)
	}
	if got := r.Read(0x100, 1); got != 0 {
		t.Errorf("the memory behind it reads as %#x, want 0", got)
	}
	if _, err := NewRAM(0, 1<<50).Add(0, 1<<40+1); err == nil {
		t.Error("more than a terabyte was fitted")
	}
}
