package board

import (
	"fmt"

	"bothhalves/kernelsim/hw/legacy"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// Event lets what is plugged in at an address want to signal k, or with
// satisfied takes the wish back: what caused it was taken care of by other
// means. Which way it goes is up to software: by message where that is
// enabled or there is no pin, else by the pin.
func (b *Board) Event(bdf pcie.BDF, k int, satisfied bool) error {
	f := b.function(bdf)
	switch {
	case f == nil:
		return fmt.Errorf("no device is plugged in there; info pci lists what is on the bus")
	case f.legacy != nil:
		return f.legacyEvent(k, satisfied)
	case f.edu != nil:
		return f.eduEvent(k, satisfied)
	case f.pattern != nil:
		return f.patternEvent(k, satisfied)
	case f.metronome != nil && !satisfied:
		return f.beat(k)
	case f.usesPin():
		f.SetINTx(!satisfied)
		return nil
	case satisfied:
		return f.Satisfied(k)
	}
	return f.Func.Event(k)
}

// function finds what was plugged in at an address, nil if nothing was.
func (b *Board) function(bdf pcie.BDF) *Function {
	for _, f := range b.devices {
		if f.BDF() == bdf {
			return f
		}
	}
	return nil
}

// usesPin reports whether the function has a pin and messages are not enabled.
func (f *Function) usesPin() bool {
	messages := f.MSIX() != nil && f.MSIX().Enabled() || f.MSI() != nil && f.MSI().Enabled()
	return !messages && f.ConfigRead(pcireg.InterruptPin, 1) != 0
}

// legacyEvent sets or clears bit k of a legacy device's cause register.
func (f *Function) legacyEvent(k int, satisfied bool) error {
	if k < 0 || k > 31 {
		return fmt.Errorf("a legacy device has causes 0 to 31, not %d", k)
	}
	if satisfied {
		f.legacy.Registers().Write(legacy.Cause, 4, 1<<k)
	} else {
		f.legacy.Raise(1 << k)
	}
	return nil
}

// eduEvent sets or clears bit k of an educational device's status.
func (f *Function) eduEvent(k int, satisfied bool) error {
	switch {
	case k < 0 || k > 31:
		return fmt.Errorf("an edu device has causes 0 to 31, not %d", k)
	case satisfied:
		f.edu.Satisfy(1 << k)
	default:
		f.edu.Raise(1 << k)
	}
	return nil
}

// patternEvent lets n events happen, a microsecond apart.
func (f *Function) patternEvent(n int, satisfied bool) error {
	if satisfied {
		return fmt.Errorf("a pattern device learns from its registers alone that an event was seen")
	}
	f.pattern.Raise(n)
	return nil
}

// beat is a beat of a metronome's entry k, out of turn.
func (f *Function) beat(k int) error {
	if n := f.MSIX().Len(); k < 0 || k >= n {
		return fmt.Errorf("this metronome has entries 0 to %d, not %d", n-1, k)
	}
	f.metronome.Strike(k)
	return nil
}
