package recorded_test

import (
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
