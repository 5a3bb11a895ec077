package ioapicreg

import (
	_ "embed"
	"testing"

	"bothhalves/kernelsim/internal/sheet"
)

// checked are the tables of all layouts, held bit by bit against the 82093AA
// and ICH9 data sheets.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every register stands as the data sheets have it, and shows one
// value by its layout.
func TestLayouts(t *testing.T) {
	if err := sheet.Check(checked,
		sheet.Of("redirection entry", 64, Redirection(), 0x0201_0000_0001_0031, "vector=0x31 fixed physical active-high edge masked extended=0x1 destination=0x2"),
		sheet.Of("redirection entry, low", 32, RedirectionLow(), 0xfb31, "vector=0x31 delivery=0x3 logical send-pending active-low remote-irr level"),
		sheet.Of("redirection entry, high", 32, RedirectionHigh(), 0x0201_0000, "extended=0x1 destination=0x2"),
		sheet.Of("version", 32, Version(), 0x17_8020, "version=0x20 prq highest-entry=0x17"),
		sheet.Of("id", 32, ID(), 0x0f00_0000, "id=0xf"),
	); err != nil {
		t.Error(err)
	}
}

// TestWritable: what software can write is all that the layout does not call
// read-only.
func TestWritable(t *testing.T) {
	var writable uint64
	for _, n := range RedirectionLow() {
		if n.Name != "send-pending" && n.Name != "remote-irr" {
			writable |= n.Field.Mask()
		}
	}
	if writable != WritableLow {
		t.Errorf("the layout has %#x to write, the constant %#x", writable, WritableLow)
	}
}
