package recorded_test

import (
	"fmt"
	"regexp"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
)

var (
	ofMask = regexp.MustCompile(`(?m)^ *(\S.*?)-\d+ +\[\d+\] \S{5} [^:]*\d: (mask_ioapic_irq|pci_msi_mask_irq|unmask_ioapic_irq|pci_msi_unmask_irq|softirq_raise: vec=3|softirq_entry: vec=3)`)
	unmask = regexp.MustCompile(`^unmask_|_unmask_`)
)

// compareMasks compares whether an interrupt was masked when its handler, in
// its thread, raised a softirq, and when that softirq ran. The recording has the
// calls that mask it and take that back.
func (w *world) compareMasks(file string, n int) {
	w.t.Helper()
	var want []string
	masked, times := false, 0
	for _, f := range ofMask.FindAllStringSubmatch(w.file(file), -1) {
		switch {
		case f[2][:7] == "softirq" && class(f[1])[:3] == "irq":
			want = append(want, mask(f[2], masked))
			times++
		case f[2][:7] != "softirq":
			masked = !unmask.MatchString(f[2])
		}
	}
	w.facts("masks", file, w.stage.masks(n, times/2), want)
}

func mask(what string, masked bool) string {
	return fmt.Sprintf("%s, the interrupt masked: %v", what, masked)
}

// masks lets an interrupt come some times and tells the same of it.
func (s *stage) masks(n, times int) (list []string) {
	s.watch = func(c *cpu.CPU, what string) { list = append(list, mask(what, s.isMasked(c, n))) }
	for range times {
		f := flow{[]moment{{"<idle>", "d.h1.", "irq_handler_entry", fmt.Sprintf("irq=%d ", n)},
			{"irq/", "D....", "softirq_raise", "vec=3"}, {"irq/", "..s1.", "softirq_entry", "vec=3"}, {"irq/", "..s1.", "softirq_exit", "vec=3"}}}
		s.play(f)
	}
	s.watch = nil
	return list
}

// isMasked says whether an interrupt of a card is masked, in the I/O APIC or in
// the card's table.
func (s *stage) isMasked(c *cpu.CPU, n int) bool {
	b, k := s.owner(n)
	for _, f := range s.m.Board().Functions() {
		if f.BDF() == b && f.MSIX().Enabled() {
			return f.MSIX().EntryMasked(k) || f.MSIX().FunctionMasked()
		}
	}
	return apic.ReadPin(c, n).Masked()
}
