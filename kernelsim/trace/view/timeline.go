package view

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// The timeline's measures in pixels.
const (
	labelWidth = 130
	plotWidth  = 1000
	laneHeight = 26
	axisHeight = 34
	minLabel   = 7 // a name is written into a span with so much room a letter
)

const timelineStyle = `<style>
text{font:12px ui-monospace,monospace;fill:#1b1f24}
.axis,.rule{stroke:#c4c9cf;stroke-width:1}
.irq{fill:#b3261e}.soft{fill:#8a5a00}.t0{fill:#a8c7fa}.t1{fill:#b7e1cd}.t2{fill:#fdd9a0}.t3{fill:#e3c7f0}.t4{fill:#f6c4c9}.t5{fill:#c9d6df}
.irq+text,.soft+text{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#e6e9ec}.axis,.rule{stroke:#4a5058}.on{fill:#1b1f24}}
</style>
`

// Timeline draws the selected records as an SVG: time runs to the right, a
// lane for every CPU and context. A span's full name and times are its title.
func Timeline(w io.Writer, ring *trace.Ring, cpus int, s Selection) error {
	lanes := Lanes(ring, cpus, s)
	from, to := extent(ring, s)
	b := bufio.NewWriter(w)
	height := axisHeight + laneHeight*len(lanes) + 8
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Timeline of %d CPUs from %v to %v">`+"\n",
		labelWidth+plotWidth+10, height, cpus, sim.Time(from), sim.Time(to))
	b.WriteString(timelineStyle)
	scale := func(t int64) float64 {
		return labelWidth + float64(t-from)*plotWidth/float64(max(to-from, 1))
	}
	drawAxis(b, from, to, height, scale)
	colors := map[int]int{}
	for i, lane := range lanes {
		drawLane(b, lane, axisHeight+i*laneHeight, scale, colors)
	}
	b.WriteString("</svg>\n")
	return b.Flush()
}

// extent is the time of the first and the last selected record.
func extent(ring *trace.Ring, s Selection) (from, to int64) {
	begun := false
	s.Each(ring, func(r *trace.Record) bool {
		if !begun {
			from, begun = r.Time, true
		}
		from, to = min(from, r.Time), max(to, r.Time)
		return true
	})
	if begun {
		to = max(to, s.End)
	}
	return from, to
}

// drawAxis draws about eight marks at round times.
func drawAxis(b *bufio.Writer, from, to int64, height int, scale func(int64) float64) {
	step := roundStep((to - from) / 8)
	for t := (from + step - 1) / step * step; t <= to; t += step {
		x := scale(t)
		fmt.Fprintf(b, `<line class="axis" x1="%.1f" y1="22" x2="%.1f" y2="%d"/><text x="%.1f" y="15" text-anchor="middle">%v</text>`+"\n",
			x, x, height-8, x, sim.Time(t))
	}
}

// roundStep is the next number above n of the form 1, 2 or 5 times a power of
// ten.
func roundStep(n int64) int64 {
	for p := int64(1); ; p *= 10 {
		for _, f := range []int64{1, 2, 5} {
			if f*p >= n {
				return f * p
			}
		}
	}
}

func drawLane(b *bufio.Writer, lane Lane, y int, scale func(int64) float64, colors map[int]int) {
	fmt.Fprintf(b, `<text x="4" y="%d">CPU %d %s</text><line class="rule" x1="%d" y1="%d" x2="%d" y2="%d"/>`+"\n",
		y+17, lane.CPU, lane.Context, labelWidth, y+laneHeight-2, labelWidth+plotWidth, y+laneHeight-2)
	for _, span := range lane.Spans {
		x, width := scale(span.From), max(scale(span.To)-scale(span.From), 1)
		fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"><title>%s: %v to %v</title></rect>`,
			spanClass(lane, span, colors), x, y+2, width, laneHeight-6, escape(span.Name), sim.Time(span.From), sim.Time(span.To))
		if float64(len(span.Name)*minLabel) < width-6 {
			fmt.Fprintf(b, `<text class="on" x="%.1f" y="%d">%s</text>`, x+4, y+17, escape(span.Name))
		}
		b.WriteByte('\n')
	}
}

// spanClass gives a task the same colour on all CPUs, in the order in which
// tasks are met.
func spanClass(lane Lane, span Span, colors map[int]int) string {
	switch lane.Context {
	case HardIRQ:
		return "irq"
	case SoftIRQ:
		return "soft"
	}
	n, ok := colors[span.PID]
	if !ok {
		n = len(colors)
		colors[span.PID] = n
	}
	return fmt.Sprintf("t%d", n%6)
}

// escape makes a text safe inside XML.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
