package entry

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/tick"
)

// The states of a CPU's NMI handling (arch/x86/kernel/nmi.c).
const (
	nmiNotRunning = iota
	nmiExecuting
	nmiLatched
)

var nmiState = percpu.New[int]("nmi_state")

// excNMI models asm_exc_nmi and exc_nmi. An IRET inside the handler, that of
// an exception, opens the door to a second NMI, whose frame the processor
// writes over the first one's: the entry code has copied that frame away
// before, so the second only leaves a note, and the first runs once more.
func excNMI(c *cpu.CPU, f *cpu.Frame) {
	f.Saved = true
	c.Stack.Push(regsBytes)
	c.Spend(cost.InterruptEntry)
	now := nmiState.Raw(c)
	if *now != nmiNotRunning {
		*now = nmiLatched
		return
	}
	for *now = nmiExecuting; *now != nmiNotRunning; *now-- {
		inNMI(c, func() {
			irqStat.Raw(c).NMI++
			defaultDoNMI(c)
		})
	}
}

// defaultDoNMI models default_do_nmi: who sent it? The watchdog's counter
// knows its own; then port 0x61 is asked; for what is left there is a saying.
func defaultDoNMI(c *cpu.CPU) {
	if tick.WatchdogNMI(c) {
		return
	}
	reason := uint8(0)
	if c.Platform != nil {
		reason = bus.InB(c, nmiReasonPort)
	}
	printk.Printk(c, printk.Emerg, "Uhhuh. NMI received for unknown reason %02x on CPU %d.", reason, c.ID)
	printk.Printk(c, printk.Emerg, "Dazed and confused, but trying to continue")
}

// nmiReasonPort is NMI_REASON_PORT.
const nmiReasonPort = 0x61
