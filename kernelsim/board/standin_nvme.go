package board

import (
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// onRoot makes an endpoint of PCI Express an integrated one, as it is when it
// sits on the root complex itself and not behind a port (PCI Express Base
// Specification, 7.5.3.2: device/port type 9).
func onRoot(f *pcie.Func, root bool) *pcie.Func {
	express := f.FindCap(pcireg.CapExpress)
	if !root || express == 0 {
		return f
	}
	flags := express + 2
	f.Preset(flags, []byte{byte(f.ConfigRead(flags, 1)) | 9<<4}, []byte{0})
	return f
}
