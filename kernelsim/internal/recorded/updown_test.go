package recorded_test

import (
	"errors"
	"fmt"
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

// settle lets a function signal each of its interrupts until it has come as
// often as it had at a recorded moment; then the processors on which it came
// must be the recorded ones.
func (w *world) settle(moment string, b pcie.BDF) {
	w.t.Helper()
	text := w.file(moment + ".interrupts")
	d := w.dev(b)
	for again := true; again; {
		again = false
		for k := range d.Vectors() {
			if total(row(w.read("/proc/interrupts"), w.vector(d, k))) < total(row(text, w.vector(d, k))) {
				w.signal(b, k)
				again = true
			}
		}
	}
	for k := range d.Vectors() {
		n := w.vector(d, k)
		w.fact("counts", fmt.Sprint("irq ", n), fmt.Sprint(row(w.read("/proc/interrupts"), n)), fmt.Sprint(row(text, n)))
	}
}

// row is the counts of an interrupt's line in /proc/interrupts.
func row(text string, n int) (counts []int) {
	cpus := strings.Count(text[:strings.IndexByte(text, '\n')], "CPU")
	for l := range strings.Lines(text) {
		if f := strings.Fields(l); f[0] == fmt.Sprintf("%d:", n) {
			for _, v := range f[1 : 1+cpus] {
				var x int
				fmt.Sscan(v, &x)
				counts = append(counts, x)
			}
		}
	}
	return counts
}

func total(list []int) (s int) {
	for _, v := range list {
		s += v
	}
	return s
}

// touch lets every message come a few times that came at all between two
// recorded moments: it has arrived then where it was sent.
func (w *world) touch(before, after string) {
	w.t.Helper()
	was, is := w.file(before+".interrupts"), w.file(after+".interrupts")
	for _, d := range w.m.PCIDevs() {
		for k := range d.Vectors() {
			n := w.vector(d, k)
			for range min(3, total(row(is, n))-total(row(was, n))) {
				w.signal(d.BDF, k)
			}
		}
	}
}
