// Package machine puts a whole machine together: hardware, kernel, and the
// parts that a student may replace. It is the only package that knows every
// default part.
package machine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/firstchunk"
)

// A Config says what machine to boot. The zero value of a field is its
// default.
type Config struct {
	CPUs  int // possible CPUs; 4
	Nodes int // NUMA nodes; 1
	// Threads of a core, neighbors in number: 1, 2, 4 or 8; 1.
	Threads int
	HZ      int         // ticks a second; 250
	Seed    uint64      // 1: the price list as it stands; others stretch charges
	Append  string      // the kernel's command line
	Kernel  string      // 6.1; a name of idt.Releases
	Cost    *cost.Table // nil: the default price list
	// Board is pc or q35; pc.
	Board string
	// X2APIC and TSCDeadline: the processors offer them (boot -cpu).
	X2APIC, TSCDeadline bool
	// Devices are plugged in in this order.
	Devices []board.Device
	// TraceLimit is how many trace records are kept; 65536.
	TraceLimit int
	// Interrupted is asked now and then during a run: true ends it.
	Interrupted func() bool
	// Replay is the command that shows this machine again, for reports.
	Replay string
}

// Limits of a Config.
const (
	MaxCPUs  = 256
	MaxNodes = 8
)

// withDefaults fills in and checks.
func (cfg Config) withDefaults() (Config, error) {
	cfg.CPUs = either(cfg.CPUs, 4)
	cfg.Nodes = either(cfg.Nodes, 1)
	cfg.Threads = either(cfg.Threads, 1)
	cfg.HZ = either(cfg.HZ, 250)
	cfg.Seed = either(cfg.Seed, 1)
	cfg.TraceLimit = either(cfg.TraceLimit, 1<<16)
	cfg.Kernel = either(cfg.Kernel, "6.1")
	cfg.Board = either(cfg.Board, board.PC)
	if cfg.Cost == nil {
		t := cost.Default()
		cfg.Cost = &t
	}
	switch {
	case cfg.CPUs < 1 || cfg.CPUs > MaxCPUs:
		return cfg, fmt.Errorf("%d CPUs: this machine has 1 to %d", cfg.CPUs, MaxCPUs)
	case cfg.Nodes < 1 || cfg.Nodes > min(cfg.CPUs, MaxNodes):
		return cfg, fmt.Errorf("%d nodes: choose 1 to %d, and no more than CPUs (%d)", cfg.Nodes, MaxNodes, cfg.CPUs)
	case !slices.Contains([]int{1, 2, 4, 8}, cfg.Threads):
		return cfg, fmt.Errorf("%d threads: a core has 1, 2, 4 or 8", cfg.Threads)
	case cfg.CPUs%cfg.Threads != 0 || cfg.perNode()%cfg.Threads != 0:
		return cfg, fmt.Errorf("%d CPUs on %d nodes are no whole cores of %d threads", cfg.CPUs, cfg.Nodes, cfg.Threads)
	case !slices.Contains([]int{100, 250, 300, 1000}, cfg.HZ):
		return cfg, fmt.Errorf("HZ=%d: a kernel is built with 100, 250, 300 or 1000", cfg.HZ)
	}
	return cfg, nil
}

