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
)

// TestPlaces: near and allowed first, then allowed, then near, then anywhere;
// the log tells when it is not where it was allowed.
func TestPlaces(t *testing.T) {
	const broken = "Affinity broken due to vector space exhaustion."
	for _, tt := range []struct {
		name    string
		node    int
		mask    cpumask.Mask
		full    []int
		on      int // -1: nowhere
		message int
	}{
		{"no node", affinity.NoNode, cpumask.Of(0, 1), nil, 1, 0},
		{"no node, one processor", affinity.NoNode, cpumask.Of(0), nil, 0, 0},
		{"node and mask", 0, cpumask.Of(0, 1), nil, 0, 0},
		{"node is full", 0, cpumask.Of(0, 1), []int{0}, 1, 0},
		{"not on the node", 0, cpumask.Of(1), nil, 1, 0},
		{"mask is full", 0, cpumask.Of(1), []int{1}, 0, 1},
		{"no node, mask is full", affinity.NoNode, cpumask.Of(0), []int{0}, 1, 1},
		{"node and mask are full", 0, cpumask.Of(0), []int{0}, 1, 1},
		{"all is full", 0, cpumask.Of(0, 1), []int{0, 1}, -1, 0},
	} {
		onBench(t, func(b *bench, c *cpu.CPU) {
			for _, n := range tt.full {
				leave(c, n, 0)
			}
			d, data := b.one(c, tt.node, AllocInfo{})
			data.Common.Node, data.Common.Affinity = tt.node, tt.mask
			err := irq.Activate(c, data, false)
			if tt.on < 0 {
				b.equal(tt.name, errors.Is(err, errno.ENOSPC), true)
				b.equal(tt.name+", promise", d.booked, true)
				return
			}
			must(err)
			b.equal(tt.name, []any{d.cpu, d.cfgCPU, d.vector != 0}, []any{tt.on, tt.on, true})
			b.equal(tt.name+", log", logged(c, broken), tt.message)
			b.free(c)
		})
	}
}

// moved is an interrupt on CPU 0 that is in use and may be moved to CPU 1.
func (b *bench) moved(c *cpu.CPU) (*chipData, *irq.Data) {
	d, data := b.one(c, affinity.NoNode, AllocInfo{}, affinity.Desc{Mask: cpumask.Of(0)})
	must(irq.Activate(c, data, false))
	data.Common.Set(irq.Started)
	return d, data
}

// TestMessages: one message where nothing can go wrong, two where the device
// could send the new vector to the old processor meanwhile.
func TestMessages(t *testing.T) {
	for _, tt := range []struct {
		name  string
		to    int
		set   func(b *bench, c *cpu.CPU, d *chipData, data *irq.Data)
		steps int
	}{
		{"all is met", 1, func(*bench, *cpu.CPU, *chipData, *irq.Data) {}, 2},
		{"it can be masked", 1, func(_ *bench, _ *cpu.CPU, _ *chipData, data *irq.Data) { data.Common.Clear(irq.CanReserve) }, 1},
		{"not started", 1, func(_ *bench, _ *cpu.CPU, _ *chipData, data *irq.Data) { data.Common.Clear(irq.Started) }, 1},
		{"the same vector", 1, func(_ *bench, c *cpu.CPU, d *chipData, _ *irq.Data) { books(c).Assign(1, int(d.vector-1)) }, 1},
		{"no vector before", 1, func(_ *bench, _ *cpu.CPU, d *chipData, _ *irq.Data) { d.cfgVector = Shutdown }, 1},
		{"the same processor", 1, func(_ *bench, _ *cpu.CPU, d *chipData, _ *irq.Data) { d.cfgCPU = 1 }, 1},
		{"from elsewhere", 0, func(b *bench, c *cpu.CPU, d *chipData, data *irq.Data) {
			books(c).Assign(1, 0x21) // the vectors must differ
			must(d.assign(c, cpumask.Of(1)))
			d.prev, d.moving = 0, false
		}, 1},
	} {
		onBench(t, func(b *bench, c *cpu.CPU) {
			d, data := b.moved(c)
			if tt.name == "the same vector" {
				for v := 0x21; v < int(d.vector); v++ {
					books(c).Assign(1, v)
				}
			}
			tt.set(b, c, d, data)
			oldCPU := d.cfgCPU
			done, err := SetMSIAffinity(c, data, cpumask.Of(tt.to), false)
			b.equal(tt.name, []any{done, err}, []any{false, error(nil)})
			var want []irq.Message
			if tt.steps == 2 {
				want = append(want, compose(c, d.vector, oldCPU))
			}
			b.equal(tt.name, b.messages, append(want, compose(c, d.vector, tt.to)))
			b.free(c)
		})
	}
}

