package figure

import (
	"fmt"

	"bothhalves/kernelsim/reg"
)

// Bits is a register's or a descriptor's layout with its width.
type Bits struct {
	Title  string
	Width  int
	Layout reg.Layout
	Above  reg.Layout // of bits 127:64, for what is 128 bits wide
}

const bitsPerRow = 32

// narrow is the width below which a bit's number does not fit above it.
const narrow = 16.0

// A placed field is one that stands at a distance from its layout's bit 0.
type placed struct {
	reg.Named
	base int
}

// bits is the field's place as the table prints it.
func (f placed) bits() string {
	lo := int(f.Field.Lo) + f.base
	if f.Field.Hi == f.Field.Lo {
		return fmt.Sprint(lo)
	}
	return fmt.Sprintf("%d:%d", int(f.Field.Hi)+f.base, lo)
}

// rows are all fields, reserved ones too, from the highest bit down.
func (l Bits) rows() []placed {
	var out []placed
	for _, f := range l.Above.Rows(max(l.Width-64, 0)) {
		out = append(out, placed{f, 64})
	}
	for _, f := range l.Layout.Rows(min(l.Width, 64)) {
		out = append(out, placed{f, 0})
	}
	return out
}

// perRow is how many bits stand side by side: 32, and 64 of what is 128 wide.
func (l Bits) perRow() int {
	if l.Width > 64 {
		return 64
	}
	return min(l.Width, bitsPerRow)
}

// Draw draws rows of bits, the highest bit at the left as in the manuals.
func (l Bits) Draw() Drawing {
	c := &canvas{}
	rows, perRow := l.rows(), l.perRow()
	unit := float64(width-2) / float64(perRow)
	height := rowHeight(rows, unit)
	y := 18.0
	for top := l.Width - 1; top >= 0; top -= perRow {
		low := max(0, top-perRow+1)
		for _, f := range rows {
			hi, lo := min(int(f.Field.Hi)+f.base, top), max(int(f.Field.Lo)+f.base, low)
			if hi >= lo {
				x := 1 + float64(top-hi)*unit
				c.field(f.Named, hi, lo, x, y, float64(hi-lo+1)*unit, height)
			}
		}
		y += height + 30
	}
	if unit < narrow {
		y += 6
	}
	return c.drawing(y-22, table(rows))
}

// rowHeight leaves room for upright names where a field is narrow.
func rowHeight(rows []placed, unit float64) float64 {
	h := 34.0
	for _, f := range rows {
		if f.Kind != reg.IsReserved && textWidth(f.Name)+6 > float64(f.Field.Width())*unit {
			h = max(h, textWidth(f.Name)+14)
		}
	}
	return min(h, 110)
}

func (c *canvas) field(f reg.Named, hi, lo int, x, y, w, h float64) {
	class := "box"
	if f.Kind == reg.IsReserved {
		class = "box off"
	}
	c.rect(x, y, w, h, class)
	switch {
	case f.Kind == reg.IsReserved:
	case textWidth(f.Name)+6 <= w:
		c.text(x+w/2, y+h/2+4, "mid", f.Name)
	default:
		c.upright(x+w/2+4, y+h/2, "mid", shorten(f.Name, h-6))
	}
	if hi == lo {
		at := y - 5
		if w < narrow {
			at = y + h + 11 // above there is no room beside the neighbors' numbers
		}
		c.text(x+w/2, at, "small mid", fmt.Sprint(hi))
		return
	}
	c.text(x+2, y-5, "small", fmt.Sprint(hi))
	if w > 36 {
		c.text(x+w-2, y-5, "small end", fmt.Sprint(lo))
	}
}

func table(rows []placed) Table {
	t := Table{Head: []string{"bits", "name", "meaning"}}
	for _, f := range rows {
		t.Rows = append(t.Rows, []string{f.bits(), f.Name, f.Meaning()})
	}
	return t
}
