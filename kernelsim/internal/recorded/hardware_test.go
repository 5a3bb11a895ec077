package recorded_test

import (
	"fmt"
	"regexp"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/pci"
)

// compareTable compares the entries of a function's MSI-X table, its pending
// bits and its message control.
func (w *world) compareTable(file string, b pcie.BDF) {
	w.t.Helper()
	d := w.dev(b)
	table := w.place(d, 4)
	for l := range strings.Lines(w.file(file)) {
		f := strings.Fields(l)
		switch {
		case strings.HasPrefix(l, "# 0"):
			control := regexp.MustCompile(`message control (0x[0-9a-f]+)`).FindStringSubmatch(l)
			w.fact("MSI-X control", file, fmt.Sprintf("%#04x", w.m.Board().PCI.Func(b).ConfigRead(d.MSIXCap+2, 2)), control[1])
		case f[0] == "PBA:":
			for i, want := range f[1:] {
				w.fact("MSI-X pending bits", file, fmt.Sprintf("0x%08x", w.m.Bus().Read(w.place(d, 8)+bus.Addr(4*i), 4)), want)
			}
		case l[0] != '#' && len(f) >= 5:
			var k int
			fmt.Sscan(f[0], &k)
			for i := range 4 {
				got := fmt.Sprintf("0x%08x", w.m.Bus().Read(table+bus.Addr(16*k+4*i), 4))
				w.fact("MSI-X tables", fmt.Sprintf("%s entry %d word %d", file, k, i), got, f[1+i])
			}
		}
	}
	for l := range strings.Lines(w.file(file + ".msi_irqs")) {
		var n int
		fmt.Sscanf(l, "irq %d", &n)
		got := "no message"
		for k := range d.Vectors() {
			if virq, err := pci.IRQVector(d, k); err == nil && int(virq) == n {
				got = fmt.Sprintf("irq %d mode msix\n", n)
			}
		}
		w.fact("msi_irqs", file, got, l)
	}
}

func (w *world) dev(b pcie.BDF) *pci.Dev {
	for _, d := range w.m.PCIDevs() {
		if d.BDF == b {
			return d
		}
	}
	w.t.Fatalf("no device %v", b)
	return nil
}

// place is where a function's MSI-X table (4) or its pending bits (8) lie.
func (w *world) place(d *pci.Dev, off uint16) bus.Addr {
	at := w.m.Board().PCI.Func(d.BDF).ConfigRead(d.MSIXCap+off, 4)
	return bus.Addr(d.Resources[at&7].Start + uint64(at&^7))
}

// What a dump of a local APIC shows that depends on when it was made.
var (
	timerCounts = regexp.MustCompile(`initial_count = \d+ current_count = \d+`)
	timed       = regexp.MustCompile(`^(ICR2?|ISR|IRR)\t`)
)

// compareLocalAPICs compares every line of every dump, but for the timer's
// counts, what waits or is in service at that moment, and the last IPI.
func (w *world) compareLocalAPICs(file string) {
	w.t.Helper()
	dumps := strings.Split(w.file(file), "(qemu) info lapic ")[1:]
	for n, dump := range dumps {
		want := dumpFacts(dump[strings.Index(dump, "\n")+1:])
		w.facts("local APICs", fmt.Sprintf("%s CPU %d", file, n), dumpFacts(w.m.APIC(n).Dump()), want)
	}
}

func dumpFacts(dump string) (list []string) {
	for _, l := range strings.Split(dump, "\n") {
		if words := strings.Fields(l); len(words) == 0 || timed.MatchString(l) {
			continue
		}
		list = append(list, timerCounts.ReplaceAllString(l, ""))
	}
	return list
}

// comparePins compares the I/O APIC pin by pin and the 8259A pair register by
// register.
func (w *world) comparePins(file string) {
	w.t.Helper()
	got := dumpLines(w.m.Board().IOAPIC.Dump() + w.m.Board().PIC.Dump())
	for _, l := range dumpLines(w.file(file)) {
		words := strings.Fields(l)
		switch {
		case strings.HasPrefix(words[0], "pic"):
			w.comparePIC(file, words, got)
		case words[0] == "ioapic0:":
			w.fact("I/O APIC", file, head(got, words[0]), strings.Join(words[:3], " "))
		default:
			w.fact("I/O APIC", file, find(got, strings.Join(words[:min(2, len(words))], " ")), strings.Join(words, " "))
		}
	}
}

// comparePIC compares one 8259A.
func (w *world) comparePIC(file string, words, got []string) {
	w.t.Helper()
	mine := strings.Fields(find(got, words[0]))
	for i, want := range words[1:] {
		w.fact("8259A", file, at(mine, i+1), want)
	}
}

// find is the line that begins with some words.
func find(lines []string, words string) string {
	for _, l := range lines {
		if l = strings.Join(strings.Fields(l), " "); l == words || strings.HasPrefix(l, words+" ") {
			return l
		}
	}
	return "(none)"
}

// head is the first three words of such a line.
func head(lines []string, words string) string {
	f := strings.Fields(find(lines, words))
	return strings.Join(f[:min(3, len(f))], " ")
}

// dumpLines are the lines of a dump without the monitor's prompt.
func dumpLines(dump string) (list []string) {
	for _, l := range strings.Split(strings.TrimSpace(dump), "\n") {
		if !strings.HasPrefix(l, "(qemu)") && strings.TrimSpace(l) != "" {
			list = append(list, l)
		}
	}
	return list
}

// vector is the interrupt of a function's k-th message, -1 if there is none.
func (w *world) vector(d *pci.Dev, k int) int {
	if virq, err := pci.IRQVector(d, k); err == nil {
		return int(virq)
	}
	return -1
}
