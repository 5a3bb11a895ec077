package pcie

import (
	"math/bits"

	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// vectors decides for each entry of an MSI-X table whether its message goes
// now or waits (PCIe base specification, "Per-vector Masking and Function
// Masking"). What waits is one bit an entry: that something happened, not how
// often.
type vectors struct {
	of      pcireg.Entries
	pending []uint64 // the pending bit array
}

// newVectors is the default pcireg.Vectors.
func newVectors(of pcireg.Entries) pcireg.Vectors {
	return &vectors{of: of, pending: make([]uint64, (of.Len()+63)/64)}
}

// Notify: something happened. It is noted, and told at once if it may be.
func (v *vectors) Notify(k int) {
	v.pending[k/64] |= 1 << (k % 64)
	v.release(k)
}

// Clear: what happened was taken care of, so nothing is left to tell.
func (v *vectors) Clear(k int) { v.pending[k/64] &^= 1 << (k % 64) }

// Pending reports whether entry k waits.
func (v *vectors) Pending(k int) bool { return v.pending[k/64]>>(k%64)&1 != 0 }

// EntryWritten: perhaps entry k was unmasked.
func (v *vectors) EntryWritten(k int) { v.release(k) }

// ControlWritten: perhaps every entry was unmasked. Those that wait go in the
// order of their numbers.
func (v *vectors) ControlWritten() {
	for i, word := range v.pending {
		for ; word != 0; word &= word - 1 {
			v.release(64*i + bits.TrailingZeros64(word))
		}
	}
}

// release sends what waits at entry k unless it is masked. The message is made
// of what the table says at this moment, not of what it said when the event
// happened.
func (v *vectors) release(k int) {
	if v.Pending(k) && !v.masked(k) {
		v.Clear(k)
		v.of.Send(k)
	}
}

// masked reports whether entry k must not send. Without the right to write to
// memory a function cannot send either: its message waits like a masked one.
func (v *vectors) masked(k int) bool {
	return !v.of.Enabled() || v.of.FunctionMasked() || v.of.EntryMasked(k) || !v.of.BusMaster()
}

// Reset: nothing waits.
func (v *vectors) Reset() { clear(v.pending) }
