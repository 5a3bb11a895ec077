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
}

const bitsPerRow = 32

// Draw draws rows of 32 bits, the highest bit at the left as in the manuals.
func (l Bits) Draw() Drawing {
	c := &canvas{}
	rows := l.Layout.Rows(l.Width)
	perRow := min(l.Width, bitsPerRow)
	unit := float64(width-2) / float64(perRow)
	height := l.rowHeight(rows, unit)
	y := 18.0
	for top := l.Width - 1; top >= 0; top -= perRow {
		low := max(0, top-perRow+1)
		for _, f := range rows {
			hi, lo := min(int(f.Field.Hi), top), max(int(f.Field.Lo), low)
			if hi >= lo {
				x := 1 + float64(top-hi)*unit
				c.field(f, hi, lo, x, y, float64(hi-lo+1)*unit, height)
			}
		}
		y += height + 30
	}
	return c.drawing(y-22, l.table(rows))
}

// rowHeight leaves room for upright names where a field is narrow.
func (l Bits) rowHeight(rows []reg.Named, unit float64) float64 {
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
		c.text(x+w/2, y-5, "small mid", fmt.Sprint(hi))
		return
	}
	c.text(x+2, y-5, "small", fmt.Sprint(hi))
	if w > 36 {
		c.text(x+w-2, y-5, "small end", fmt.Sprint(lo))
	}
}

func (l Bits) table(rows []reg.Named) Table {
	t := Table{Head: []string{"bits", "name", "meaning"}}
	for _, f := range rows {
		t.Rows = append(t.Rows, []string{f.Field.String(), f.Name, f.Meaning()})
	}
	return t
}
