package i8259reg

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/reg"
)

// checked are the tables of all layouts, held bit by bit against the 8259A data sheet.
// A test cannot tell which of the two is right: whoever changes a layout reads
// there and edits both.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every command word stands as the data sheet has it, and shows
// what Linux writes.
func TestLayouts(t *testing.T) {
	tables := ""
	for _, tt := range []struct {
		name   string
		layout reg.Layout
		value  uint64
		want   string
	}{
		{"ICW1", ICW1(), 0x11, "needs-icw4 icw1"},
		{"ICW4", ICW4(), 0x03, "8086 auto-eoi not-buffered"},
		{"ICW4", ICW4(), 0x1d, "8086 buffered-master special-fully-nested"},
		{"OCW2", OCW2(), 0x62, "level=0x2 ocw2 specific-eoi"},
		{"OCW3", OCW3(), 0x0b, "isr ocw3 no-change"},
		{"OCW3", OCW3(), 0x6e, "irr poll ocw3 on"},
	} {
		if err := tt.layout.Check(8); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if table := fmt.Sprintf("%s, 8 bits\n%s\n", tt.name, tt.layout.Table(8)); !strings.Contains(tables, table) {
			tables += table
		}
		if got := tt.layout.String(tt.value); got != tt.want {
			t.Errorf("%s %#x is %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
	if diff := cmp.Diff(checked, tables); diff != "" {
		t.Errorf("the tables (-checked +here):\n%s", diff)
	}
}
