package shell

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/pcie"
)

// FuzzLspci prints whatever configuration space holds: it must end, and begin
// with the function's address.
func FuzzLspci(f *testing.F) {
	loop := make([]byte, 256)
	loop[6], loop[0x34], loop[0x40], loop[0x41] = 0x10, 0x40, 0x09, 0x40
	f.Add(loop, 3)
	express := make([]byte, 4096)
	express[6], express[0x34], express[0x40], express[0x42] = 0x10, 0x40, 0x10, 0x02
	copy(express[0x100:], []byte{1, 0, 2, 0x10})
	f.Add(express, 2)
	f.Add([]byte{}, 1)
	f.Fuzz(func(t *testing.T, config []byte, verbose int) {
		fn := PCIFunction{BDF: pcie.MakeBDF(0, 3, 0), Config: config}
		text := lspciText([]PCIFunction{fn}, lspciOptions{verbose: verbose & 3, hex: 4096, numbers: verbose&4 != 0})
		if !strings.HasPrefix(text, "00:03.0 ") {
			t.Errorf("begins with %.20q", text)
		}
		if n := strings.Count(text, "\n"); n > 20000 {
			t.Errorf("%d lines", n)
		}
	})
}

func TestMatchBDF(t *testing.T) {
	b := pcie.MakeBDF(0, 2, 1)
	for only, want := range map[string]bool{"": true, "00:02.1": true, "0000:00:02.1": true, "02.1": true, "2": true, "00:02": true,
		"00:02.0": false, "3": false, "01:02.1": false} {
		if got, err := matchBDF(only, b); err != nil || got != want {
			t.Errorf("-s %q: %v %v, want %v", only, got, err, want)
		}
	}
	for _, bad := range []string{"x", "00:02.8", "00:20", "2.", ":", "00:02.0.1", "-1"} {
		if _, err := matchBDF(bad, b); err == nil {
			t.Errorf("-s %q is accepted", bad)
		}
	}
}
