package ioapic_test

import (
	"os"
	"testing"

	"bothhalves/kernelsim/internal/conform"
)

// TestConformanceAtTheShell types the manual's sentences at the bare machine.
func TestConformanceAtTheShell(t *testing.T) {
	cases, err := conform.Load(os.DirFS("testdata/conformance"))
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
	if len(cases) < 25 {
		t.Errorf("%d cases, want at least 25", len(cases))
	}
	t.Logf("%d cases", len(cases))
}
