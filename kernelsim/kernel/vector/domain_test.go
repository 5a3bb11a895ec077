package vector

import (
	"errors"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/trace"
)

// TestLegacy: a legacy interrupt in use keeps its vector, another gives it up.
func TestLegacy(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		dom := &irq.Domain{Name: "bench", Parent: Domain(c), Ops: b}
		irq.ToDesc(c, 4).Set(irq.Activated)
		must(irq.TakeOver(c, dom, 4, &AllocInfo{Legacy: true}))
		d := dataOf(&irq.ToDesc(c, 4).Data)
		b.equal("in use", []any{d.vector, d.cpu, d.cfgVector, d.cfgCPU, d.booked, d.reservable},
			[]any{idt.ISA + 4, 0, idt.ISA + 4, 0, false, false})
		b.equal("promises", books(c).Reserved(), 0)
		must(irq.TakeOver(c, dom, 5, &AllocInfo{Legacy: true}))
		data := irq.ToDesc(c, 5).Data
		d = dataOf(&data)
		b.equal("not in use", []any{d.vector, d.cfgVector, d.booked, d.reservable, data.Common.State&irq.CanReserve != 0},
			[]any{cpu.Vector(0), Shutdown, true, true, true})
		b.equal("vector_irq", Entry(c, 0, idt.ISA+5), irqabi.Entry{State: irqabi.Expected})
		b.equal("taken", []any{books(c).Taken(0, int(idt.ISA)+4), books(c).Taken(0, int(idt.ISA)+5)}, []any{true, false})
		must(irq.TakeOver(c, dom, 6, &AllocInfo{Legacy: true, Mask: on(1)}))
		d = dataOf(&irq.ToDesc(c, 6).Data)
		b.equal("with a mask", []any{d.booked, d.reservable, d.cpu}, []any{false, true, 1})
		b.free(c)
	})
}

// TestOnline: a processor that comes up finds its table empty; with noapic it
// has the 8259A pair's interrupts in it.
func TestOnline(t *testing.T) {
	for _, noapic := range []bool{false, true} {
		onBench(t, func(b *bench, c *cpu.CPU) {
			apic.Init(c, apic.Config{CPUs: 2, NoIOAPIC: noapic})
			all := Debug(c)
			Offline(c)
			b.equal("without it", books(c).Available(1, true), 0)
			vectorIRQ.Raw(c)[0x41] = slot{once: true}
			Online(c)
			b.equal("books", Debug(c), all)
			for v := range idt.Entries {
				want := irqabi.Entry{}
				if n := v - int(idt.ISA); noapic && n >= 0 && n < 16 {
					want = irqabi.Entry{State: irqabi.Wanted, IRQ: n}
				}
				if got := Entry(c, 0, cpu.Vector(v)); v != int(idt.ISA)+2 && got != want {
					t.Errorf("noapic %v, vector %#x: %+v, want %+v", noapic, v, got, want)
				}
			}
			b.free(c)
		})
	}
}

// TestClaim: a vector is claimed everywhere or nowhere.
func TestClaim(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		before := Leftover(c)
		must(Claim(c, 0x81))
		b.equal("taken", []any{books(c).Taken(0, 0x81), books(c).Taken(1, 0x81)}, []any{true, true})
		b.equal("again", errors.Is(Claim(c, 0x81), errno.EBUSY), true)
		Release(c, 0x81)
		b.equal("released", Leftover(c), before)
		books(c).Assign(1, 0x81)
		taken := Leftover(c)
		b.equal("taken on one", errors.Is(Claim(c, 0x81), errno.EBUSY), true)
		b.equal("nothing happened", Leftover(c), taken)
	})
}

// TestOf: an interrupt that has no level here, or no vector yet.
func TestOf(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		for _, n := range []irq.Number{3, 9999} {
			v, at, ok := Of(c, n)
			b.equal("none", []any{v, at, ok}, []any{cpu.Vector(0), 0, false})
		}
		list, first, err := b.ask(c, 1, affinity.NoNode, AllocInfo{Mask: on(1)})
		must(err)
		v, at, ok := Of(c, first)
		b.equal("one", []any{v, at, ok}, []any{list[0].vector, 1, true})
		list[0].data.ChipData = nil
		v, at, ok = Of(c, first)
		b.equal("half gone", []any{v, at, ok}, []any{cpu.Vector(0), 0, false})
	})
}

// TestFreeWhileMoving: both vectors go, and what waits to clean up forgets it.
func TestFreeWhileMoving(t *testing.T) {
	for _, sent := range []bool{false, true} {
		onBench(t, func(b *bench, c *cpu.CPU) {
			before := Leftover(c)
			d, data := b.moved(c)
			must(second(SetMSIAffinity(c, data, cpumask.Of(1), false)))
			v, prev := d.vector, d.prev
			if sent {
				SendCleanup(c, data)
			}
			irq.FreeIRQs(c, data.IRQ, 1)
			b.equal("vectors", []any{d.vector, d.prev, d.moving, d.queued}, []any{cpu.Vector(0), cpu.Vector(0), false, false})
			expected := irqabi.Entry{State: irqabi.Expected}
			b.equal("vector_irq", []any{Entry(c, 1, v), Entry(c, 0, prev)}, []any{expected, expected})
			b.equal("afterwards", Leftover(c), before)
			b.free(c)
		})
	}
}

