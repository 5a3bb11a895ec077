package sheet_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/internal/sheet"
	"bothhalves/kernelsim/reg"
)

const checked = "R, 8 bits\n7:1    reserved\n0      on\n\n"

// TestCheck: every kind of mistake is told, and nothing else.
func TestCheck(t *testing.T) {
	on := reg.Layout{reg.Flag("on", 0)}
	for _, tt := range []struct {
		name    string
		checked string
		row     sheet.Row
		want    string
	}{
		{"as it should be", checked, sheet.Row{Layout: on, Value: 1, Shown: "on"}, ""},
		{"moved", checked, sheet.Row{Layout: reg.Layout{reg.Flag("on", 1)}, Value: 2, Shown: "on"}, "line 2 of the tables is\n\t7:2"},
		{"shown otherwise", checked, sheet.Row{Layout: on, Value: 1, Shown: "off"}, `R: 0x1 shows "on", want "off"`},
		{"too wide", checked, sheet.Row{Layout: reg.Layout{reg.Flag("on", 8)}, Value: 0x100, Shown: "on"}, "reaches beyond"},
		{"text ends early", "R, 8 bits\n7:1    reserved\n0      on", sheet.Row{Layout: on, Value: 1, Shown: "on"}, "(its end)"},
		{"text goes on", checked + "more", sheet.Row{Layout: on, Value: 1, Shown: "on"}, "line 5"},
	} {
		tt.row.Name, tt.row.Width = "R", 8
		err := sheet.Check(tt.checked, tt.row, tt.row)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
