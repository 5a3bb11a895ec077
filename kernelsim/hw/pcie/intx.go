package pcie

import "bothhalves/kernelsim/hw/pcie/pcireg"

// A pin is the function's interrupt pin: a level, not an event.
type pin struct {
	asserted bool // the device wants it
	high     bool // what the route was told last
	route    func(pin int, high bool)
}

// SetINTx asserts or deasserts the interrupt pin (PCI local bus specification
// 3.0, 2.2.6). Bit 3 of the status register shows what the device wants; the
// pin follows unless bit 10 of the command register forbids it, or MSI or
// MSI-X is enabled: a function uses one way at a time.
func (f *Func) SetINTx(assert bool) {
	if f.config.now[pcireg.InterruptPin] == 0 {
		return
	}
	f.pin.asserted = assert
	f.drivePin()
}

// drivePin brings the status bit and the pin up to date.
func (f *Func) drivePin() {
	status := f.config.word(pcireg.StatusReg) &^ pcireg.StatusInterrupt
	if f.pin.asserted {
		status |= pcireg.StatusInterrupt
	}
	f.config.setWord(pcireg.StatusReg, status)

	high := f.pin.asserted && !f.command(pcireg.CommandNoINTx) && !f.usesMessages()
	if high == f.pin.high {
		return
	}
	f.pin.high = high
	if f.pin.route != nil {
		f.pin.route(int(f.config.now[pcireg.InterruptPin]), high)
	}
}

// INTx is the level of the pin as others see it.
func (f *Func) INTx() bool { return f.pin.high }

// usesMessages reports whether MSI or MSI-X is enabled.
func (f *Func) usesMessages() bool {
	return f.msi != nil && f.msi.Enabled() || f.msix != nil && f.msix.Enabled()
}
