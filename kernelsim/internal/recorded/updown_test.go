package recorded_test

import (
	"errors"
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
)

// down frees the interrupts of a network card, as the driver does when the
// interface is switched off: the vectors stay promised.
func (w *world) down(b pcie.BDF) {
	w.t.Helper()
	err := w.m.Do("ip", func(c *cpu.CPU) {
		d := pci.Find(c, b)
		for k := range d.Vectors() {
			name, err := irq.Free(c, irq.Number(w.vector(d, k)), d)
			if err != nil {
				w.t.Error(err)
			}
			w.downs[b] = append(w.downs[b], name)
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// up requests them again.
func (w *world) up(b pcie.BDF) {
	w.t.Helper()
	handled := func(*cpu.CPU, irq.Number, any) irq.Return { return irq.Handled }
	err := w.m.Do("ip", func(c *cpu.CPU) {
		d := pci.Find(c, b)
		for k, name := range w.downs[b] {
			if err := irq.Request(c, irq.Number(w.vector(d, k)), handled, 0, name, d); err != nil {
				w.t.Error(err)
			}
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	delete(w.downs, b)
}

// unbind takes a function's driver away.
func (w *world) unbind(b pcie.BDF) {
	w.t.Helper()
	var failed error
	err := w.m.Do("rmmod", func(c *cpu.CPU) { failed = pci.Unbind(c, pci.Find(c, b)) })
	if err := errors.Join(err, failed, w.m.RunIdle()); err != nil {
		w.t.Fatal(err)
	}
}

// frames lets each of a card's queues signal as often as the recorded one did
// between two moments, which its rows of /proc/interrupts tell.
func (w *world) frames(before, after string, b pcie.BDF) {
	w.t.Helper()
	was, then := totals(w.file(before+".interrupts")), totals(w.file(after+".interrupts"))
	d := w.dev(b)
	for k := range d.Vectors() {
		n := w.vector(d, k)
		for range then[n] - was[n] - w.signaled[n] {
			w.signal(b, k)
		}
	}
	clear(w.signaled)
}

// totals are the counts of all processors, by interrupt.
func totals(text string) map[int]int {
	sum := map[int]int{}
	for l := range strings.Lines(text) {
		f := strings.Fields(l)
		n, err := strconv.Atoi(strings.TrimSuffix(f[0], ":"))
		for i := 1; err == nil && i < len(f); i++ {
			count, bad := strconv.Atoi(f[i])
			if bad != nil {
				break
			}
			sum[n] += count
		}
	}
	return sum
}
