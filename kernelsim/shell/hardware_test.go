package shell_test

import (
	"io"
	"strings"
	"testing"

	"bothhalves/kernelsim/shell"
)

// FuzzBench: no line makes the bare machine panic, and a line that is refused
// as written wrongly changes nothing.
func FuzzBench(f *testing.F) {
	for _, line := range []string{
		"mmio write 4 0xfee00300 0xc4500", "mmio read 8 0xfee00020 -cpu 1", "mmio write 4 0xfec00010 0x18031",
		"io out 1 0x20 0x11", "io in 4 0xcf8", "io inta", "msr write 0x830 0x4000", "msr read 0x6e0",
		"cfg write 00:05.0 2 0x42 0xc000", "cfg read 00:05.0 4 0x10", "msi 0xfee00000 0x4041", "event 00:05.0 3",
		"event 00:05.0 0 clear", "pin ioapic 4 pulse", "pin pic 5 raise", "pin lint0 1 raise", "pin nmi 0 pulse",
		"cpu 0 ack -tpr 0x50", "cpu 1 boundary", "cpu 0 local timer", "cpu 0 cr8 15", "cpu 0 exception 8",
		"cpu 0 signals", "bus log", "info msix 00:05.0", "info lapic 1", "run 1us; cpu 0 iret", "msr write 0x1b 0xfee00d00",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "step") {
			return // it makes as many moves as it is told to
		}
		s := shell.New(impatient{newHost()})
		defer s.Close()
		if err := s.Line("boot -bare -cpus 2 -msix 4", io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		look := "info lapic 0; info lapic 1; info ioapic; info pic; info msix 00:05.0; info registers; machine"
		before := do(t, s, look)
		var errw strings.Builder
		err := s.Line(line, io.Discard, &errw)
		if strings.Contains(errw.String(), "Go panic") {
			t.Fatalf("%q: %s", line, errw.String())
		}
		if shell.ErrorStatus(err) == 2 && !strings.Contains(line, ";") && s.Machine().Bare() {
			if after := do(t, s, look); after != before {
				t.Errorf("%q was refused and changed\n%s\ninto\n%s", line, before, after)
			}
		}
	})
}

// TestBareDeterminism: the same lines at the bench give the same bytes.
func TestBareDeterminism(t *testing.T) {
	var runs [2]string
	for i := range runs {
		s := shell.New(newHost())
		runs[i] = do(t, s, "boot -bare -cpus 3; mmio write 4 0xfee000f0 0x1ff; mmio write 4 0xfee00320 0x20030; "+
			"mmio write 4 0xfee00380 10; step 20; cpu 0 ack; msi 0xfee00000 0x4088; bus log; info lapic 0; machine")
		s.Close()
	}
	if runs[0] != runs[1] {
		t.Error("two runs of the same lines differ")
	}
}

// TestBenchOnKernel: the bench works at a machine that runs a kernel, and the
// kernel takes what it is sent.
func TestBenchOnKernel(t *testing.T) {
	s := shell.New(newHost())
	defer s.Close()
	do(t, s, "boot -cpus 2 -device msix,vectors=2,bdf=00:06.0; bus log")
	for _, tt := range []struct{ line, want string }{
		{"mmio read 4 0xfee00020 -cpu 1", "0x01000000\n"},
		{"mmio read 4 0xfee00080", "0x00000010\n"},
		{"cpu 1 cr8", "0x01\n"},
		{"io in 1 0x21", "0xff\n"},
		{"msr read 0x1b -cpu 1", "0x00000000fee00800\n"},
		{"cfg read 00:06.0 2 0", "0x1b36\n"},
		{"cpu 0 cli; msi 0xfee01004 0x4045; cpu 0 pending; cpu 0 sti", "0x45\n"},
		{"msi 0xfee0000 0x41", "no message: 0xfee0000 is a plain write to memory; messages go to 0xfee00000 to 0xfeefffff\n"},
		{"run 1ms; cpu 0 pending; dmesg | grep -c 'No irq handler'", "none\n1\n"},
		{"bus log | grep 0x45", "msi dest=0x01 mode=logical delivery=fixed vector=0x45 trigger=edge addr=0xfee01004 data=0x00004045\n"},
		{"! msr write 0x1b 0xfee00901", "#GP\n"},
	} {
		if got := do(t, s, tt.line); got != tt.want {
			t.Errorf("%s prints %q, want %q", tt.line, got, tt.want)
		}
	}
}
