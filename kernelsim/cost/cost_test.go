package cost_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
)

// Every row has a name of its own, a price and a source; no price is zero, or
// a loop could run without time passing.
func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for row, info := range cost.Rows() {
		if info.Name == "" || info.NS < 1 || info.Source == "" || seen[info.Name] || strings.ContainsAny(info.Name, " #") {
			t.Errorf("row %d: %+v", row, info)
		}
		seen[info.Name] = true
		if cost.Row(row).String() != info.Name || cost.Default()[row] != info.NS {
			t.Errorf("row %d prints %q at %d ns", row, cost.Row(row), cost.Default()[row])
		}
	}
	if cost.NumRows.String() == "" {
		t.Error("an unknown row prints nothing")
	}
}

func TestParse(t *testing.T) {
	table := cost.Default()
	if err := table.Parse("# slow\n\niret 1000 # a comment\n  spin_lock\t9\n"); err != nil {
		t.Fatal(err)
	}
	if table[cost.InterruptReturn] != 1000 || table[cost.SpinLock] != 9 || table[cost.SpinUnlock] != cost.Default()[cost.SpinUnlock] {
		t.Errorf("table %v", table)
	}
	before := table
	for _, text := range []string{"iret", "iret x", "iret 0", "iret -1", "iret 1000000001", "iret 1 2", "nothing 5", "iret 7\nnothing 5", "iret 5x"} {
		err := table.Parse(text)
		if err == nil || table != before {
			t.Errorf("%q: error %v, table changed: %v", text, err, table != before)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("%q: the error %q does not name the line", text, err)
		}
	}
}
