package lapic

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// Dump is the APIC as the monitor's `info lapic` prints it (QEMU 7.2,
// x86_cpu_dump_local_apic_state in target/i386/cpu-dump.c).
func (a *APIC) Dump() string { return a.DumpAs(int(a.cfg.ID)) }

// DumpAs is Dump for a processor whose number is not its APIC ID.
func (a *APIC) DumpAs(cpu int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "dumping local APIC state for CPU %-2d\n\n", cpu)
	a.dumpLVT(&b)
	fmt.Fprintf(&b, "Timer\t DCR=%#x (divide by %d) initial_count = %d current_count = %d\n",
		a.timer.divide, lapicreg.Divisor(a.timer.divide), a.timer.initial, a.timer.current())
	fmt.Fprintf(&b, "SPIV\t 0x%08x APIC %s, focus=%s, spurious vec %d\n",
		a.svr, pick(a.enabled(), "enabled", "disabled"), "off", a.svr&0xff)
	a.dumpICR(&b)
	fmt.Fprintf(&b, "ESR\t 0x%08x\n", a.esr)
	irr, isr, tmr := a.arb.State()
	dumpSet(&b, "ISR", &isr, &tmr)
	dumpSet(&b, "IRR", &irr, &tmr)
	fmt.Fprintf(&b, "\nAPR 0x%02x TPR 0x%02x DFR 0x%02x LDR 0x%02x", a.cfg.ID, a.tpr, a.dfr>>28, a.ldr>>24)
	if a.dfr>>28 == lapicreg.DFRCluster {
		fmt.Fprintf(&b, "(cluster %d: id %d)", a.ldr>>28, a.ldr>>24&15)
	}
	fmt.Fprintf(&b, " PPR 0x%02x\n", a.arb.PPR(a.tpr))
	return b.String()
}

// dumpLVT prints the entries in the monitor's order; it knows no CMCI.
func (a *APIC) dumpLVT(b *strings.Builder) {
	for _, e := range []struct {
		name string
		s    Source
	}{{"LVT0", LINT0}, {"LVT1", LINT1}, {"LVTPC", PMC}, {"LVTERR", Error}, {"LVTTHMR", Thermal}, {"LVTT", Timer}} {
		lvt := a.lvt[e.s]
		has := func(bit uint32, yes, no string) string { return pick(lvt&bit != 0, yes, no) }
		timer := ""
		if e.s == Timer {
			timer = [4]string{"one-shot", "periodic", "tsc-deadline", "periodic"}[timerMode(lvt)]
		}
		mode := lvtMode(lvt)
		fmt.Fprintf(b, "%s\t 0x%08x %s %-5s %-6s %-7s %-12s %-6s", e.name, lvt,
			has(lapicreg.LVTActiveLow, "active-lo", "active-hi"), has(lapicreg.LVTLevel, "level", "edge"),
			has(lapicreg.LVTMasked, "masked", ""), has(lapicreg.LVTPending, "pending", ""), timer,
			[8]string{"Fixed", "...", "SMI", "...", "NMI", "INIT", "...", "ExtINT"}[mode])
		if mode != lapicreg.NMI {
			fmt.Fprintf(b, " (vec %d)", lvt&0xff)
		}
		b.WriteByte('\n')
	}
}

// dumpICR prints the two halves of the ICR, and whom they address.
func (a *APIC) dumpICR(b *strings.Builder) {
	has := func(bit uint32, yes, no string) string { return pick(a.icr&bit != 0, yes, no) }
	short := lapicreg.Shorthand(a.icr >> lapicreg.ICRShortShift & 3)
	fmt.Fprintf(b, "ICR\t 0x%08x %s %s %s %s\n", a.icr, has(lapicreg.ICRLogical, "logical", "physical"),
		has(lapicreg.ICRLevel, "level", "edge"), has(lapicreg.ICRAssert, "assert", "de-assert"), short)
	fmt.Fprintf(b, "ICR2\t 0x%08x", a.icrTop)
	if short == lapicreg.NoShorthand {
		b.WriteString(a.destination())
	}
	b.WriteByte('\n')
}

// destination is whom the ICR addresses without a shorthand.
func (a *APIC) destination() string {
	x2, dest := a.mode() == x2apic, a.icrTop>>24
	switch logical := a.icr&lapicreg.ICRLogical != 0; {
	case x2 && !logical:
		return fmt.Sprintf(" cpu %d (X2APIC ID)", a.icrTop)
	case x2:
		return fmt.Sprintf(" cluster %d mask %016b (X2APIC ID)", a.icrTop>>16, a.icrTop&0xffff)
	case !logical:
		return fmt.Sprintf(" cpu %d (APIC ID)", dest)
	case a.dfr>>28 == lapicreg.DFRFlat:
		return fmt.Sprintf(" mask %08b (APIC ID)", dest)
	case a.dfr>>28 == lapicreg.DFRCluster:
		return fmt.Sprintf(" cluster %d mask %04b (APIC ID)", dest>>4, dest&15)
	}
	return ""
}

// dumpSet prints the vectors of IRR or ISR.
func dumpSet(b *strings.Builder, name string, set, tmr *lapicreg.Set) {
	b.WriteString(name + "\t ")
	none := "(none)"
	for v := range 256 {
		if set.Has(uint8(v)) {
			fmt.Fprintf(b, "%d%s ", v, pick(tmr.Has(uint8(v)), "(level)", ""))
			none = ""
		}
	}
	b.WriteString(none + "\n")
}

// pick is one of two words.
func pick(which bool, yes, no string) string {
	if which {
		return yes
	}
	return no
}
