package figure

import (
	"fmt"
	"strings"
)

// Sequence draws who sends what to whom, top to bottom, from lines
//
//	lanes: CPU 0, CPU 1
//	CPU 0 -> CPU 1: what goes over
//	CPU 1: what it does by itself
func Sequence(text string) (Drawing, error) {
	c := &canvas{}
	table := Table{Head: []string{"step", "who", "what"}}
	var lanes []string
	y := 52.0
	for n, line := range textLines(text) {
		who, what, ok := strings.Cut(line, ":")
		if !ok {
			return Drawing{}, fmt.Errorf("line %d: want `lanes: A, B`, `A -> B: what` or `A: what`", n+1)
		}
		who, what = strings.TrimSpace(who), strings.TrimSpace(what)
		if who == "lanes" {
			lanes = splitList(what)
			continue
		}
		var err error
		if y, err = c.step(lanes, who, what, y); err != nil {
			return Drawing{}, fmt.Errorf("line %d: %v", n+1, err)
		}
		table.Rows = append(table.Rows, []string{fmt.Sprint(len(table.Rows) + 1), who, what})
	}
	if len(lanes) == 0 {
		return Drawing{}, fmt.Errorf("no `lanes: A, B` line")
	}
	back := &canvas{}
	back.lanes(lanes, y)
	back.b.WriteString(c.b.String()) // what is sent stands on the lanes
	return back.drawing(y+6, table), nil
}

func laneX(lanes []string, i int) float64 {
	w := float64(width) / float64(len(lanes))
	return w/2 + float64(i)*w
}

func (c *canvas) lanes(lanes []string, bottom float64) {
	for i, name := range lanes {
		x := laneX(lanes, i)
		w := textWidth(name) + 20
		c.line(x, 30, x, bottom, "lifeline")
		c.rect(x-w/2, 4, w, 26, "box")
		c.text(x, 21, "mid", name)
	}
}

// step draws one line of a sequence and returns where the next one goes.
func (c *canvas) step(lanes []string, who, what string, y float64) (float64, error) {
	from, to, crossing := strings.Cut(who, "->")
	a, b := indexOf(lanes, from), indexOf(lanes, to)
	if a < 0 || crossing && b < 0 {
		return y, fmt.Errorf("%q is not one of the lanes %s", who, strings.Join(lanes, ", "))
	}
	if !crossing {
		return c.aside(laneX(lanes, a), what, y, float64(width)/float64(len(lanes))), nil
	}
	x1, x2 := laneX(lanes, a), laneX(lanes, b)
	room := int((max(x1, x2) - min(x1, x2)) / 6.6)
	for _, l := range wrap(what, max(room, 12)) {
		c.text((x1+x2)/2, y+8, "mid small back", l)
		y += 13
	}
	c.arrow(x1, y+4, x2, y+4)
	return y + 24, nil
}

// aside is what a lane does by itself: a note on its line.
func (c *canvas) aside(x float64, what string, y, room float64) float64 {
	lines := wrap(what, max(int((room-24)/6.4), 10))
	w := 0.0
	for _, l := range lines {
		w = max(w, 6.4*float64(len([]rune(l)))+16)
	}
	h := float64(len(lines))*14 + 8
	c.rect(x-w/2, y, w, h, "fill b")
	for i, l := range lines {
		c.text(x, y+16+float64(i)*14, "mid small", l)
	}
	return y + h + 14
}

// Flow draws boxes in a row of steps, top to bottom, from lines
//
//	text of a step
//	another step | a note beside it
func Flow(text string) (Drawing, error) {
	c := &canvas{}
	table := Table{Head: []string{"step", "what", "note"}}
	all := textLines(text)
	if len(all) == 0 {
		return Drawing{}, fmt.Errorf("a flow needs one line for each step")
	}
	y, bottom := 4.0, 0.0
	for i, line := range all {
		what, note, _ := strings.Cut(line, "|")
		what, note = strings.TrimSpace(what), strings.TrimSpace(note)
		lines, notes := wrap(what, 46), wrap(note, 44)
		h := float64(len(lines))*15 + 14
		if i > 0 {
			c.arrow(180, bottom, 180, y)
		}
		c.rect(10, y, 340, h, "box")
		for k, l := range lines {
			c.text(180, y+20+float64(k)*15, "mid", l)
		}
		for k, l := range notes {
			c.text(372, y+20+float64(k)*14, "small", l)
		}
		bottom = y + h
		y += max(h, float64(len(notes))*14+8) + 22
		table.Rows = append(table.Rows, []string{fmt.Sprint(i + 1), what, note})
	}
	return c.drawing(y-18, table), nil
}

// MemoryMap draws an address space, low addresses at the bottom and not to
// scale, from lines
//
//	0xfee00000-0xfeefffff Local APIC | every core's own
//	gap
func MemoryMap(text string) (Drawing, error) {
	c := &canvas{}
	table := Table{Head: []string{"from", "to", "what", "note"}}
	y := 6.0
	for n, line := range textLines(text) {
		if line == "gap" {
			c.text(330, y+10, "mid faint", "⋮")
			y += 18
			continue
		}
		extent, rest, _ := strings.Cut(line, " ")
		from, to, ok := strings.Cut(extent, "-")
		if !ok || !strings.HasPrefix(from, "0x") {
			return Drawing{}, fmt.Errorf("line %d: want `0xFROM-0xTO name | note`, or `gap`", n+1)
		}
		what, note, _ := strings.Cut(rest, "|")
		what, note = strings.TrimSpace(what), strings.TrimSpace(note)
		c.rect(210, y, 240, 44, "box")
		c.text(330, y+26, "mid", shorten(what, 236))
		c.text(202, y+14, "small end", to)
		c.text(202, y+38, "small end", from)
		for i, l := range wrap(note, 40)[:min(2, len(wrap(note, 40)))] {
			c.text(462, y+20+float64(i)*14, "small", l)
		}
		y += 44
		table.Rows = append(table.Rows, []string{from, to, what, note})
	}
	if len(table.Rows) == 0 {
		return Drawing{}, fmt.Errorf("a memory map needs lines `0xFROM-0xTO name | note`")
	}
	return c.drawing(y+6, table), nil
}

func textLines(text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func splitList(s string) []string {
	var out []string
	for _, part := range strings.Split(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func indexOf(list []string, name string) int {
	for i, l := range list {
		if l == strings.TrimSpace(name) {
			return i
		}
	}
	return -1
}
