package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
)

// RequestNMI models request_nmi (kernel/irq/manage.c): the interrupt is to
// come as an NMI. No chip of a PC can do that, so the answer is EINVAL.
func RequestNMI(c *cpu.CPU, n Number, h Handler, flags Flags, name string, dev any) error {
	return fmt.Errorf("irq: interrupt %d cannot come as an NMI: %w", n, errno.EINVAL)
}
