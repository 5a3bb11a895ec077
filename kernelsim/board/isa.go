package board

import (
	"bothhalves/kernelsim/hw/i8259"
	"bothhalves/kernelsim/hw/pit"
)

// addLegacy makes what every PC has had since 1984: the 8259A pair and the
// timer. The pair's output leads to LINT0 of all APICs and, as on every board
// since the multiprocessor specification, to pin 0 of the IOAPIC.
func (b *Board) addLegacy() error {
	b.PIC = i8259.New(b.intr)
	if b.cfg.Parts.PIC != nil {
		b.PIC.Replace(b.cfg.Parts.PIC)
	}
	b.Bus.OnINTA(b.PIC.INTA)
	if err := b.PIC.Map(b.Bus.Ports()); err != nil {
		return err
	}
	b.PIT = pit.New(b.eng, b.timerLine)
	return b.PIT.Map(b.Bus.Ports())
}

// intr is the wire from the 8259A pair's INT.
func (b *Board) intr(high bool) {
	for _, a := range b.APICs {
		a.SetLINT(0, high)
	}
	b.IOAPIC.SetPin(0, high)
}

// timerLine is the PIT's output: line 0 of the pair and, by the override that
// ACPI tells of, pin 2 of the IOAPIC.
func (b *Board) timerLine(high bool) {
	b.PIC.SetLine(0, high)
	b.IOAPIC.SetPin(2, high)
}

// ISALine drives ISA interrupt n, which leads to both controllers. 0 is the
// timer's and 2 the cascade's.
func (b *Board) ISALine(n int, high bool) {
	switch {
	case n == 0:
		b.timerLine(high)
	case n > 0 && n < 16 && n != 2:
		b.PIC.SetLine(n, high)
		b.IOAPIC.SetPin(n, high)
	}
}
