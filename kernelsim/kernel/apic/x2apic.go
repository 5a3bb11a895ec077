package apic

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
)

// CheckX2APIC models check_x2apic: what did the firmware leave? It has to turn
// x2APIC mode on where a processor's ID needs more than eight bits. Context:
// setup_arch.
func CheckX2APIC(c *cpu.CPU) {
	s := shared.Of(c)
	switch {
	case rdmsr(c, msrAPICBase)&x2apicEnable != 0:
		printk.Printk(c, printk.Info, "x2apic: enabled by BIOS, switching to x2apic ops")
		s.mode, s.state = true, x2apicOn
	case !s.cfg.X2APIC:
		s.state = x2apicDisabled
	}
	if s.cfg.NoX2APIC && s.state != x2apicDisabled {
		noX2APIC(c)
	}
}

// noX2APIC models setup_nox2apic.
func noX2APIC(c *cpu.CPU) {
	s := shared.Of(c)
	if s.mode {
		printk.Printk(c, printk.Warning, "x2apic already enabled.")
		disableX2APIC(c)
	}
	s.state, s.mode = x2apicDisabled, false
}

// ParseMADT models acpi_parse_madt as far as processors go: the table names
// each by its APIC ID, those from 255 on in entries of their own kind, which
// only an x2APIC driver takes. It returns how many processors are possible.
// Context: setup_arch.
func ParseMADT(c *cpu.CPU) int {
	s := shared.Of(c)
	if s.mode { // default_acpi_madt_oem_check
		if s.phys {
			switchTo(c, &s.drvs[x2apicPhys], "Setting")
		} else {
			switchTo(c, &s.drvs[x2apicCluster], "Setting")
		}
	}
	for n := range s.cfg.CPUs {
		if s.drv.valid(s, physicalID(n)) {
			s.possible.Add(n)
		} else {
			printk.Printk(c, printk.Warning, "ACPI: x2apic entry ignored")
		}
	}
	return s.possible.Count()
}

// enableIRX2APIC models enable_IR_x2apic: while the way of messages changes no
// line may send one.
func enableIRX2APIC(c *cpu.CPU) {
	s := shared.Of(c)
	if s.cfg.NoIOAPIC {
		printk.Printk(c, printk.Info, "Not enabling interrupt remapping due to skipped IO-APIC setup")
		return
	}
	if s.cfg.Remap == nil && !(s.cfg.X2APIC && !s.cfg.NoX2APIC) {
		return
	}
	flags := c.SaveFlags()
	maskAll8259A(c)
	saved := maskEntries(c)
	x2apic, ok := false, false
	if s.cfg.Remap != nil {
		x2apic, ok = s.cfg.Remap.Enable(c)
	}
	s.remapped = ok
	tryX2APIC(c, ok && x2apic)
	if !ok {
		restoreEntries(c, saved)
	}
	restore8259AMask(c)
	c.RestoreFlags(flags)
}

// tryX2APIC models try_to_enable_x2apic: on a board that nobody emulates,
// x2APIC mode is for those who can remap interrupts, because an MSI or a pin
// could not name a processor beyond 255.
func tryX2APIC(c *cpu.CPU, remapped bool) {
	s := shared.Of(c)
	switch {
	case s.state == x2apicDisabled:
	case !remapped:
		printk.Printk(c, printk.Info, "x2apic: IRQ remapping doesn't support X2APIC mode")
		was := s.state
		s.state = x2apicDisabled
		if was == x2apicOn {
			disableX2APIC(c)
		}
		s.mode = false
	case s.state == x2apicOff:
		s.mode, s.state = true, x2apicOn
		enableX2APIC(c)
	}
}

// enableX2APIC models __x2apic_enable, disableX2APIC __x2apic_disable: the one
// way back leads through the disabled state.
func enableX2APIC(c *cpu.CPU) {
	v := rdmsr(c, msrAPICBase)
	if v&x2apicEnable != 0 {
		return
	}
	wrmsr(c, msrAPICBase, v|x2apicEnable)
	if once := &shared.Of(c).once; !once.enabled {
		once.enabled = true
		printk.Printk(c, printk.Info, "x2apic enabled")
	}
}

func disableX2APIC(c *cpu.CPU) {
	v := rdmsr(c, msrAPICBase)
	if v&x2apicEnable == 0 {
		return
	}
	wrmsr(c, msrAPICBase, v&^(x2apicEnable|xapicEnable))
	wrmsr(c, msrAPICBase, v&^x2apicEnable)
	if once := &shared.Of(c).once; !once.disabled {
		once.disabled = true
		printk.Printk(c, printk.Info, "x2apic disabled")
	}
}

// setupX2APIC models x2apic_setup: a processor that comes up takes the mode of
// the others.
func setupX2APIC(c *cpu.CPU) {
	if shared.Of(c).state < x2apicOn {
		disableX2APIC(c)
		return
	}
	enableX2APIC(c)
}
