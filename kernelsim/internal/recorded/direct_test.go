package recorded_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
)

// poke writes a word of an entry of a function's table.
func (w *world) poke(b pcie.BDF, entry, off, value int) {
	w.t.Helper()
	at := w.place(w.dev(b), 4) + bus.Addr(16*entry+off)
	if err := errors.Join(w.m.Bench(func() { w.m.Bus().Write(at, 4, uint64(value)) }), w.m.RunIdle()); err != nil {
		w.t.Fatal(err)
	}
}

// maskFunction sets or clears bit 14 of the message control.
func (w *world) maskFunction(b pcie.BDF, on bool) {
	w.t.Helper()
	control := w.dev(b).MSIXCap + 2
	f := w.m.Board().PCI.Func(b)
	v := f.ConfigRead(control, 2) &^ (1 << 14)
	if on {
		v |= 1 << 14
	}
	if err := errors.Join(w.m.Bench(func() { f.ConfigWrite(control, 2, v) }), w.m.RunIdle()); err != nil {
		w.t.Fatal(err)
	}
}

// compareCounts compares by how much the rows of the message, of NMIs, spurious
// vectors and errors have grown since the block before.
func (w *world) compareCounts(file, heading string) {
	w.t.Helper()
	theirs, mine := cells(block(w.file(file), heading)), cells(w.read("/proc/interrupts"))
	for _, cell := range slices.Sorted(func(yield func(string) bool) {
		for c := range theirs {
			if !yield(c) {
				return
			}
		}
	}) {
		if w.counted[0] != nil {
			w.fact("counts", heading+" "+cell, fmt.Sprint(mine[cell]-w.counted[1][cell]), fmt.Sprint(theirs[cell]-w.counted[0][cell]))
		}
	}
	w.counted = [2]map[string]int{theirs, mine}
}

// block is what stands under a heading.
func block(text, heading string) string {
	_, text, _ = strings.Cut(text, heading+"\n")
	text, _, _ = strings.Cut(text, "\n[")
	return text
}

// cells are the counts of the rows that do not depend on time, by row and
// processor.
func cells(text string) map[string]int {
	all := map[string]int{}
	for l := range strings.Lines(text) {
		f := strings.Fields(l)
		if len(f) == 0 || !slices.Contains([]string{"25:", "NMI:", "SPU:", "ERR:", "MIS:"}, f[0]) {
			continue
		}
		for i := 1; i < len(f); i++ {
			n, err := strconv.Atoi(f[i])
			if err != nil {
				break
			}
			all[fmt.Sprint(f[0], " CPU ", i-1)] = n
		}
	}
	return all
}

// A serial port's own interrupts ask the handler a second time.
var serial = regexp.MustCompile(`\d+ irq_handler_entry: irq=\d+ name=ttyS\d\n\d+ irq_handler_exit: irq=\d+ ret=handled\n` +
	`\d+ irq_handler_entry: irq=\d+ name=ttyS\d\n\d+ irq_handler_exit: irq=\d+ ret=unhandled\n`)

// compareStray compares the events of a message that went astray: on each
// processor, in their order.
func (w *world) compareStray(file string) {
	w.t.Helper()
	strays := func(text string) (list []string) {
		for l := range strings.Lines(serial.ReplaceAllString(text, "")) {
			if strayed.MatchString(l) && !strings.Contains(l, ": irq=3 ") { // 3 carried the recording
				list = append(list, strings.TrimSpace(l))
			}
		}
		slices.SortStableFunc(list, func(a, b string) int { return strings.Compare(a[:3], b[:3]) })
		return list
	}
	w.facts("trace events", file, strays(strings.Join(w.ours(), "\n")+"\n"), strays(w.file(file)))
}

// strayed are the events that were switched on there and do not depend on time.
var strayed = regexp.MustCompile(`irq_handler_|spurious_apic_|error_apic_entry`)

// told is what the kernel says about such messages.
var told = regexp.MustCompile(`No irq handler|Spurious interrupt|Uhhuh|Dazed`)

// compareLogged compares the lines of the log that tell of them.
func (w *world) compareLogged(file string) {
	w.t.Helper()
	var got, want []string
	for _, l := range w.m.Dmesg() {
		if told.MatchString(l.Text) {
			got = append(got, l.Text)
		}
	}
	for l := range strings.Lines(w.file(file)) {
		if told.MatchString(l) {
			_, text, _ := strings.Cut(strings.TrimSpace(l), "] ")
			want = append(want, text)
		}
	}
	w.facts("log", file, got[max(len(got)-len(want), 0):], want)
}
