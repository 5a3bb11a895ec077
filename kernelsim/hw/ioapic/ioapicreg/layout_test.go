package ioapicreg

import (
	_ "embed"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/reg"
)

// checked are the tables of all layouts, held bit by bit against the 82093AA and ICH9
// data sheets.
// A test cannot tell which of the two is right: whoever changes a layout reads
// there and edits both.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every register stands as the data sheets have it, and shows one
// value by its layout.
func TestLayouts(t *testing.T) {
	tests := []struct {
		name   string
		layout reg.Layout
		width  int
		value  uint64
		want   string
	}{
		{"redirection entry", Redirection(), 64, 0x0201_0000_0001_0031, "vector=0x31 fixed physical active-high edge masked extended=0x1 destination=0x2"},
		{"redirection entry, low", RedirectionLow(), 32, 0xfb31, "vector=0x31 delivery=0x3 logical send-pending active-low remote-irr level"},
		{"redirection entry, high", RedirectionHigh(), 32, 0x0201_0000, "extended=0x1 destination=0x2"},
		{"version", Version(), 32, 0x17_8020, "version=0x20 prq highest-entry=0x17"},
		{"id", ID(), 32, 0x0f00_0000, "id=0xf"},
	}
	tables := ""
	for _, tt := range tests {
		if err := tt.layout.Check(tt.width); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		tables += fmt.Sprintf("%s, %d bits\n%s\n", tt.name, tt.width, tt.layout.Table(tt.width))
		if got := tt.layout.String(tt.value); got != tt.want {
			t.Errorf("%s %#x is %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
	if diff := cmp.Diff(checked, tables); diff != "" {
		t.Errorf("the tables (-checked +here):\n%s", diff)
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
