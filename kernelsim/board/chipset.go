package board

// addChipset plugs in the functions that are part of the board: host bridge,
// ISA bridge and what hangs on them.
func (b *Board) addChipset() error {
	if b.cfg.Machine == Bare {
		return nil
	}
	b.firmwarePIRQs()
	return nil
}
