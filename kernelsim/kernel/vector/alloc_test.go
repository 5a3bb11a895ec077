package vector

import (
	"errors"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/irq/irqabi"
)

// TestContiguous: vectors in a row are never promised; one alone is.
func TestContiguous(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		before := Leftover(c)
		_, _, err := b.ask(c, 2, affinity.NoNode, AllocInfo{Contiguous: true})
		b.equal("two in a row", errors.Is(err, errno.ENOSYS), true)
		b.equal("afterwards", Leftover(c), before)
		for _, tt := range []struct {
			n   int
			row bool
		}{{1, true}, {2, false}, {3, false}} {
			list, first, err := b.ask(c, tt.n, affinity.NoNode, AllocInfo{Contiguous: tt.row})
			must(err)
			for i, d := range list {
				b.equal("hwirq", d.data.HWIRQ, int(first)+i)
				b.equal("state", d.data.Common.State&(irq.SingleTarget|irq.EnforceIRQContext|irq.AffinityOnActivate|irq.CanReserve),
					irq.SingleTarget|irq.EnforceIRQContext|irq.AffinityOnActivate|irq.CanReserve)
				b.equal("message", d.cfgVector, Shutdown)
				b.equal("message to", d.cfgCPU, 0)
				b.equal("message's processor", d.data.Common.Effective, cpumask.Of(0))
			}
			b.equal("promises", books(c).Reserved(), tt.n)
			irq.FreeIRQs(c, first, tt.n)
			b.equal("afterwards", Leftover(c), before)
		}
		b.free(c)
	})
}

// TestUnwinding: when the k-th of several requests fails nothing is left of
// those before.
func TestUnwinding(t *testing.T) {
	for k := range 4 {
		onBench(t, func(b *bench, c *cpu.CPU) {
			leave(c, 1, k)
			before := Leftover(c)
			_, _, err := b.ask(c, 4, affinity.NoNode, AllocInfo{Mask: on(1)})
			b.equal("error", errors.Is(err, errno.ENOSPC), true)
			b.equal("afterwards", Leftover(c), before)
			for _, data := range b.levels {
				b.equal("chip data", data.ChipData == nil, true)
			}
			b.free(c)
		})
	}
}

// TestUnwindingManaged: the same for vectors that are kept on all processors
// of a mask, where the masks differ.
func TestUnwindingManaged(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		leave(c, 1, 1)
		before := Leftover(c)
		masks := []affinity.Desc{{Mask: cpumask.Of(0), Managed: true}, {Mask: cpumask.Of(1), Managed: true}, {Mask: cpumask.Of(0, 1), Managed: true}}
		_, _, err := b.ask(c, 3, affinity.NoNode, AllocInfo{}, masks...)
		b.equal("error", errors.Is(err, errno.ENOSPC), true)
		b.equal("afterwards", Leftover(c), before)
		list, first, err := b.ask(c, 2, affinity.NoNode, AllocInfo{}, masks[:2]...)
		must(err)
		b.equal("promises", books(c).Reserved(), 0)
		b.equal("managed", list[0].managed && list[1].managed, true)
		irq.FreeIRQs(c, first, 2)
		b.equal("afterwards", Leftover(c), before)
	})
}

// TestFreePartly: a level that has nothing is passed over.
func TestFreePartly(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		before := Leftover(c)
		list, first, err := b.ask(c, 3, affinity.NoNode, AllocInfo{})
		must(err)
		dom := irq.ToDesc(c, first).Domain.Parent
		vectorOps{}.Free(c, dom, first+1, 1)
		b.equal("promises", books(c).Reserved(), 2)
		b.equal("chip data", list[1].data.ChipData == nil, true)
		b.equal("hwirq", list[1].data.HWIRQ, 0)
		vectorOps{}.Free(c, dom, first, 3)
		b.equal("afterwards", Leftover(c), before)
		b.free(c)
	})
}

