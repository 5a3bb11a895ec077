package procfs

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/kernel/irq"
)

// deviceRow prints the line of one interrupt (show_interrupts, kernel/irq/
// proc.c): it has one while somebody has requested it, or if it ever came.
func (fs *FS) deviceRow(b *strings.Builder, width int, d *irq.Desc) {
	seen := d.Requested()
	for _, p := range fs.online() {
		seen = seen || d.Count(p.ID) != 0
	}
	if !seen {
		return
	}
	fmt.Fprintf(b, "%*d: ", width, d.IRQ)
	for _, p := range fs.online() {
		fmt.Fprintf(b, "%10d ", d.Count(p.ID))
	}
	fmt.Fprintf(b, " %8s", d.ChipName())
	if d.Domain != nil {
		fmt.Fprintf(b, " %*d", width, d.HWIRQ)
	} else {
		fmt.Fprintf(b, " %*s", width, "")
	}
	if d.Name != "" {
		fmt.Fprintf(b, "-%-8s", d.Name)
	}
	if d.Requested() {
		b.WriteString("  " + strings.Join(d.Names(), ", "))
	}
	b.WriteByte('\n')
}

// interruptCounts is the rest of the line intr of /proc/stat: a count for each
// number that there may be (show_all_irqs, fs/proc/stat.c).
func (fs *FS) interruptCounts() string {
	var b strings.Builder
	next := irq.Number(0)
	for _, d := range fs.m.Interrupts() {
		b.WriteString(strings.Repeat(" 0", int(d.IRQ-next)))
		fmt.Fprintf(&b, " %d", d.Total())
		next = d.IRQ + 1
	}
	b.WriteString(strings.Repeat(" 0", max(nrIRQs(len(fs.m.CPUs()))-int(next), 0)))
	return b.String()
}
