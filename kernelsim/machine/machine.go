package machine

import (
	"fmt"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/drivers/nvme"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/irqremap"
	"bothhalves/kernelsim/kernel/memblock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/image"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// A Machine is one simulated computer with its kernel. It is used by one
// goroutine; two machines share nothing.
type Machine struct {
	cfg    Config
	parts  Parts
	params cmdline

	release   idt.Release
	eng       *sim.Engine
	cpus      []*cpu.CPU
	secondary []*sim.Coroutine // what a start-up IPI lets each CPU run
	possible  int              // processors that the firmware's table lists
	hooks     cpu.Hooks
	ring      *trace.Ring
	bus       *bus.Bus
	board     *board.Board
	remap     *irqremap.Unit // nil: the board has no remapping unit
	bare      []*bareCore    // the cores of a bare machine, which has no CPUs

	memory  *memblock.Memory
	image   *image.Image
	section percpu.Section
	binding *percpu.Binding
	areas   percpu.Areas
	modules []*loaded
	disks   []*nvme.Driver
	dma     []dmaRegion // that drivers have taken
	report  *oops.Report
	booted  bool
}

// spareOffset is where kernel variables go whose offset in the real image was
// not recorded: behind ksoftirqd and before irq_stat no recorded symbol lies.
const spareOffset percpu.Off = 0x21000

// ipiLatency is how long an interprocessor interrupt is under way.
const ipiLatency = 500 * sim.Nanosecond

// Boot builds a machine and boots its kernel: it returns when all CPUs idle.
// The error is a *oops.Report when the kernel, or a part in it, broke a rule;
// the machine is then returned too, to be looked at.
func Boot(cfg Config, parts ...Part) (*Machine, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Machine{cfg: cfg, parts: newParts(parts), params: parseCmdline(cfg.Append),
		eng: sim.New(cfg.CPUs), ring: trace.NewRing(cfg.TraceLimit), bus: bus.New(), image: image.Default()}
	m.release, err = idt.FindRelease(cfg.Kernel)
	if err != nil {
		return nil, err
	}
	m.eng.PollHost(cfg.Interrupted)
	m.ring.Names().SetHZ(cfg.HZ)
	m.buildCPUs()
	if err := m.wire(); err != nil {
		return nil, err
	}
	if err := m.prepareMemory(); err != nil {
		return nil, err
	}
	if err := m.powerOn(); err != nil {
		return m, err
	}
	m.booted = true
	return m, nil
}

// buildCPUs makes the processors.
func (m *Machine) buildCPUs() {
	m.hooks = cpu.Hooks{
		Preempt:         sched.Preempt,
		CheckPreemption: sched.CheckPreemption,
		Reschedule:      apic.SendReschedule,
		Context:         softirq.ContextOf,
	}
	text := cpu.NewText()
	for id := range m.cfg.CPUs {
		m.cpus = append(m.cpus, cpu.New(cpu.Setup{Proc: m.eng.Proc(id), Price: m.cfg.Cost,
			Seed: m.cfg.Seed, Hooks: &m.hooks, Ring: m.ring, Text: text,
			Decode: m.parts.IDT.Decode}))
	}
	for _, c := range m.cpus {
		c.Peers = m.cpus
		c.PowerOn(c.ID == 0)
		c.OnStartUp(m.startUp)
	}
	m.secondary = make([]*sim.Coroutine, m.cfg.CPUs)
}

// wire puts the processors on their board.
func (m *Machine) wire() (err error) {
	signals := make([]cpu.Signals, len(m.cpus))
	for i, c := range m.cpus {
		signals[i] = c
	}
	if m.board, err = board.New(m.eng, signals, m.boardConfig(m.bus)); err != nil {
		return err
	}
	for i, c := range m.cpus {
		c.Attach(m.board.APICs[i], m.bus)
	}
	if m.parts.wired != nil {
		m.parts.wired(m)
	}
	return nil
}

// prepareMemory takes the board's RAM and links the kernel's per-CPU section.
func (m *Machine) prepareMemory() error {
	board, err := memblock.PC(m.cfg.Nodes)
	if err != nil {
		return err
	}
	if m.memory, err = memblock.New(board); err != nil {
		return err
	}
	m.binding = percpu.Link(m.image.Offset, spareOffset)
	m.section = m.image.Section()
	return m.binding.Image(m.section.Image)
}

// CPUs are the processors by number.
func (m *Machine) CPUs() []*cpu.CPU { return m.cpus }

// Config is the configuration with its defaults filled in.
func (m *Machine) Config() Config { return m.cfg }

// Engine is the engine that drives the machine.
func (m *Machine) Engine() *sim.Engine { return m.eng }

// Ring is the trace.
func (m *Machine) Ring() *trace.Ring { return m.ring }

// Bus is the physical address space.
func (m *Machine) Bus() *bus.Bus { return m.bus }

// Now is the machine's time.
func (m *Machine) Now() sim.Time { return m.eng.Now() }

// Events is the number of moves since power-on: what save, back and step
// count in.
func (m *Machine) Events() uint64 { return m.eng.Steps() }

// Dmesg is the kernel's log.
func (m *Machine) Dmesg() []printk.Line { return printk.Lines(m.cpus[0]) }

// Tasks lists the tasks, the idle tasks first.
func (m *Machine) Tasks() []*sched.Task { return sched.Tasks(m.cpus[0]) }

// Report is what ended the machine, nil while it lives.
func (m *Machine) Report() *oops.Report { return m.report }

// Areas is the first per-CPU chunk, nil before it stands.
func (m *Machine) Areas() percpu.Areas { return m.areas }

// Layout describes the first chunk; false if the part that set it up does not
// tell.
func (m *Machine) Layout() (percpu.Layout, bool) {
	d, ok := m.areas.(percpu.Describer)
	if !ok {
		return percpu.Layout{}, false
	}
	return d.Layout(), true
}

// Section is the linked per-CPU section: its image before boot copied it.
func (m *Machine) Section() percpu.Section { return m.section }

// Node is the NUMA node of a CPU.
func (m *Machine) Node(id int) int { return m.cfg.node(id) }

// PreemptModel is the kernel's preemption model: none, voluntary or full.
func (m *Machine) PreemptModel() string { return m.params.preempt }

// A Symbol is a per-CPU variable as info percpu lists it.
type Symbol struct {
	*percpu.Declaration
	Off      percpu.Off
	Recorded bool // the offset is that of the recorded kernel
}

// Symbols lists the kernel's and the loaded modules' per-CPU variables by
// offset.
func (m *Machine) Symbols() []Symbol {
	list := m.symbolsOf("")
	for _, mod := range m.modules {
		list = append(list, m.symbolsOf(mod.Name)...)
	}
	return sortedByOffset(list)
}

func (m *Machine) symbolsOf(module string) []Symbol {
	var list []Symbol
	for _, d := range percpu.Declarations(module) {
		if off, ok := m.binding.Offset(d); ok {
			_, known := m.image.Offset(d.Name)
			list = append(list, Symbol{d, off, known && module == ""})
		}
	}
	return list
}

// State is one CPU as cpu N state prints it.
type State struct {
	IF           bool
	PreemptCount uint32
	Context      string // task, hardirq, softirq or nmi
	Task         string
}

// State looks at CPU n from outside.
func (m *Machine) State(n int) State {
	c := m.cpus[n]
	s := State{IF: c.IF(), PreemptCount: preempt.Count(c), Context: "task"}
	switch {
	case preempt.InNMI(c):
		s.Context = "nmi"
	case preempt.InHardIRQ(c):
		s.Context = "hardirq"
	case preempt.InServingSoftIRQ(c):
		s.Context = "softirq"
	}
	if t := sched.Current(c); t != nil {
		s.Task = t.Comm
	}
	return s
}

// Interrupt lets a vector arrive at CPU n from outside, as a device's message
// would.
func (m *Machine) Interrupt(n int, v cpu.Vector) error {
	if n < 0 || n >= len(m.cpus) {
		return fmt.Errorf("no CPU %d: this machine has 0 to %d", n, len(m.cpus)-1)
	}
	m.board.Fabric.Arrive(nil, lapicreg.Message{Dest: m.board.APICs[n].ID(), Wide: true, Vector: uint8(v)})
	return nil
}

// Close ends all tasks. The machine can be looked at afterwards, not run.
func (m *Machine) Close() { m.eng.Close() }
