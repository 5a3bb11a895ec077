// Package channels is what the task msix-probe is about: a board with many
// channels, each of which can interrupt by itself, and its driver's own data.
package channels

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
)

// A Board is the driver's private data of one board (pci_get_drvdata).
type Board struct {
	Dev *pci.Dev
	// IRQs is how many interrupts the driver has for it: probe says so, for
	// remove.
	IRQs int

	channels map[int]*Channel
}

// A Channel is one channel of a board: what its handler is told.
type Channel struct {
	N          int
	Interrupts int // how many came
	Wrong      int // how many of those came by another channel's interrupt
	irq        irq.Number
}

// Channel is channel n of the board.
func (b *Board) Channel(n int) *Channel {
	if b.channels == nil {
		b.channels = make(map[int]*Channel)
	}
	if b.channels[n] == nil {
		b.channels[n] = &Channel{N: n}
	}
	return b.channels[n]
}

// Name is what channel n's interrupt is called in /proc/interrupts.
func Name(n int) string { return fmt.Sprintf("plda-msix%d", n) }

// Interrupt is the handler of each channel (irq_handler_t); dev is the
// *Channel. Context: hard interrupt.
func Interrupt(_ *cpu.CPU, n irq.Number, dev any) irq.Return {
	ch := dev.(*Channel)
	if ch.Interrupts++; ch.irq != 0 && ch.irq != n {
		ch.Wrong++
	}
	ch.irq = n
	return irq.Handled
}
