package pci

import "testing"

// TestResourceText compares with lines of recorded logs.
func TestResourceText(t *testing.T) {
	tests := []struct {
		r    Resource
		want string
	}{
		{Resource{0xc000, 0xc03f, ResourceIO}, "[io  0xc000-0xc03f]"},
		{Resource{0x3f6, 0x3f6, ResourceIO}, "[io  0x03f6]"},
		{Resource{0xfebe8000, 0xfebe8fff, ResourceMem}, "[mem 0xfebe8000-0xfebe8fff]"},
		{Resource{0xfebfc000, 0xfebfffff, ResourceMem | ResourceMem64 | ResourcePrefetch}, "[mem 0xfebfc000-0xfebfffff 64bit pref]"},
		{Resource{0xfebe4000, 0xfebe7fff, ResourceMem | ResourceMem64}, "[mem 0xfebe4000-0xfebe7fff 64bit]"},
	}
	for _, tt := range tests {
		if got := tt.r.String(); got != tt.want {
			t.Errorf("%+v prints %s, want %s", tt.r, got, tt.want)
		}
	}
	if n := (Resource{}).Size(); n != 0 {
		t.Errorf("no resource has size %d", n)
	}
}

// TestSize: the size is the lowest address bit that could be written.
func TestSize(t *testing.T) {
	tests := []struct{ base, ones, mask, want uint64 }{
		{0xfebe8000, 0xfffff000, 0xfffffff0, 0x1000},
		{0, 0xfffff000, 0xfffffff0, 0x1000},
		{0xc000, 0xffc0, 0xfffc, 0x40},
		{0, 0, 0xfffffff0, 0},
		{0x1f0, 0x1f0, 0xfffc, 0},                  // hardwired: what was written did not stick
		{0xfffff000, 0xfffff000, 0xfffffff0, 4096}, // at the very end, it may be a size
		{0x4_0000_0000, 0xffff_fffc_0000_0000, 0xffff_ffff_ffff_fff0, 0x4_0000_0000},
	}
	for _, tt := range tests {
		if got := pciSize(tt.base, tt.ones, tt.mask); got != tt.want {
			t.Errorf("pciSize(%#x, %#x, %#x) = %#x, want %#x", tt.base, tt.ones, tt.mask, got, tt.want)
		}
	}
}

func TestFits(t *testing.T) {
	for off := uint16(0); off < 8; off++ {
		for size := range 9 {
			want := size == 1 || size == 2 && off%4 < 3 || size == 4 && off%4 == 0
			if got := fits(off, size); got != want {
				t.Errorf("fits(%d, %d) = %v", off, size, got)
			}
		}
	}
}
