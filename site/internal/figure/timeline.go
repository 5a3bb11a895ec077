package figure

import (
	"fmt"
	"strings"
	"time"
)

// A Timeline is what each CPU did between two moments of virtual time.
type Timeline struct {
	From, To int64 // nanoseconds
	Lanes    []Lane
}

// A Lane is one CPU.
type Lane struct {
	Name  string
	Spans []Span
	Marks []Mark
}

// A Span is a stretch of time in one context, named as in classes.
type Span struct {
	Start, End int64
	Context    string // "task", "idle", "irq", "softirq"
	Label      string
	Depth      int // how many spans it interrupts
}

// A Mark is one event.
type Mark struct {
	At    int64
	Label string
}

const (
	laneLeft   = 64.0
	laneHeight = 30.0
)

// Draw draws one lane a CPU. Interrupting contexts stand on what they
// interrupt; events are numbered, and the table says what they are.
func (t Timeline) Draw() Drawing {
	c := &canvas{}
	table := Table{Head: []string{"no.", "time", "CPU", "what"}}
	y, n := 10.0, 0
	for _, l := range t.Lanes {
		depth := l.depth()
		base := y + 16 + float64(depth)*laneHeight*0.6
		c.text(0, base+laneHeight/2+4, "label", l.Name)
		c.line(laneLeft, base+laneHeight, width, base+laneHeight, "tick")
		labelEnd := 0.0
		for _, s := range l.Spans {
			labelEnd = c.span(t, s, base, labelEnd)
			table.Rows = append(table.Rows, []string{"", t.moment(s.Start) + " – " + t.moment(s.End), l.Name, s.Context + " " + s.Label})
		}
		lastX := -100.0
		for _, m := range l.Marks {
			n++
			lastX = c.mark(t, m, n, base, lastX)
			table.Rows = append(table.Rows, []string{fmt.Sprint(n), t.moment(m.At), l.Name, m.Label})
		}
		y = base + laneHeight + 22
	}
	c.axis(t, y)
	h := c.legend(t, y+34)
	return c.drawing(h, table)
}

func (l Lane) depth() int {
	d := 0
	for _, s := range l.Spans {
		d = max(d, s.Depth)
	}
	return d
}

func (t Timeline) x(at int64) float64 {
	at = min(max(at, t.From), t.To)
	return laneLeft + float64(at-t.From)/float64(max(t.To-t.From, 1))*(width-laneLeft-4)
}

// moment is a time since the timeline's beginning.
func (t Timeline) moment(at int64) string { return time.Duration(at - t.From).String() }

// span draws one stretch. An interrupt is drawn no narrower than can be seen,
// and where its name has no room inside, it stands behind it, unless the last
// such name is in the way. It returns where that name ends.
func (c *canvas) span(t Timeline, s Span, base, labelEnd float64) float64 {
	x, w := t.x(s.Start), t.x(s.End)-t.x(s.Start)
	h, y := laneHeight, base
	if s.Depth > 0 {
		h = laneHeight * 0.6
		y = base - float64(s.Depth)*h
		w = max(w, 3)
	}
	c.rect(x, y, w, h, "span "+s.Context)
	if s.Context == "idle" {
		return labelEnd
	}
	if label := shorten(s.Label, w-4); label == s.Label || s.Depth == 0 {
		c.text(x+w/2, y+h/2+4, "mid small", label)
		return labelEnd
	}
	if x+w+4 < labelEnd || x+w+4+textWidth(s.Label) > width {
		return labelEnd
	}
	c.text(x+w+4, y+h/2+4, "small", s.Label)
	return x + w + 8 + textWidth(s.Label)
}

// mark draws a numbered event above the lane; numbers too close to the last
// one are left out, the tick stays.
func (c *canvas) mark(t Timeline, m Mark, n int, base, lastX float64) float64 {
	x := t.x(m.At)
	c.line(x, base+laneHeight, x, base+laneHeight+6, "event")
	if x-lastX < 15 {
		return lastX
	}
	c.text(x, base+laneHeight+17, "small mid", fmt.Sprint(n))
	return x
}

func (c *canvas) axis(t Timeline, y float64) {
	step := niceStep(t.To - t.From)
	for at := int64(0); at <= t.To-t.From; at += step {
		x := t.x(t.From + at)
		c.line(x, 8, x, y, "grid")
		class := "small mid"
		if x > width-30 {
			class = "small end"
		}
		c.text(x, y+12, class, time.Duration(at).String())
	}
}

// niceStep divides a stretch of time into four to ten parts of 1, 2 or 5
// times a power of ten.
func niceStep(total int64) int64 {
	step := int64(1)
	for {
		for _, f := range []int64{1, 2, 5} {
			if total/(step*f) <= 8 {
				return step * f
			}
		}
		step *= 10
	}
}

// legend names the contexts that occur.
func (c *canvas) legend(t Timeline, y float64) float64 {
	x := laneLeft
	for _, context := range []string{"task", "idle", "irq", "softirq"} {
		if !t.has(context) {
			continue
		}
		c.rect(x, y-10, 14, 12, "span "+context)
		c.text(x+19, y, "small", contextNames()[context])
		x += 40 + textWidth(contextNames()[context])
	}
	return y + 8
}

func contextNames() map[string]string {
	return map[string]string{"task": "task", "idle": "idle", "irq": "hard interrupt", "softirq": "softirq"}
}

func (t Timeline) has(context string) bool {
	for _, l := range t.Lanes {
		for _, s := range l.Spans {
			if strings.EqualFold(s.Context, context) {
				return true
			}
		}
	}
	return false
}
