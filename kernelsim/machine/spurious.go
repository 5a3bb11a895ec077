package machine

import (
	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
)

// spuriousParams lets the parameters act that say what becomes of interrupts
// that nobody wants, in their order.
func (m *Machine) spuriousParams(c *cpu.CPU) {
	for _, name := range m.params.spurious {
		switch name {
		case "noirqdebug":
			irq.NoDetection(c)
		case "irqfixup":
			irq.FixMisrouted(c)
		case "irqpoll":
			irq.PollMisrouted(c)
		}
	}
}

// hardwareName is what the recorded firmware calls the board
// (dmi_format_ids, drivers/firmware/dmi_scan.c).
func (m *Machine) hardwareName() string {
	name := "QEMU Standard PC (i440FX + PIIX, 1996)"
	if m.cfg.Board == board.Q35 {
		name = "QEMU Standard PC (Q35 + ICH9, 2009)"
	}
	return name + ", BIOS 1.16.2-debian-1.16.2-1 04/01/2014"
}

// Domains lists the kernel's interrupt domains; none on a bare machine.
func (m *Machine) Domains() []*irq.Domain {
	if m.Bare() || len(m.cpus) == 0 || m.cpus[0].GS.Slots == nil {
		return nil
	}
	return irq.Domains(m.cpus[0])
}
