// Fails: whatever happens, the rules say what goes, what waits, and in which order
// Misconception: one word holds the pending bits: a device with more than 64 entries is none

package msix

import "bothhalves/kernelsim/hw/pcie/pcireg"

// vectors decides for each entry of a device's MSI-X table whether its message
// goes now or waits.
type vectors struct {
	of      pcireg.Entries
	pending uint64 // the pending bit array: that something happened, not how often
}

// newVectors makes one for the entries of a function.
func newVectors(of pcireg.Entries) pcireg.Vectors {
	return &vectors{of: of}
}

// Pending is what software reads in the pending bit array.
func (v *vectors) Pending(k int) bool { return v.pending>>k&1 != 0 }

// Reset is a reset of the function: nothing waits.
func (v *vectors) Reset() { v.pending = 0 }

// masked reports whether entry k must not send.
func (v *vectors) masked(k int) bool {
	return !v.of.Enabled() || v.of.FunctionMasked() || v.of.EntryMasked(k) || !v.of.BusMaster()
}

// Notify: the function has something to tell by entry k.
func (v *vectors) Notify(k int) {
	if v.masked(k) {
		v.pending |= 1 << k
		return
	}
	v.of.Send(k)
}

// EntryWritten: the vector control of entry k was written.
func (v *vectors) EntryWritten(k int) {
	if v.Pending(k) && !v.masked(k) {
		v.pending &^= 1 << k
		v.of.Send(k)
	}
}

// ControlWritten: MSI-X enable, the function mask or the bus master bit was
// written.
func (v *vectors) ControlWritten() {
	for k := range v.of.Len() {
		v.EntryWritten(k)
	}
}

// Clear: what entry k had to tell was taken care of by other means.
func (v *vectors) Clear(k int) {
	v.pending &^= 1 << k
}
