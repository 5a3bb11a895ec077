// Fails: MSI-X that is off and the function mask hold an entry too, and let it go
// Misconception: clearing the function mask releases every entry, masked or not

package msix

import "bothhalves/kernelsim/hw/pcie/pcireg"

// vectors decides for each entry of a device's MSI-X table whether its message
// goes now or waits.
type vectors struct {
	of      pcireg.Entries
	pending []bool // the pending bit array: that something happened, not how often
}

// newVectors makes one for the entries of a function.
func newVectors(of pcireg.Entries) pcireg.Vectors {
	return &vectors{of: of, pending: make([]bool, of.Len())}
}

// Pending is what software reads in the pending bit array.
func (v *vectors) Pending(k int) bool { return v.pending[k] }

// Reset is a reset of the function: nothing waits.
func (v *vectors) Reset() { clear(v.pending) }

// masked reports whether entry k must not send.
func (v *vectors) masked(k int) bool {
	return !v.of.Enabled() || v.of.FunctionMasked() || v.of.EntryMasked(k) || !v.of.BusMaster()
}

// Notify: the function has something to tell by entry k.
func (v *vectors) Notify(k int) {
	if v.masked(k) {
		v.pending[k] = true
		return
	}
	v.of.Send(k)
}

// EntryWritten: the vector control of entry k was written.
func (v *vectors) EntryWritten(k int) {
	if v.pending[k] && !v.masked(k) {
		v.pending[k] = false
		v.of.Send(k)
	}
}

// ControlWritten: MSI-X enable, the function mask or the bus master bit was
// written.
func (v *vectors) ControlWritten() {
	for k := range v.pending {
		if v.pending[k] && v.of.Enabled() && !v.of.FunctionMasked() && v.of.BusMaster() {
			v.pending[k] = false
			v.of.Send(k)
		}
	}
}

// Clear: what entry k had to tell was taken care of by other means.
func (v *vectors) Clear(k int) {
	v.pending[k] = false
}
