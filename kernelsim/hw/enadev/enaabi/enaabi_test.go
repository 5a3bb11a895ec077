package enaabi

import (
	_ "embed"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/reg"
)

// checked are the tables of all layouts, held bit by bit against Linux's
// ena_regs_defs.h. A test cannot tell which of the two is right: whoever
// changes a layout reads there and edits both.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every register stands as the header has it, and shows one value
// by its layout.
func TestLayouts(t *testing.T) {
	tables := ""
	for _, tt := range []struct {
		name   string
		layout reg.Layout
		value  uint64
		want   string
	}{
		{"VERSION", VersionLayout(), 0x0203, "minor=0x3 major=0x2"},
		{"CONTROLLER_VERSION", ControllerVersionLayout(), 0x01020304, "subminor=0x4 minor=0x3 major=0x2 implementation=0x1"},
		{"CAPS", CapsLayout(), 0x3_300b, "contiguous reset-timeout=0x5 dma-width=0x30 admin-timeout=0x3"},
		{"AQ_CAPS", QueueCapsLayout(), 0x40_0020, "depth=0x20 entry-size=0x40"},
		{"INTR_MASK", IntrMaskLayout(), 1, "admin-masked"},
		{"DEV_CTL", DevCtlLayout(), 0x3000_000f, "reset aq-restart quiescent io-resume reset-reason=0x3"},
		{"DEV_STS", DevStsLayout(), 0x19, "ready reset-in-progress reset-finished"},
		{"MMIO_REG_READ", MMIORegReadLayout(), 0x58_0007, "request=0x7 offset=0x58"},
	} {
		if err := tt.layout.Check(32); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		tables += fmt.Sprintf("%s\n%s\n", tt.name, tt.layout.Table(32))
		if got := tt.layout.String(tt.value); got != tt.want {
			t.Errorf("%s %#x is %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
	if diff := cmp.Diff(checked, tables); diff != "" {
		t.Errorf("the tables (-checked +here):\n%s", diff)
	}
}