// TestGivenMask: an interrupt with a mask has its vector at once, and keeps it.
func TestGivenMask(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		before := Leftover(c)
		d, data := b.one(c, affinity.NoNode, AllocInfo{Mask: on(0)})
		b.equal("vector", d.vector, 0x22)
		b.equal("processor", d.cpu, 0)
		b.equal("reservable", d.reservable || d.booked || d.managed, false)
		b.equal("vector_irq", Entry(c, 0, 0x22), irqabi.Entry{State: irqabi.Wanted, IRQ: int(data.IRQ)})
		v, n, ok := Of(c, data.IRQ)
		b.equal("Of", []any{v, n, ok}, []any{cpu.Vector(0x22), 0, true})
		must(irq.Activate(c, data, true))
		b.equal("message", d.cfgVector, 0x22)
		irq.Deactivate(c, data)
		b.equal("kept", d.vector, 0x22)
		b.free(c)
		irq.FreeIRQs(c, data.IRQ, 1)
		b.equal("vector_irq", Entry(c, 0, 0x22), irqabi.Entry{State: irqabi.Expected})
		b.equal("afterwards", Leftover(c), before)
		_, _, err := b.ask(c, 1, affinity.NoNode, AllocInfo{Mask: on(7)})
		b.equal("nobody online", errors.Is(err, errno.EINVAL), true)
		_, _, ok = Of(c, 5)
		b.equal("of a legacy interrupt", ok, false)
	})
}

// TestReservation: activation takes a vector for a promise, deactivation gives
// a promise for the vector.
func TestReservation(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		before := Leftover(c)
		d, data := b.one(c, affinity.NoNode, AllocInfo{})
		promised := Leftover(c)
		d.cfgVector = 0
		must(irq.Activate(c, data, true))
		b.equal("reserved message", d.cfgVector, Shutdown)
		_, _, ok := Of(c, data.IRQ)
		b.equal("has a vector", ok, false)
		irq.Deactivate(c, data)
		b.equal("promises", Leftover(c), promised)
		must(irq.Activate(c, data, false))
		b.equal("vector", []any{d.vector, d.cpu, d.reservable, d.booked}, []any{cpu.Vector(0x21), 1, true, false})
		b.equal("promises", books(c).Reserved(), 0)
		irq.Deactivate(c, data)
		b.equal("again", []any{d.vector, d.reservable, d.booked, d.cfgVector}, []any{cpu.Vector(0), true, true, Shutdown})
		b.equal("promises", Leftover(c), promised)
		data.Common.Clear(irq.CanReserve)
		must(irq.Activate(c, data, false))
		b.equal("not reservable any more", d.reservable, false)
		irq.Deactivate(c, data)
		b.equal("kept", d.vector, 0x21)
		b.free(c)
		irq.FreeIRQs(c, data.IRQ, 1)
		b.equal("afterwards", Leftover(c), before)
	})
}

// TestReservationExceeds: the promise after the last vector is told aloud.
func TestReservationExceeds(t *testing.T) {
	const text = "Interrupt reservation exceeds available resources"
	onBench(t, func(b *bench, c *cpu.CPU) {
		leave(c, 0, 0)
		leave(c, 1, 1)
		b.one(c, affinity.NoNode, AllocInfo{})
		b.equal("warnings", logged(c, text), 0)
		b.one(c, affinity.NoNode, AllocInfo{})
		b.equal("warnings", logged(c, text), 1)
	})
}

// TestManaged: kept vectors are taken at activation, unless the interrupt is
// shut down as all its processors are away.
func TestManaged(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		d, data := b.one(c, affinity.NoNode, AllocInfo{}, affinity.Desc{Mask: cpumask.Of(1), Managed: true})
		kept := Leftover(c)
		must(irq.Activate(c, data, true))
		b.equal("reserved message", d.cfgVector, Shutdown)
		irq.Deactivate(c, data)
		data.Common.Set(irq.ManagedShutdown)
		must(irq.Activate(c, data, false))
		b.equal("shut down", []any{d.vector, d.cfgVector}, []any{cpu.Vector(0), Shutdown})
		irq.Deactivate(c, data)
		data.Common.Clear(irq.ManagedShutdown)
		must(irq.Activate(c, data, false))
		b.equal("vector", []any{d.vector, d.cpu, d.cfgVector, d.cfgCPU}, []any{cpu.Vector(0x21), 1, cpu.Vector(0x21), 1})
		irq.Deactivate(c, data)
		b.equal("back", []any{d.vector, d.cfgVector, Leftover(c)}, []any{cpu.Vector(0), Shutdown, kept})
		affinity.SetOnline(c, 1, false)
		err := irq.Activate(c, data, false)
		b.equal("nobody online", errors.Is(err, errno.EINVAL), true)
		b.equal("log", logged(c, "but no CPU"), 1)
		affinity.SetOnline(c, 1, true)
		books(c).RemoveManaged(data.Common.Affinity)
		err = irq.Activate(c, data, false)
		b.equal("taken away", errors.Is(err, errno.ENOSPC), true)
		b.equal("log", logged(c, "no vector available"), 1)
		b.free(c)
	})
}
