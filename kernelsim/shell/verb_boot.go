package shell

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/machine"
)

func bootVerb() *Verb {
	return &Verb{
		Name: "boot", Group: GroupBench,
		Summary: "builds a machine, switches it on and boots its kernel",
		Detail: `boot alone gives the machine of the recordings: 4 CPUs on one node, HZ=250, seed
1, kernel 6.1, no network card (this build has none). It takes the place of the
machine that was there. Kernel parameters that this kernel does not know are kept
in /proc/cmdline, as Linux keeps them.`,
		Flags: []Flag{
			{Name: "machine", Arg: "pc", Help: "the board: 440FX and PIIX3"},
			{Name: "cpus", Arg: "N", Help: fmt.Sprintf("CPUs, 1 to %d (4)", machine.MaxCPUs)},
			{Name: "nodes", Arg: "N", Help: fmt.Sprintf("NUMA nodes, 1 to %d, the CPUs dealt out in runs (1)", machine.MaxNodes)},
			{Name: "threads", Arg: "1", Help: "threads of a core"},
			{Name: "kernel", Arg: "VERSION", Help: "whose behaviour (6.1)"},
			{Name: "append", Arg: "'PARAMS'", Help: "the kernel's command line: percpu_alloc=embed|page, preempt=none|voluntary|full, watchdog_thresh=S"},
			{Name: "hz", Arg: "N", Help: "ticks a second: 100, 250, 300 or 1000 (250)"},
			{Name: "seed", Arg: "S", Help: "another interleaving; 1 charges the price list as it stands (1)"},
			{Name: "cost", Arg: "FILE", Help: "a price list: lines NAME NANOSECONDS, over the default ones"},
			{Name: "nic", Arg: "none", Help: "network cards", Many: true},
			{Name: "bare", Held: true},
			{Name: "cpu", Arg: "FEATURE,…", Held: true},
			{Name: "blk", Arg: "nvme", Held: true, Many: true},
			{Name: "device", Arg: "KIND", Held: true, Many: true},
			{Name: "msix", Arg: "ENTRIES", Held: true},
			{Name: "ioapic", Arg: "VERSION", Held: true},
		},
		Run: runBoot, NoMachine: true, Runs: true,
	}
}

func runBoot(c *Call) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	if err := c.bootRefusals(); err != nil {
		return err
	}
	cfg, err := c.bootConfig()
	if err != nil {
		return err
	}
	m, err := machine.Boot(cfg, c.Session.parts...)
	if m == nil {
		return c.Fail(err.Error(), nil)
	}
	if errors.Is(err, machine.ErrInterrupted) {
		m.Close()
		return c.Fail("interrupted", nil)
	}
	c.Session.install(m)
	return c.ran(err)
}

// bootConfig reads the flags that act in this build.
func (c *Call) bootConfig() (cfg machine.Config, err error) {
	if cfg.CPUs, err = c.FlagInt("cpus", 4, 1, machine.MaxCPUs); err != nil {
		return cfg, err
	}
	if cfg.Nodes, err = c.FlagInt("nodes", 1, 1, machine.MaxNodes); err != nil {
		return cfg, err
	}
	if cfg.HZ, err = c.FlagInt("hz", 250, 1, unlimited); err != nil {
		return cfg, err
	}
	seed := c.Flag("seed", "1")
	if cfg.Seed, err = strconv.ParseUint(seed, 0, 64); err != nil || cfg.Seed == 0 {
		return cfg, c.Misuse("-seed: %s: not a number from 1 on", seed)
	}
	cfg.Append, cfg.Kernel = c.Flag("append", ""), c.Flag("kernel", "6.1")
	cfg.Interrupted = c.Session.host.Interrupted
	cfg.Replay = Quote(c.words)
	cfg.Cost, err = c.bootCost()
	return cfg, err
}

// bootCost reads the price list of -cost; nil is the default one.
func (c *Call) bootCost() (*cost.Table, error) {
	if !c.Has("cost") {
		return nil, nil
	}
	name := c.Flag("cost", "")
	text, err := c.readHost(name)
	if err != nil {
		return nil, c.Fail("-cost: "+name, err)
	}
	table := cost.Default()
	if err := table.Parse(string(text)); err != nil {
		return nil, c.Fail("-cost: "+name, err)
	}
	return &table, nil
}

// bootRefusals names the first thing asked for that this build does not have.
func (c *Call) bootRefusals() error {
	for _, held := range []struct{ flag, comes string }{
		{"bare", "the local APIC"}, {"cpu", "the local APIC"}, {"blk", "the block devices"},
		{"device", "the PCI bus"}, {"msix", "the bare machine"}, {"ioapic", "the bare machine"},
	} {
		if c.Has(held.flag) {
			return c.comesWith("-"+held.flag, held.comes)
		}
	}
	for _, nic := range c.flags["nic"] {
		if nic != "none" {
			return c.comesWith("-nic "+nic, "the network")
		}
	}
	switch board := c.Flag("machine", "pc"); board {
	case "pc":
	case "q35":
		return c.comesWith("-machine q35", "the boards' interrupt routing")
	default:
		return c.Misuse("-machine: %s: the board is pc", board)
	}
	if n, err := c.FlagInt("threads", 1, 1, machine.MaxCPUs); err != nil || n != 1 {
		return first(err, c.comesWith("-threads "+c.Flag("threads", ""), "interrupt spreading"))
	}
	return c.appendRefusals()
}

// appendRefusals refuses kernel parameters whose part of the kernel is not
// built yet: ignoring them would be a silent lie.
func (c *Call) appendRefusals() error {
	for _, param := range strings.Fields(c.Flag("append", "")) {
		name, _, _ := strings.Cut(param, "=")
		switch {
		case name == "threadirqs", name == "noapic", name == "irqaffinity", param == "pci=nomsi":
			return c.comesWith("-append "+param, "device interrupts")
		case name == "intremap":
			return c.comesWith("-append "+param, "interrupt remapping")
		case name == "isolcpus":
			return c.comesWith("-append "+param, "interrupt spreading")
		case name == "nr_cpus", name == "maxcpus", name == "possible_cpus", name == "nosmp":
			return c.comesWith("-append "+param, "CPU hotplug; -cpus N boots fewer")
		}
	}
	return nil
}

// comesWith refuses what belongs to the language and not to this build.
func (c *Call) comesWith(what, part string) error {
	return c.Fail(what+": comes with "+part+": not in this build", nil)
}
