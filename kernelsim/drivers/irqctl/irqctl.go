// Package irqctl is the helper module with which the recorded runs call
// disable_irq and enable_irq for other drivers: its parameter cmd, under
// /sys/module/irqctl/parameters, takes a word and an interrupt. Who writes it
// calls the function, on the processor on which he runs.
package irqctl

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
)

// Name is the module's name, Param that of its parameter.
const (
	Name  = "irqctl"
	Param = "cmd"
)

// Command does what a line written to the parameter says: disable N
// (disable_irq), nosync N (disable_irq_nosync), enable N (enable_irq) or sync N
// (synchronize_irq). EINVAL for anything else, and for an interrupt that does
// not exist. Those functions return nothing: of a mistake the kernel's log
// tells. Context: process context; it may sleep.
func Command(c *cpu.CPU, text string) error {
	word, number, _ := strings.Cut(strings.TrimSpace(text), " ")
	n, err := strconv.Atoi(number)
	do := command(word)
	if err != nil || do == nil || irq.ToDesc(c, irq.Number(n)) == nil {
		return fmt.Errorf("irqctl: %q: write disable, nosync, enable or sync, and the number of an interrupt: %w", text, errno.EINVAL)
	}
	do(c, irq.Number(n))
	return nil
}

// command is the function behind a word; nil for an unknown one.
func command(word string) func(c *cpu.CPU, n irq.Number) {
	switch word {
	case "disable":
		return func(c *cpu.CPU, n irq.Number) { _ = irq.Disable(c, n) }
	case "nosync":
		return func(c *cpu.CPU, n irq.Number) { _ = irq.DisableNoSync(c, n) }
	case "enable":
		return func(c *cpu.CPU, n irq.Number) { _ = irq.Enable(c, n) }
	case "sync":
		return irq.SynchronizeIRQ
	}
	return nil
}