// TestForceCompleteMove: a processor that leaves ends the moves it takes part
// in.
func TestForceCompleteMove(t *testing.T) {
	for _, sent := range []bool{false, true} {
		onBench(t, func(b *bench, c *cpu.CPU) {
			d, data := b.moved(c)
			lapicChip{}.ForceCompleteMove(c, d.data)
			b.equal("nothing to do", d.vector, 0x22)
			must(second(SetMSIAffinity(c, data, cpumask.Of(1), false)))
			if sent {
				SendCleanup(c, data)
			}
			lapicChip{}.ForceCompleteMove(c, d.data)
			b.equal("moved", []any{d.vector, d.prev, d.moving, d.queued, len(*cleanup.Raw(c))}, []any{cpu.Vector(0x21), cpu.Vector(0), false, false, 0})
			b.equal("old vector", []any{Entry(c, 0, 0x22), books(c).Taken(0, 0x22)}, []any{irqabi.Entry{}, false})
			b.equal("log", logged(c, "move in progress, old vector 34"), 1-int(bit(sent)))
			b.free(c)
		})
	}
}

// TestOfflineProcessor: what an interrupt has on a processor that is away is
// given back at once, without an IPI to it.
func TestOfflineProcessor(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		d, data := b.one(c, affinity.NoNode, AllocInfo{Mask: on(1)})
		must(irq.Activate(c, data, false))
		affinity.SetOnline(c, 1, false)
		must(second(SetMSIAffinity(c, data, cpumask.Of(0, 1), false)))
		b.equal("moved", []any{d.cpu, d.prev, d.moving, books(c).Taken(1, 0x21)}, []any{0, cpu.Vector(0), false, false})
		affinity.SetOnline(c, 1, true)
		must(second(SetMSIAffinity(c, data, cpumask.Of(1), false)))
		d.prevCPU, d.prev, d.moving = 1, 0x90, true
		books(c).Assign(1, 0x90)
		affinity.SetOnline(c, 1, false)
		SendCleanup(c, data)
		b.equal("log", logged(c, "schedule cleanup for offline CPU 1"), 1)
		b.equal("cleaned up", []any{d.prev, d.moving, d.queued, books(c).Taken(1, 0x90)}, []any{cpu.Vector(0), false, false, false})
		b.equal("nothing sent", highest(&b.units[1].irr), -1)
		b.free(c)
	})
}

// TestTracepoints: what an allocation, its activation and its end record.
func TestTracepoints(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		Trace(c)
		from := c.Ring.Total()
		take := func() (list []trace.Record) {
			for _, r := range c.Ring.From(from) {
				if vectorKind(r.Kind) {
					list = append(list, trace.Record{Kind: r.Kind, A: r.A, B: r.B, C: r.C, D: r.D})
				}
			}
			from = c.Ring.Total()
			return list
		}
		_, data := b.one(c, affinity.NoNode, AllocInfo{})
		n := uint32(data.IRQ)
		b.equal("allocation", take(), []trace.Record{{Kind: trace.VectorReserve, A: n},
			{Kind: trace.VectorConfig, A: n, B: uint32(Shutdown), D: 1}, {Kind: trace.VectorSetup, A: n}})
		irq.FreeIRQs(c, data.IRQ, 1)
		b.equal("end", take(), []trace.Record{{Kind: trace.VectorTeardown, A: n, C: 1}})
		dom := &irq.Domain{Name: "bench", Parent: Domain(c), Ops: b}
		irq.ToDesc(c, 4).Set(irq.Activated)
		must(irq.TakeOver(c, dom, 4, &AllocInfo{Legacy: true}))
		b.equal("legacy", take(), []trace.Record{{Kind: trace.VectorSetup, A: 4, B: 1},
			{Kind: trace.VectorConfig, A: 4, B: uint32(idt.ISA) + 4, D: 1}})
		_, data = b.one(c, affinity.NoNode, AllocInfo{}, affinity.Desc{Mask: cpumask.Of(1), Managed: true})
		n = uint32(data.IRQ)
		b.equal("managed", take(), []trace.Record{{Kind: trace.VectorReserveManaged, A: n}, {Kind: trace.VectorSetup, A: n}})
		irq.FreeIRQs(c, data.IRQ, 1)
		b.equal("end", take(), []trace.Record{{Kind: trace.VectorTeardown, A: n, B: 1}})
	})
}

func vectorKind(k trace.Kind) bool {
	switch k {
	case trace.VectorReserve, trace.VectorReserveManaged, trace.VectorConfig, trace.VectorSetup, trace.VectorTeardown:
		return true
	}
	return false
}