// TestStray: the new vector may come to the old processor, where nobody has
// it: that is expected, once, and the interrupt is sent on to the new place.
func TestStray(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		d, data := b.moved(c)
		vectorIRQ.On(c, 0)[0x21] = slot{}
		before := len(b.messages)
		must(second(SetMSIAffinity(c, data, cpumask.Of(1), false)))
		b.equal("messages", len(b.messages)-before, 2)
		b.equal("new vector", d.vector, 0x21)
		b.equal("marked", Entry(c, 0, 0x21), irqabi.Entry{State: irqabi.Expected})
		b.equal("sent on", highest(&b.units[1].irr), -1)
		desc, quiet := Lookup(c, 0x21)
		b.equal("first", []any{desc == nil, quiet}, []any{true, true})
		desc, quiet = Lookup(c, 0x21)
		b.equal("second", []any{desc == nil, quiet}, []any{true, false})
	})
	onBench(t, func(b *bench, c *cpu.CPU) { // 0x21 of CPU 0 is the pair's: it stays
		d, data := b.moved(c)
		b.send(1, 0x21)
		b.equal("before", b.units[1].irr, [8]uint32{})
		must(second(SetMSIAffinity(c, data, cpumask.Of(1), false)))
		sent := highest(&b.units[1].irr) == 0x21 || highest(&b.units[1].isr) == 0x21 || !d.moving
		b.equal("marked", vectorIRQ.On(c, 0)[0x21].once, false)
		b.equal("sent on", sent, true)
	})
}

func second(_ bool, err error) error { return err }

// TestSetAffinityErrors: without activation nothing moves, nor while an
// earlier move is not cleaned up.
func TestSetAffinityErrors(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		_, data := b.one(c, affinity.NoNode, AllocInfo{})
		b.equal("inactive", errors.Is(second(SetMSIAffinity(c, data, cpumask.Of(1), false)), errno.EIO), true)
		d, data := b.moved(c)
		must(second(SetMSIAffinity(c, data, cpumask.Of(1), false)))
		now := []any{d.vector, d.cpu, d.prev, d.prevCPU, d.moving}
		b.equal("moved", now, []any{cpu.Vector(0x21), 1, cpu.Vector(0x22), 0, true})
		must(second(SetMSIAffinity(c, data, cpumask.Of(1), false)))
		b.equal("still moving", errors.Is(second(SetMSIAffinity(c, data, cpumask.Of(0), false)), errno.EBUSY), true)
		d.moving, d.queued = false, true
		b.equal("on a list", errors.Is(second(SetMSIAffinity(c, data, cpumask.Of(0), false)), errno.EBUSY), true)
		d.moving, d.queued = true, false
		b.equal("unchanged", []any{d.vector, d.cpu, d.prev, d.prevCPU, d.moving}, now)
		b.free(c)
	})
}

// TestCleanup: what is still requested is looked at once more, the rest goes.
func TestCleanup(t *testing.T) {
	onBench(t, func(b *bench, c *cpu.CPU) {
		var list []*chipData
		for range 2 {
			d, data := b.moved(c)
			must(second(SetMSIAffinity(c, data, cpumask.Of(1), false)))
			list = append(list, d)
		}
		for _, d := range list {
			SendCleanup(c, d.data)
		}
		b.equal("latest first", []any{(*cleanup.Raw(c))[0] == list[1], list[0].queued, list[0].moving}, []any{true, true, false})
		old := []cpu.Vector{list[0].prev, list[1].prev}
		SendCleanup(c, list[0].data)
		b.equal("sent once", len(*cleanup.Raw(c)), 2)
		b.send(1, int(old[1]))
		b.units[0].irr[1] &^= 1
		Cleanup(c)
		b.equal("asked again", apic.Requested(c, idt.MoveCleanup), true)
		b.equal("requested one stays", []any{list[1].queued, list[1].prev}, []any{true, old[1]})
		b.equal("the other goes", []any{list[0].queued, list[0].prev, Entry(c, 0, old[0])}, []any{false, cpu.Vector(0), irqabi.Entry{}})
		b.units[0].irr = [8]uint32{}
		Cleanup(c)
		b.equal("asked again", apic.Requested(c, idt.MoveCleanup), false)
		b.equal("left on the list", len(*cleanup.Raw(c)), 0)
		b.equal("taken", []any{books(c).Taken(0, int(old[0])), books(c).Taken(0, int(old[1]))}, []any{false, false})
		b.free(c)
	})
}
