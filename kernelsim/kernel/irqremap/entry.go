package irqremap

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/vector"
)

// irLock guards the table and what is known of it.
var irLock = lock.Define("irq_2_ir_lock")

// none is the index of a block that could not be had.
const none = -1

// alloc models alloc_irte: the lowest free block of 2^order indices that
// begins at a multiple of its size (bitmap_find_free_region).
func (u *Unit) alloc(c *cpu.CPU, order uint8) (index int) {
	l := irLock.Of(c)
	flags := l.LockIRQSave(c)
	index = u.table.take(order)
	l.UnlockIRQRestore(c, flags)
	if index == none {
		printk.Printk(c, printk.Warning, "DMAR-IR: IR0: can't allocate an IRTE")
	}
	return index
}

// clear models clear_entries: the entries of a block are emptied, handed back,
// and forgotten by the unit in one command.
func (u *Unit) clear(c *cpu.CPU, index int, order uint8) {
	l := irLock.Of(c)
	flags := l.LockIRQSave(c)
	for i := range 1 << order {
		u.write(c, index+i, iommureg.IRTE{})
	}
	u.table.release(index, order)
	u.submit(c, iommureg.InvalidateIndex(uint16(index), order))
	l.UnlockIRQRestore(c, flags)
}

// modify models modify_irte: the entry is written, then the unit is told to
// forget what it has cached of it. Without the second half the unit may go on
// with the old entry for ever.
func (u *Unit) modify(c *cpu.CPU, index int, e iommureg.IRTE) {
	l := irLock.Of(c)
	flags := l.LockIRQSave(c)
	u.write(c, index, e)
	u.submit(c, iommureg.InvalidateIndex(uint16(index), 0))
	l.UnlockIRQRestore(c, flags)
}

// write writes an entry, half by half.
func (u *Unit) write(c *cpu.CPU, index int, e iommureg.IRTE) {
	at := u.base + bus.Addr(index)*iommureg.IRTESize
	u.store(c, at, 8, e.Low)
	u.store(c, at+8, 8, e.High)
}

// entryOf models prepare_irte and set_irte_sid: what the table says of an
// interrupt as its vector stands now. The entry is an edge even for a line
// that is a level, so that a move need not touch the line; and nobody but the
// source may use it.
func (u *Unit) entryOf(c *cpu.CPU, data *irq.Data, source uint16) iommureg.IRTE {
	const allBits = 0 // SQ_ALL_16: every bit of the requester ID is compared
	v, n := vector.Config(data)
	e := iommureg.NewIRTE(uint8(v), apic.Dest(c, n), apic.Logical(c), u.eim)
	e.Low |= redirectionHint
	return e.ForSource(iommureg.SVTSource, allBits, source)
}

// redirectionHint is redir_hint, which Linux sets in every entry. A logical
// destination of one processor leaves nothing to choose.
const redirectionHint = 1 << 3

// A table is which indices are taken (ir_table->bitmap).
type table struct{ taken [Entries]bool }

// take finds a block and takes it; none if there is no room.
func (t *table) take(order uint8) int {
	size := 1 << order
	for at := 0; at+size <= Entries; at += size {
		if t.free(at, size) {
			t.set(at, size, true)
			return at
		}
	}
	return none
}

func (t *table) free(at, size int) bool {
	for _, taken := range t.taken[at : at+size] {
		if taken {
			return false
		}
	}
	return true
}

// release models bitmap_release_region.
func (t *table) release(at int, order uint8) { t.set(at, 1<<order, false) }

func (t *table) set(at, size int, v bool) {
	for i := range size {
		t.taken[at+i] = v
	}
}
