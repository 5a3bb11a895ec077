// Fails: wherever request_irq fails, probe hands the error on and leaves nothing
// Misconception: a request that fails is worth a line in the log, and the driver goes on

package msix

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"

	"bothhalves/labs/msix/channels"
)

// kinds are the kinds of interrupts that the board can use, the best first, and
// spread over the processors.
const kinds = pci.IRQAllTypes | pci.IRQAffinity

// entries is how many entries the board's MSI-X table has. The message control
// word says so.
func entries(c *cpu.CPU, d *pci.Dev) int {
	control := d.Read16(c, d.MSIXCap+2)
	return int(control&0x7ff) + 1
}

// probe gives the board's channels their interrupts: as many as the board has
// and the machine can give. An error leaves nothing behind.
func probe(c *cpu.CPU, b *channels.Board) error {
	n, err := pci.AllocIRQVectors(c, b.Dev, 1, entries(c, b.Dev), kinds)
	if err != nil {
		return err
	}
	for b.IRQs = 0; b.IRQs < n; b.IRQs++ {
		if err := request(c, b, b.IRQs); err != nil {
			continue
		}
	}
	return nil
}

// request asks for the interrupt of channel n.
func request(c *cpu.CPU, b *channels.Board, n int) error {
	nr, err := pci.IRQVector(b.Dev, n)
	if err != nil {
		return err
	}
	return irq.Request(c, nr, channels.Interrupt, irq.Shared, channels.Name(n), b.Channel(n))
}

// remove undoes what probe has done.
func remove(c *cpu.CPU, b *channels.Board) {
	for b.IRQs > 0 {
		b.IRQs--
		if nr, err := pci.IRQVector(b.Dev, b.IRQs); err == nil {
			irq.Free(c, nr, b.Channel(b.IRQs))
		}
	}
	pci.FreeIRQVectors(c, b.Dev)
}
