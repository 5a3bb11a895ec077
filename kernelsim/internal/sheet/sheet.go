// Package sheet is for tests of register descriptions: it holds layouts against
// a text that was compared, bit by bit, with the manual.
package sheet

import (
	"errors"
	"fmt"
	"strings"

	"bothhalves/kernelsim/reg"
)

// A Row is a register with one value, and how its layout shows that.
type Row struct {
	Name   string
	Width  int // in bits
	Layout reg.Layout
	Value  uint64
	Shown  string
}

// Of is a row.
func Of(name string, width int, layout reg.Layout, value uint64, shown string) Row {
	return Row{name, width, layout, value, shown}
}

// Check reports what is wrong: a layout that is none, a value that is shown
// otherwise, or tables that are not those of the checked text. A register may
// have several rows; it has one table. No test can tell which of table and text
// is right: whoever changes a layout reads in the manual and edits both.
func Check(checked string, rows ...Row) error {
	var wrong []error
	tables := ""
	for _, r := range rows {
		if err := r.Layout.Check(r.Width); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", r.Name, err))
		}
		if got := r.Layout.String(r.Value); got != r.Shown {
			wrong = append(wrong, fmt.Errorf("%s: %#x shows %q, want %q", r.Name, r.Value, got, r.Shown))
		}
		if table := fmt.Sprintf("%s, %d bits\n%s\n", r.Name, r.Width, r.Layout.Table(r.Width)); !strings.Contains(tables, table) {
			tables += table
		}
	}
	return errors.Join(append(wrong, differ(checked, tables))...)
}

// differ names the first line in which two texts differ.
func differ(checked, here string) error {
	if checked == here {
		return nil
	}
	want, got := strings.Split(checked, "\n"), strings.Split(here, "\n")
	n := 0
	for n < min(len(want), len(got)) && want[n] == got[n] {
		n++
	}
	return fmt.Errorf("line %d of the tables is\n\t%s\nand of the checked text\n\t%s\nread the manual, then correct the layout or the text; all tables:\n%s",
		n+1, line(got, n), line(want, n), here)
}

// line is line n, or that there is none.
func line(text []string, n int) string {
	if n >= len(text) {
		return "(its end)"
	}
	return text[n]
}
