package iommu

// Read answers a read of the registers; see bus.Region.
func (u *Unit) Read(off uint32, size int) uint64 { return 0 }

// Write takes a write to the registers; see bus.Region.
func (u *Unit) Write(off uint32, size int, v uint64) {}