func either[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// node is the NUMA node of a CPU: CPUs are dealt to nodes in runs, as QEMU
// deals them.
func (cfg Config) node(id int) int {
	return min(id/cfg.perNode(), cfg.Nodes-1)
}

// perNode is how many CPUs a node has, unless it is the last one.
func (cfg Config) perNode() int { return (cfg.CPUs + cfg.Nodes - 1) / cfg.Nodes }

// A Module is what modprobe loads: a lab's driver or a sample. Init and Exit
// run in a kernel thread, so they may sleep.
type Module struct {
	Name string
	Init func(c *cpu.CPU) error
	Exit func(c *cpu.CPU)
	// Files are the files under /proc that exist while it is loaded.
	Files []File
	// Params are its parameters, files in /sys/module/NAME/parameters.
	Params []File
}

// A File is a file that a module offers under /proc.
type File struct {
	Name  string // below /proc
	Read  func(c *cpu.CPU) string
	Write func(c *cpu.CPU, text string) error // nil: read-only
}

// Parts are the replaceable parts of a machine.
type Parts struct {
	SetupAreas percpu.SetupAreas
	Modules    []Module
	IDT        IDTParts
	APIC       APICParts
	MSIX       MSIXParts
	IRQ        IRQParts
	SoftIRQ    SoftIRQParts
	Board      board.Parts
	wired      func(m *Machine) // for tests
}

// A Part replaces one of them.
type Part func(*Parts)

// WithSetupAreas replaces setup_per_cpu_areas.
func WithSetupAreas(f percpu.SetupAreas) Part {
	return func(p *Parts) { p.SetupAreas = f }
}

// WithModule offers a module to modprobe. A later one of the same name takes
// the place of an earlier one.
func WithModule(mod Module) Part {
	return func(p *Parts) {
		p.Modules = slices.DeleteFunc(p.Modules, func(m Module) bool { return m.Name == mod.Name })
		p.Modules = append(p.Modules, mod)
	}
}

func newParts(parts []Part) Parts {
	p := Parts{SetupAreas: firstchunk.Setup, Modules: helpers()}
	for _, part := range parts {
		part(&p)
	}
	return p
}

// cmdline is the kernel's parsed command line (kernel/params.c).
type cmdline struct {
	percpuAlloc    string
	preempt        string
	watchdogThresh int
	threadIRQs     bool
	spurious       []string // noirqdebug, irqfixup, irqpoll, as they stand
	blacklist      []string // modules that are not loaded at boot
	traceEvents    []string // those that are on from the beginning
	warnings       []string
}

// parseCmdline reads the parameters that act in this build; the kernel passes
// the others on to user space. A bad value is warned about and has no effect,
// as in Linux.
func parseCmdline(text string) cmdline {
	k := cmdline{preempt: "voluntary", watchdogThresh: 10}
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "percpu_alloc":
			k.setAlloc(value)
		case "preempt":
			k.setPreempt(value)
		case "threadirqs":
			k.threadIRQs = true
		case "noirqdebug", "irqfixup", "irqpoll":
			k.spurious = append(k.spurious, name)
		case "watchdog_thresh":
			k.setThresh(value)
		case "trace_event": // setup_trace_event (kernel/trace/trace_events.c)
			k.traceEvents = strings.Split(value, ",")
		case "modprobe.blacklist": // modprobe reads it (modprobe.d, "blacklist")
			k.blacklist = append(k.blacklist, strings.Split(value, ",")...)
		}
	}
	return k
}

// setAlloc models percpu_alloc_setup (mm/percpu.c).
func (k *cmdline) setAlloc(value string) {
	if value != "embed" && value != "page" {
		k.warn("percpu: unknown allocator %s specified", value)
		return
	}
	k.percpuAlloc = value
}

// setPreempt models setup_preempt_mode (kernel/sched/core.c).
func (k *cmdline) setPreempt(value string) {
	if !slices.Contains([]string{"none", "voluntary", "full"}, value) {
		k.warn("Dynamic Preempt: unsupported mode: %s", value)
		return
	}
	k.preempt = value
}

// setThresh models watchdog_thresh_setup (kernel/watchdog.c); 0 turns the
// watchdog off, 60 is the most that the sysctl takes.
func (k *cmdline) setThresh(value string) {
	if n, err := strconv.Atoi(value); err == nil && n >= 0 && n <= 60 {
		k.watchdogThresh = n
	}
}

func (k *cmdline) warn(format string, args ...any) {
	k.warnings = append(k.warnings, fmt.Sprintf(format, args...))
}
