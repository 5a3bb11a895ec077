package msix

import (
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/labs/lab"
)

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
	panic(lab.TODO("say when entry k must not send: four things can forbid it"))
}

// Notify: the function has something to tell by entry k.
func (v *vectors) Notify(k int) {
	panic(lab.TODO("send, or remember"))
}

// EntryWritten: the vector control of entry k was written.
func (v *vectors) EntryWritten(k int) {
	panic(lab.TODO("let go what waits at entry k, if nothing holds it any more"))
}

// ControlWritten: MSI-X enable, the function mask or the bus master bit was
// written.
func (v *vectors) ControlWritten() {
	panic(lab.TODO("let go whatever waits and is held no more, in the order of the entries"))
}

// Clear: what entry k had to tell was taken care of by other means.
func (v *vectors) Clear(k int) {
	panic(lab.TODO("forget it"))
}
