package figure

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/kernel/percpu"
)

// Units draws a per-CPU first chunk: one row for each allocation of memory,
// one box for each unit, filled as far as it is used.
func Units(l percpu.Layout) Drawing {
	c := &canvas{}
	t := Table{Head: []string{"node", "unit", "CPU", "offset from base", "used", "given back"}}
	used := l.Static + l.Reserved + l.Dynamic
	per := 1
	if l.Kind == "embed" && l.UnitSize > 0 && l.AllocSize >= l.UnitSize {
		per = l.AllocSize / l.UnitSize
	}
	y, n := 8.0, 0
	for node, g := range l.Groups {
		c.text(0, y+12, "label", fmt.Sprintf("group %d", node))
		for i := 0; i < len(g.CPUs); i += per {
			y = c.unitRow(g.CPUs[i:min(i+per, len(g.CPUs))], per, float64(used)/float64(max(l.UnitSize, 1)), y)
		}
		for i, cpu := range g.CPUs {
			offset := g.BaseOffset + uint64(i*l.UnitSize)
			t.Rows = append(t.Rows, unitRecord(node, n, cpu, offset, used, l))
			n++
		}
		y += 10
	}
	c.text(90, y+8, "small", unitLegend(l, used, per))
	return c.drawing(y+20, t)
}

func unitLegend(l percpu.Layout, used, per int) string {
	s := fmt.Sprintf("unit %s, used %s (%s static + %s reserved + %s dynamic)", Bytes(l.UnitSize), Bytes(used), Bytes(l.Static), Bytes(l.Reserved), Bytes(l.Dynamic))
	if per > 1 {
		s += fmt.Sprintf(", %d units in an allocation of %s", per, Bytes(l.AllocSize))
	}
	return s
}

// unitRow draws one allocation and returns where the next begins.
func (c *canvas) unitRow(cpus []int, per int, share, y float64) float64 {
	const left, h = 90.0, 46.0
	w := (width - left - 2) / float64(per)
	if per == 1 {
		w /= 3
	}
	for i, cpu := range cpus {
		x := left + float64(i)*w
		if cpu == percpu.EmptyUnit {
			c.rect(x+1, y, w-2, h, "box off")
			c.text(x+w/2, y+h/2+4, "mid faint", "empty")
			continue
		}
		c.rect(x+1, y, w-2, h, "box")
		c.rect(x+1, y, (w-2)*min(share, 1), h, "fill a")
		c.text(x+w/2, y+h/2+4, "mid", fmt.Sprintf("CPU %d", cpu))
	}
	return y + h + 6
}

func unitRecord(node, unit, cpu int, offset uint64, used int, l percpu.Layout) []string {
	row := []string{fmt.Sprint(node), fmt.Sprint(unit), fmt.Sprint(cpu), fmt.Sprintf("0x%x", offset), Bytes(used), Bytes(l.UnitSize - used)}
	if cpu == percpu.EmptyUnit {
		row[2], row[4], row[5] = "none", "0 B", Bytes(l.UnitSize)
	}
	return row
}

// Unit draws what one unit is made of, to scale.
func Unit(l percpu.Layout) Drawing {
	parts := []Part{{"static", l.Static}, {"reserved", l.Reserved}, {"dynamic", l.Dynamic}}
	if tail := l.UnitSize - l.Static - l.Reserved - l.Dynamic; tail > 0 {
		parts = append(parts, Part{"given back", tail})
	}
	return Bar(parts)
}

// A Part is a named stretch of memory.
type Part struct {
	Name string
	Size int
}

// Bar draws parts one behind the other, to scale; offsets stand below.
func Bar(parts []Part) Drawing {
	c := &canvas{}
	t := Table{Head: []string{"part", "from", "to", "size"}}
	total := 0
	for _, p := range parts {
		total += p.Size
	}
	at, x := 0, 1.0
	for i, p := range parts {
		w := float64(p.Size) / float64(max(total, 1)) * (width - 2)
		c.rect(x, 30, w, 44, "fill "+string("abcd"[i%4]))
		c.barLabel(p, i, x, w)
		c.line(x, 74, x, 80, "tick")
		t.Rows = append(t.Rows, []string{p.Name, fmt.Sprintf("0x%x", at), fmt.Sprintf("0x%x", at+p.Size), Bytes(p.Size)})
		at, x = at+p.Size, x+w
	}
	c.line(x, 74, x, 80, "tick")
	c.text(1, 94, "small", "0")
	c.text(x, 94, "small end", fmt.Sprintf("0x%x", at))
	return c.drawing(100, t)
}

// barLabel writes a part's name inside it, or above where it is too narrow.
func (c *canvas) barLabel(p Part, i int, x, w float64) {
	full := p.Name + ", " + Bytes(p.Size)
	switch {
	case textWidth(full)+8 <= w:
		c.text(x+w/2, 56, "mid", full)
	case textWidth(p.Name)+8 <= w:
		c.text(x+w/2, 56, "mid", p.Name)
	default:
		c.line(x+w/2, 30, x+w/2, 24, "tick")
		anchor := "small mid"
		if x < 60 {
			anchor = "small"
		} else if x > width-60 {
			anchor = "small end"
		}
		c.text(x+w/2, 20-float64(i%2)*11, anchor, strings.TrimSpace(p.Name))
	}
}
