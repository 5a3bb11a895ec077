package machine

import (
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/printk"
)

// isolate reads the parameters that keep interrupts away from processors, as
// they stand on the command line: isolcpus= and irqaffinity=.
func (m *Machine) isolate(c *cpu.CPU) {
	for _, word := range strings.Fields(m.cfg.Append) {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "isolcpus":
			m.isolateCPUs(c, value)
		case "irqaffinity":
			m.defaultAffinity(c, value)
		}
	}
}

// defaultAffinity models irq_affinity_setup (kernel/irq/irqdesc.c). The boot
// processor is in it whatever is said: somebody must take the interrupts.
func (m *Machine) defaultAffinity(c *cpu.CPU, list string) {
	mask, _ := parseCPUList(list, m.possible) // what could be read counts
	affinity.SetDefault(c, mask.With(c.ID))
}

// isolateCPUs models housekeeping_isolcpus_setup and housekeeping_setup
// (kernel/sched/isolation.c). Only managed_irq acts in this build: its
// scheduler has no domains that a processor could be taken out of.
func (m *Machine) isolateCPUs(c *cpu.CPU, value string) {
	flags, list, ok := isolationFlags(c, value)
	if !ok {
		return
	}
	mask, ok := parseCPUList(list, m.possible)
	if !ok {
		printk.Printk(c, printk.Warning, "Housekeeping: nohz_full= or isolcpus= incorrect CPU range")
		return
	}
	if mask.Count() == m.possible {
		printk.Printk(c, printk.Warning, "Housekeeping: must include one present CPU, using boot CPU:%d", c.ID)
		mask = mask.Without(c.ID)
	}
	if flags["managed_irq"] {
		affinity.Isolate(c, mask)
	}
}

// isolationFlags splits the flags from the list behind them. One that the
// kernel does not know is skipped, one that cannot be a flag spoils it all.
func isolationFlags(c *cpu.CPU, value string) (flags map[string]bool, list string, ok bool) {
	flags = map[string]bool{}
	for value != "" && isLetter(value[0]) {
		flag, rest, more := strings.Cut(value, ",")
		switch {
		case more && (flag == "nohz" || flag == "domain" || flag == "managed_irq"):
			flags[flag] = true
		case strings.ContainsFunc(flag, func(r rune) bool { return r != '_' && (r > 'z' || !isLetter(byte(r))) }):
			printk.Printk(c, printk.Warning, "isolcpus: Invalid flag %s", flag)
			return nil, "", false
		default:
			printk.Printk(c, printk.Info, "isolcpus: Skipped unknown flag %s", flag)
		}
		value = rest
	}
	return flags, value, true
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// parseCPUList models cpulist_parse for numbers and ranges below n; ok is
// false of anything else, and the mask has what stood before it.
func parseCPUList(list string, n int) (m cpumask.Mask, ok bool) {
	for part := range strings.SplitSeq(list, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		a, err1 := strconv.ParseUint(low, 10, 31)
		b, err2 := strconv.ParseUint(high, 10, 31)
		if err1 != nil || err2 != nil || a > b || int(b) >= n {
			return m, false
		}
		for id := a; id <= b; id++ {
			m.Add(int(id))
		}
	}
	return m, true
}
