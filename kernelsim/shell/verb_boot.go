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
1, kernel 6.1, no network card. It takes the place of the machine that was there.
Kernel parameters that this kernel does not know are kept in /proc/cmdline, as
Linux keeps them.

boot -bare gives the hardware alone in its power-on state, with one MSI-X function
at 00:05.0, whose table is at 0xfebf0000 and whose pending bits are at 0xfebf8000.
No kernel runs, no core takes anything by itself, messages arrive at once, and
time passes in run alone; the clocks of the APICs and the TSC run at 1 GHz.

-device plugs in a stand-in that only interrupts: msix (1 to 2048 entries), legacy
(level-triggered INTx), edu (QEMU's, without a driver), or virtio-net, e1000e,
vmxnet3, which have as many entries as those devices have; or pattern, one device
with four ways to end an interrupt (modprobe pattern_ack, _arm, _mask or _none);
or metronome, which interrupts in time (modprobe halves; 1 to 8 entries).`,
		Flags: []Flag{
			{Name: "bare", Help: "no kernel: the hardware in its power-on state"},
			{Name: "machine", Arg: "BOARD", Help: "pc: 440FX and PIIX3; q35: Q35 and ICH9 (pc)"},
			{Name: "cpus", Arg: "N", Help: fmt.Sprintf("CPUs, 1 to %d (4)", machine.MaxCPUs)},
			{Name: "nodes", Arg: "N", Help: fmt.Sprintf("NUMA nodes, 1 to %d, the CPUs dealt out in runs (1)", machine.MaxNodes)},
			{Name: "threads", Arg: "T", Help: "threads of a core, neighbors in number: 1, 2, 4 or 8 (1)"},
			{Name: "cpu", Arg: "FEATURE,…", Help: "what the CPUs have beside the recorded ones: x2apic, tsc-deadline"},
			{Name: "kernel", Arg: "VERSION", Help: "whose behaviour: 4.9, 4.20, 5.14, 6.1 or 6.12 (6.1)"},
			{Name: "append", Arg: "'PARAMS'", Help: "the kernel's command line: percpu_alloc=embed|page, preempt=none|voluntary|full, watchdog_thresh=S, intremap=on, noirqdebug, irqfixup, irqpoll"},
			{Name: "hz", Arg: "N", Help: "ticks a second: 100, 250, 300 or 1000 (250)"},
			{Name: "seed", Arg: "S", Help: "another interleaving; 1 charges the price list as it stands (1)"},
			{Name: "cost", Arg: "FILE", Help: "a price list: lines NAME NANOSECONDS, over the default ones"},
			{Name: "nic", Arg: "none|ena[,queues=Q][,bdf=00:06.0]", Help: "network cards", Many: true},
			{Name: "blk", Arg: "nvme[,OPTION=…]…", Help: "block devices; options: queues=, managed=on|off, bdf=00:06.0, latency=20us of a command, channels=2 that work at once", Many: true},
			{Name: "device", Arg: "KIND[,OPTION=…]…", Help: "a device that only interrupts; options: name=, bdf=00:06.0, vectors=, managed=on|off, pin=A|B|C|D", Many: true},
			{Name: "msix", Arg: "ENTRIES", Help: "with -bare: entries of its function, 1 to 2048 (4)"},
			{Name: "ioapic", Arg: "VERSION", Help: "with -bare: 0x11, or 0x20 with an EOI register (0x20)"},
		},
		Run: runBoot, NoMachine: true, Runs: true,
	}
}

func runBoot(c *Call) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	m, err := c.bootMachine()
	if m == nil {
		var told *Error
		if errors.As(err, &told) {
			return told
		}
		return c.Fail(err.Error(), nil)
	}
	if errors.Is(err, machine.ErrInterrupted) {
		m.Close()
		return c.Fail("interrupted", nil)
	}
	c.Session.install(m)
	return c.ran(err)
}

// bootMachine builds the machine that the flags describe.
func (c *Call) bootMachine() (*machine.Machine, error) {
	if c.Has("bare") {
		cfg, err := c.bareConfig()
		if err != nil {
			return nil, err
		}
		return machine.BootBare(cfg, c.Session.parts...)
	}
	if err := c.bootRefusals(); err != nil {
		return nil, err
	}
	cfg, err := c.bootConfig()
	if err != nil {
		return nil, err
	}
	return machine.Boot(cfg, c.Session.parts...)
}

// bootConfig reads the flags that act in this build.
func (c *Call) bootConfig() (cfg machine.Config, err error) {
	if cfg.CPUs, err = c.FlagInt("cpus", 4, 1, machine.MaxCPUs); err != nil {
		return cfg, err
	}
	if cfg.Nodes, err = c.FlagInt("nodes", 1, 1, machine.MaxNodes); err != nil {
		return cfg, err
	}
	if cfg.Threads, err = c.FlagInt("threads", 1, 1, 8); err != nil {
		return cfg, err
	}
	if cfg.HZ, err = c.FlagInt("hz", 250, 1, unlimited); err != nil {
		return cfg, err
	}
	if cfg.Seed, err = c.seed(); err != nil {
		return cfg, err
	}
	cfg.Append, cfg.Kernel = c.Flag("append", ""), c.Flag("kernel", "6.1")
	if err = c.bootHardware(&cfg); err != nil {
		return cfg, err
	}
	cfg.Interrupted = c.Session.host.Interrupted
	cfg.Replay = Quote(c.words)
	cfg.Cost, err = c.bootCost()
	return cfg, err
}

// seed reads -seed.
func (c *Call) seed() (uint64, error) {
	text := c.Flag("seed", "1")
	seed, err := strconv.ParseUint(text, 0, 64)
	if err != nil || seed == 0 {
		return 0, c.Misuse("-seed: %s: not a number from 1 on", text)
	}
	return seed, nil
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
	for _, name := range []string{"msix", "ioapic"} {
		if c.Has(name) {
			return c.Misuse("-%s: goes with -bare only", name)
		}
	}
	return c.appendRefusals()
}

// appendRefusals refuses kernel parameters whose part of the kernel is not
// built yet: ignoring them would be a silent lie.
func (c *Call) appendRefusals() error {
	for _, param := range strings.Fields(c.Flag("append", "")) {
		name, _, _ := strings.Cut(param, "=")
		switch {
		case name == "irqaffinity":
			return c.comesWith("-append "+param, "device interrupts")
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
