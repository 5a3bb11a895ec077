package procfs

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/vector"
)

// A row is one of the lines that the architecture adds below the interrupts
// of devices: one count a CPU. A nil count is hardware that this machine does
// not have; Linux prints the line all the same.
type row struct {
	name  string
	count func(*entry.Stats) uint64
	text  string
}

// archRows are the rows of arch_show_interrupts (arch/x86/kernel/irq.c) in
// the recorded kernel, up to the two that are not per CPU.
func archRows() []row {
	return []row{
		{"NMI", func(s *entry.Stats) uint64 { return s.NMI }, "Non-maskable interrupts"},
		{"LOC", func(s *entry.Stats) uint64 { return s.Timer }, "Local timer interrupts"},
		{"SPU", func(s *entry.Stats) uint64 { return s.Spurious }, "Spurious interrupts"},
		{"PMI", nil, "Performance monitoring interrupts"},
		{"IWI", func(s *entry.Stats) uint64 { return s.IRQWork }, "IRQ work interrupts"},
		{"RTR", nil, "APIC ICR read retries"},
		{"RES", func(s *entry.Stats) uint64 { return s.Reschedule }, "Rescheduling interrupts"},
		{"CAL", func(s *entry.Stats) uint64 { return s.Call }, "Function call interrupts"},
		{"TLB", nil, "TLB shootdowns"},
		{"TRM", func(s *entry.Stats) uint64 { return s.Thermal }, "Thermal event interrupts"},
		{"THR", func(s *entry.Stats) uint64 { return s.Threshold }, "Threshold APIC interrupts"},
		{"DFR", func(s *entry.Stats) uint64 { return s.Deferred }, "Deferred Error APIC interrupts"},
		{"MCE", nil, "Machine check exceptions"},
		{"MCP", nil, "Machine check polls"},
	}
}

// kvmRows are the rows behind ERR and MIS.
func kvmRows() []row {
	return []row{
		{"PIN", nil, "Posted-interrupt notification event"},
		{"NPI", nil, "Nested posted-interrupt event"},
		{"PIW", nil, "Posted-interrupt wakeup event"},
	}
}

// interrupts models show_interrupts (kernel/irq/proc.c): a column for each
// CPU that is online.
func (fs *FS) interrupts() string {
	var b strings.Builder
	width := precision(nrIRQs(len(fs.m.CPUs())))
	fmt.Fprintf(&b, "%*s", width+8, "")
	for _, p := range fs.online() {
		fmt.Fprintf(&b, "CPU%-8d", p.ID)
	}
	b.WriteByte('\n')
	for _, d := range fs.m.Interrupts() {
		fs.deviceRow(&b, width, d)
	}
	fs.rows(&b, width, archRows())
	fmt.Fprintf(&b, "%*s: %10d\n", width, "ERR", entry.Errors(fs.boot()))
	fmt.Fprintf(&b, "%*s: %10d\n", width, "MIS", vector.Mismatches(fs.boot()))
	fs.rows(&b, width, kvmRows())
	return b.String()
}

func (fs *FS) rows(b *strings.Builder, width int, rows []row) {
	for _, r := range rows {
		fmt.Fprintf(b, "%*s: ", width, r.name)
		for _, p := range fs.online() {
			n := uint64(0)
			if r.count != nil {
				n = r.count(entry.StatsOf(p))
			}
			fmt.Fprintf(b, "%10d ", n)
		}
		fmt.Fprintf(b, "  %s\n", r.text)
	}
}

// precision is the width of the first column: that of the largest interrupt
// number, three at least.
func precision(nr int) int {
	prec := 3
	for j := 1000; prec < 10 && j <= nr; j *= 10 {
		prec++
	}
	return prec
}

// nrIRQs models arch_probe_nr_irqs (arch/x86/kernel/apic/vector.c) on a board
// with one IO-APIC of 24 pins: how many interrupt numbers there may be.
func nrIRQs(cpus int) int {
	const pins, legacy, vectors = 24, 16, 256
	return min(pins+legacy+8*cpus+pins*16, vectors*cpus)
}

// interruptSum is the first figure of the line intr (arch_irq_stat_cpu).
func (fs *FS) interruptSum() (sum uint64) {
	for _, p := range fs.known() {
		for _, r := range archRows() {
			if r.count != nil {
				sum += r.count(entry.StatsOf(p))
			}
		}
	}
	for _, d := range fs.m.Interrupts() {
		sum += d.Total()
	}
	return sum
}
