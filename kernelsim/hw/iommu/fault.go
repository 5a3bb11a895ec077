package iommu

import "bothhalves/kernelsim/hw/iommu/iommureg"

// report records a fault.
func (u *Unit) report(why iommureg.Reason, index uint32, who uint16) {}
