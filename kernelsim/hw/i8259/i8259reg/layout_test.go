package i8259reg

import (
	_ "embed"
	"testing"

	"bothhalves/kernelsim/internal/sheet"
)

// checked are the tables of all layouts, held bit by bit against the 8259A
// data sheet.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every command word stands as the data sheet has it, and shows
// what Linux writes.
func TestLayouts(t *testing.T) {
	if err := sheet.Check(checked,
		sheet.Of("ICW1", 8, ICW1(), 0x11, "needs-icw4 icw1"),
		sheet.Of("ICW4", 8, ICW4(), 0x03, "8086 auto-eoi not-buffered"),
		sheet.Of("ICW4", 8, ICW4(), 0x1d, "8086 buffered-master special-fully-nested"),
		sheet.Of("OCW2", 8, OCW2(), 0x62, "level=0x2 ocw2 specific-eoi"),
		sheet.Of("OCW3", 8, OCW3(), 0x0b, "isr ocw3 no-change"),
		sheet.Of("OCW3", 8, OCW3(), 0x6e, "irr poll ocw3 on"),
	); err != nil {
		t.Error(err)
	}
}
