package vector

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/irq/irqabi"
)

// TestInit: the boot processor begins with the 8259A pair's vectors, without
// the cascade's, which is nobody's.
func TestInit(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		for n := range 18 {
			v, want := idt.ISA+cpu.Vector(n), irqabi.Entry{}
			if n < 16 && n != 2 {
				want = irqabi.Entry{State: irqabi.Wanted, IRQ: n}
			}
			b.equal("vector_irq", Entry(c, 0, v), want)
			b.equal("taken on CPU 0", books(c).Taken(0, int(v)), n < 16)
			b.equal("taken on CPU 1", books(c).Taken(1, int(v)), n == 2)
		}
	})
}

// TestArrival: only at the new place does an interrupt end its move.
func TestArrival(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		d, _ := b.one(c, affinity.NoNode, AllocInfo{Mask: on(0)})
		must(d.assign(c, cpumask.Of(1)))
		d.completeMove(c)
		b.equal("not here", []any{d.moving, d.queued}, []any{true, false})
		d.freeMoved(c)
		must(d.assign(c, cpumask.Of(0)))
		d.completeMove(c)
		b.equal("here", d.moving, false)
	})
}
