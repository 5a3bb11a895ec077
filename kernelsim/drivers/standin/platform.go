// Package standin has drivers that stand in for real ones: they request the
// interrupts that those request, under the same names and in the same order,
// and do nothing else.
package standin

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
)

// RequestTimer models setup_default_timer_irq (arch/x86/kernel/time.c).
func RequestTimer(c *cpu.CPU) error {
	return irq.Request(c, 0, alarm, irq.NoBalance|irq.IRQPoll|irq.Timer, "timer", nil)
}

// RequestCascade models the end of native_init_IRQ (arch/x86/kernel/irqinit.c)
// where there is no I/O APIC: the second 8259A of the pair is heard.
func RequestCascade(c *cpu.CPU) error {
	return irq.Request(c, 2, alarm, irq.NoThread, "cascade", nil)
}

// RequestBoard requests what the drivers of a PC's own devices do, in the
// order of the recorded boots: the system control interrupt, the keyboard
// controller, the clock, and the serial ports when they are opened. Of the
// keyboard controller's second port it is tried first whether its interrupt
// comes (i8042_check_aux, drivers/input/serio/i8042.c).
func RequestBoard(c *cpu.CPU) error {
	initKeyboard(c)
	for _, r := range [...]struct {
		n     irq.Number
		serve irq.Handler
		name  string
		flags irq.Flags
		trial bool
	}{
		{9, notMine, "acpi", irq.Shared, false},
		{12, notMine, "i8042", irq.Shared, true}, {12, notMine, "i8042", irq.Shared, false}, {1, serveKeyboard, "i8042", irq.Shared, false},
		{8, notMine, "rtc0", 0, false}, {4, notMine, "ttyS0", irq.Shared, false}, {3, notMine, "ttyS1", irq.Shared, false},
	} {
		if err := irq.Request(c, r.n, r.serve, r.flags, r.name, r.name); err != nil {
			return err
		}
		if r.trial {
			_, _ = irq.Free(c, r.n, r.name) // it was requested
		}
	}
	return nil
}

// alarm is the handler of what always has a reason and nothing to do for it.
func alarm(*cpu.CPU, irq.Number, any) irq.Return { return irq.Handled }

// notMine is the handler of a device that never has one: nothing is there.
func notMine(*cpu.CPU, irq.Number, any) irq.Return { return irq.None }
