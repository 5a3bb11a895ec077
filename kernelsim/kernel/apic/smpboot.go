package apic

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/sim"
)

// Trampoline is real_mode_header->trampoline_start of the recorded kernel: the
// page below 1 MiB where a processor begins, which a start-up IPI can name.
const Trampoline = 0x99000

// CPUUp models native_cpu_up and do_boot_cpu (arch/x86/kernel/smpboot.c): the
// processor is woken, and the caller waits until it is online. EINVAL for one
// that the driver in use cannot name, EIO for one that shows no sign of life.
// Context: interrupts on.
func CPUUp(c *cpu.CPU, n int) error {
	s := shared.Of(c)
	if !CanBoot(c, n) {
		printk.Printk(c, printk.Err, "smpboot: native_cpu_up: bad cpu %d", n)
		return errno.EINVAL
	}
	s.initialized.Remove(n)
	wakeSecondary(c, physicalID(n))
	if !wait(c, &s.initialized, n, 10*sim.Second) {
		printk.Printk(c, printk.Err, "smpboot: do_boot_cpu failed(-1) to wakeup CPU#%d", n)
		return errno.EIO
	}
	s.callout.Add(n)
	wait(c, &s.callin, n, sim.Forever)
	wait(c, &s.online, n, sim.Forever)
	return nil
}

// CanBoot is native_cpu_up's look at the processor's ID (apic_id_valid).
func CanBoot(c *cpu.CPU, n int) bool {
	s := shared.Of(c)
	return s.possible.Has(n) && s.drv.valid(s, physicalID(n))
}

// wait spins until processor n is in the mask; false after a time.
func wait(c *cpu.CPU, m *Mask, n int, limit sim.Time) bool {
	for end := c.Now() + min(limit, sim.Forever-c.Now()); !m.Has(n); {
		if c.Now() >= end {
			return false
		}
		c.Spend(cost.CPURelax)
	}
	return true
}

// wakeSecondary models wakeup_secondary_cpu_via_init: INIT, its de-assertion,
// and the start-up IPI twice, because the first may have been lost. On
// processors of this century no pause is needed behind INIT (init_udelay 0).
func wakeSecondary(c *cpu.CPU, id uint32) {
	errors := maxLVT(c) > 3
	if errors {
		Write(c, regESR, 0)
	}
	Read(c, regESR)
	writeICR(c, icrLevel|icrAssert|modeINIT, id)
	waitIdle(c)
	writeICR(c, icrLevel|modeINIT, id)
	waitIdle(c)
	for range 2 {
		if errors {
			Write(c, regESR, 0)
		}
		Read(c, regESR)
		writeICR(c, modeStartUp|Trampoline>>12, id)
		udelay(c, 10)
		waitIdle(c)
		udelay(c, 10)
		if errors {
			Write(c, regESR, 0)
		}
		if bad := Read(c, regESR) & 0xef; bad != 0 {
			printk.Printk(c, printk.Err, "smpboot: APIC delivery error (%x)", bad)
			return
		}
	}
}

// udelay models udelay: the loop of delay_tsc.
func udelay(c *cpu.CPU, us int) {
	for range us {
		c.Spend(cost.ProbeLoop)
	}
}

// SecondaryInit models cpu_init of start_secondary: the new processor takes
// the mode of the others, shows that it lives, and waits for the word to go
// on.
func SecondaryInit(c *cpu.CPU) {
	setupX2APIC(c)
	s := shared.Of(c)
	s.initialized.Add(c.ID)
	wait(c, &s.callout, c.ID, sim.Forever)
}

// CallIn models smp_callin: the new processor sets up its local APIC.
func CallIn(c *cpu.CPU) {
	setupLocalAPIC(c)
	endLocalAPICSetup(c)
	shared.Of(c).callin.Add(c.ID)
}

// SetOnline models set_cpu_online.
func SetOnline(c *cpu.CPU) { shared.Of(c).online.Add(c.ID) }

// Online is cpu_online_mask.
func Online(c *cpu.CPU) Mask { return shared.Of(c).online }
