package figure

import (
	"fmt"
	"slices"
	"strings"
)

// A Grid is a local APIC's arbitration, step by step.
type Grid []Arbitration

// An Arbitration is what one local APIC holds at a moment, as its registers
// say, and how it came about.
type Arbitration struct {
	Command, Output, Note string
	IRR, ISR              []int // vectors, ascending
	TPR, PPR              int
	Offered               string // the vector that the core is offered, or none
}

// The grid's measures.
const (
	gridLeft = 62.0
	gridTop  = 24.0
	cellW    = 34.0
	cellH    = 15.0
	gridEnd  = gridLeft + 16*cellW
)

// Draw draws a frame for each step: the 256 vectors, a priority class a row,
// the highest at the top. The left half of a cell is the vector's bit in IRR,
// the right half its bit in ISR.
func (g Grid) Draw() Drawing {
	d := Drawing{W: width, H: int(gridTop + 16*cellH + 34),
		Table: Table{Head: []string{"step", "command", "prints", "IRR", "ISR", "TPR", "PPR", "offered", "note"}}}
	for i, a := range g {
		c := &canvas{}
		c.arbitration(a)
		d.Frames = append(d.Frames, Frame{SVG: c.b.String(), Command: a.Command, Output: a.Output, Note: a.Note, Alt: a.words()})
		d.Table.Rows = append(d.Table.Rows, []string{fmt.Sprint(i), a.Command, strings.TrimSpace(a.Output),
			vectors(a.IRR), vectors(a.ISR), hex(a.TPR), hex(a.PPR), a.Offered, a.Note})
	}
	return d
}

// words is a frame for those who do not see it.
func (a Arbitration) words() string {
	return fmt.Sprintf("IRR: %s. ISR: %s. TPR %s, PPR %s. Offered to the core: %s.", vectors(a.IRR), vectors(a.ISR), hex(a.TPR), hex(a.PPR), a.Offered)
}

func (c *canvas) arbitration(a Arbitration) {
	c.gridLines(a.PPR >> 4)
	for _, v := range a.IRR {
		c.cell(v, 0, "fill a")
	}
	for _, v := range a.ISR {
		c.cell(v, 1, "fill c")
	}
	if v := vectorOf(a.Offered); v >= 0 && slices.Contains(a.IRR, v) {
		x, y := cellAt(v)
		c.rect(x, y, cellW/2, cellH, "ring")
	}
	c.threshold(a.TPR>>4, 11, "tpr", "TPR "+hex(a.TPR))
	c.threshold(a.PPR>>4, -4, "event", "PPR "+hex(a.PPR))
	c.gridLegend(gridTop + 16*cellH + 26)
}

// gridLines draws the empty grid, with the classes shaded that the processor
// priority holds back.
func (c *canvas) gridLines(priority int) {
	bottom := gridTop + 16*cellH
	c.rect(gridLeft, rowY(priority), 16*cellW, bottom-rowY(priority), "held")
	for i := range 17 {
		x, y := gridLeft+float64(i)*cellW, gridTop+float64(i)*cellH
		c.line(x, gridTop, x, bottom, "mesh")
		c.line(gridLeft, y, gridEnd, y, "mesh")
	}
	for i := range 16 {
		c.text(gridLeft+(float64(i)+0.5)*cellW, gridTop-6, "small mid", fmt.Sprintf("%x", i))
		c.text(gridLeft-8, rowY(i)+cellH-3.5, "small end", fmt.Sprintf("0x%x_", i))
	}
}

// rowY is the upper edge of a class's row.
func rowY(class int) float64 { return gridTop + float64(15-class)*cellH }

// cellAt is the upper left corner of a vector's cell.
func cellAt(v int) (x, y float64) { return gridLeft + float64(v&15)*cellW, rowY(v >> 4) }

// cell fills half of a vector's cell.
func (c *canvas) cell(v, half int, class string) {
	x, y := cellAt(v)
	x += float64(half) * cellW / 2
	c.rect(x, y, cellW/2, cellH, class)
	c.text(x+cellW/4, y+cellH-3.5, "mid small", fmt.Sprintf("%02x", v))
}

// threshold marks the edge above a class: what is below it has to wait.
func (c *canvas) threshold(class int, label float64, style, text string) {
	y := rowY(class)
	c.line(gridLeft-4, y, gridEnd+8, y, style)
	c.text(gridEnd+12, y+label, "label", text)
}

func (c *canvas) gridLegend(y float64) {
	x := gridLeft
	for _, entry := range [][2]string{{"fill a", "left half: IRR, requested"}, {"fill c", "right half: ISR, in service"}, {"ring", "offered to the core"}, {"held", "held back by PPR"}} {
		c.rect(x, y-11, cellW/2, cellH, entry[0])
		c.text(x+cellW/2+5, y, "small", entry[1])
		x += cellW/2 + 22 + 5.9*float64(len(entry[1]))
	}
}

// vectors lists vectors as the shell prints them.
func vectors(list []int) string {
	if len(list) == 0 {
		return "none"
	}
	var out []string
	for _, v := range list {
		out = append(out, hex(v))
	}
	return strings.Join(out, " ")
}

func hex(v int) string { return fmt.Sprintf("0x%02x", v) }

// vectorOf is the number in "0x45", -1 in none.
func vectorOf(text string) int {
	v := -1
	if _, err := fmt.Sscanf(text, "0x%x", &v); err != nil || v > 255 {
		return -1
	}
	return v
}
