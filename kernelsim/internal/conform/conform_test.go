package conform_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/internal/conform"
)

// TestExamples runs the tables of the machine as a whole.
func TestExamples(t *testing.T) {
	cases, err := conform.Load(os.DirFS("../../testdata/conformance"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Run(); err != nil {
				t.Errorf("%v\nwitness: %s", err, c.Witness)
			}
		})
	}
	if len(cases) < 23 {
		t.Errorf("%d cases, want at least 23", len(cases))
	}
}

// TestRefuses: what is no case is refused where it is read.
func TestRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"boot -bare\n", "it belongs to no case"},
		{"case: a\nwitness: w\nboot -bare\n", "it expects nothing"},
		{"case: a\nboot -bare\nirr 0 → {}\n", "it has no witness"},
		{"case:\nwitness: w\nirr 0 → {}\n", "it has no name"},
	} {
		if _, err := conform.Parse("t", tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

// TestMismatches: every kind of expectation can fail.
func TestMismatches(t *testing.T) {
	for _, line := range []string{
		"mmio read 4 0xfee00020 → 0x1", "irr 0 → {0x31}", "irr 0 → {}", "isr 0 → {0x30}",
		"count irr 0x30 0 1 → 2", "bus log → messages 0x31", "bus log → messages 0x30 0x30", "bus log → none",
		"bus log → eoi 0x30", "cpu 0 pending → none", "! msr read 0x1b → ok", "msr read 0x17 → ok",
		"cfg read 00:05.0 1 CAP → 0x12", "cfg read 00:05.0 1 CAP+x → 0x11", "irr 9 → {}", "nosuch → ok",
	} {
		cases, err := conform.Parse("t", "case: x\nwitness: none\nboot -bare -cpus 2\nmmio write 4 0xfee000f0 0x1ff\nmsi 0xfee00000 0x30\n"+line)
		if err != nil {
			t.Fatal(err)
		}
		if err := cases[0].Run(); err == nil {
			t.Errorf("%s: it passed", line)
		}
	}
	var m *conform.Mismatch
	cases, _ := conform.Parse("t", "case: x\nwitness: none\nboot -bare\nmmio read 1 0xfee00020 → 7")
	if err := cases[0].Run(); !errors.As(err, &m) || m.Got != "0x00" || m.Line != 4 {
		t.Errorf("the mismatch is %v", err)
	}
}
