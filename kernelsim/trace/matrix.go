package trace

// A Matrix is what the irq_matrix events tell (include/trace/events/
// irq_matrix.h): a vector, the books of one CPU, and those of all.
type Matrix struct {
	Bit, CPU              uint32
	Online                bool
	Avail, Alloc, Managed uint32 // of that CPU
	Maps                  uint32 // how many CPUs are online
	GlobalAvail, Total    uint32
	Reserved              uint32
}

// Pack puts it into a record's four words: there are no more than 256 vectors
// on each of 256 CPUs, so that all sums but the last fit into 16 bits.
func (m Matrix) Pack() (a, b, c, d uint32) {
	a = m.Bit&0xff | m.CPU&0xff<<8 | m.Maps&0x1ff<<17
	if m.Online {
		a |= 1 << 16
	}
	return a, m.Avail&0x3ff | m.Alloc&0x3ff<<10 | m.Managed&0x3ff<<20, m.GlobalAvail&0xffff | m.Total<<16, m.Reserved
}

// UnpackMatrix undoes Pack.
func UnpackMatrix(r *Record) Matrix {
	return Matrix{Bit: r.A & 0xff, CPU: r.A >> 8 & 0xff, Online: r.A>>16&1 != 0, Maps: r.A >> 17,
		Avail: r.B & 0x3ff, Alloc: r.B >> 10 & 0x3ff, Managed: r.B >> 20,
		GlobalAvail: r.C & 0xffff, Total: r.C >> 16, Reserved: r.D}
}
