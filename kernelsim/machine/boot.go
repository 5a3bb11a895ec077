package machine

import (
	"cmp"
	"fmt"
	"slices"

	"bothhalves/kernelsim/drivers/standin"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/blkmq"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/dyn"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/rcu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/kernel/tsc"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/sim"
)

// imageAddr is __per_cpu_load of the recorded kernel (kallsyms): where the
// linker left the section's initial image.
const imageAddr percpu.Addr = 0xffffffff83044000

// bootLimit is more virtual time than any boot takes.
const bootLimit = 10 * sim.Second

// powerOn starts the boot CPU at start_kernel and runs until all is quiet.
func (m *Machine) powerOn() error {
	boot := m.cpus[0]
	m.earlyGS(boot)
	boot.Start(sched.InitIdle(boot, m.startKernel))
	_, err := m.eng.RunIdle(bootLimit)
	return m.outcome(err)
}

// earlyGS models what head_64.S does with initial_gs: until the areas are set
// up, the boot CPU's per-CPU variables are the image itself.
func (m *Machine) earlyGS(c *cpu.CPU) {
	m.binding.Load(c, imageAddr, m.section.Image)
}

// startKernel models start_kernel (init/main.c) as far as this machine has
// what it sets up. It runs as pid 0 of the boot CPU, and ends as its idle
// loop.
func (m *Machine) startKernel(t *sched.Task) {
	c := t.CPU()
	m.firmware(c)
	m.earlyGates(c)
	m.setupArch(c)
	m.setupPerCPUAreas(c)
	m.spuriousParams(c)
	trapInit(c)
	sched.Init(c, sched.Config{HZ: m.cfg.HZ, PreemptFull: m.params.preempt == "full"})
	printk.Printk(c, printk.Info, "Dynamic Preempt: %s", m.params.preempt)
	m.initBalance(c)
	m.initRCU(c)
	m.initIRQ(c)
	m.initTimers(c)
	m.initWorkqueues(c)
	m.initSoftIRQ(c)
	c.STI()
	told(c, standin.RequestTimer(c))
	apic.IntrModeInit(c)
	m.takeOver(c)
	m.startClock(c)
	m.restInit(t)
	m.smpInit(c)
	sched.InitSMP(c)
	told(c, standin.RequestBoard(c))
	blkmq.Init(c)
	m.initPCI(c)
	entry.FreeInit(c)
	dyn.EnableAsync(c)
	vector.Trace(c)
	sched.Started(c)
	sched.IdleLoop(t)
}

// earlyGates models the first stages of the IDT, in x86_64_start_kernel and
// setup_arch: something catches an exception from the first line on.
func (m *Machine) earlyGates(c *cpu.CPU) {
	idt.Init(c, m.idtConfig())
	entry.Install(c, m.entryConfig())
	idt.SetupEarlyHandler(c)
	idt.SetupEarlyTraps(c)
	idt.SetupEarlyPF(c)
}

// trapInit models trap_init: the processor's own stacks, then the gates that
// name them.
func trapInit(c *cpu.CPU) {
	entry.InitStacks(c)
	idt.SetupTraps(c)
}

// initIRQ models native_init_IRQ.
func (m *Machine) initIRQ(c *cpu.CPU) {
	apic.InitIRQ(c)
	idt.SetupAPICAndIRQGates(c)
	m.initInterrupts(c)
}

// initSoftIRQ models softirq_init.
func (m *Machine) initSoftIRQ(c *cpu.CPU) {
	softirq.Init(c, softirq.Config{Rules: softirq.RulesOf(m.release.Name), Force: m.params.threadIRQs,
		OwnStack: entry.OnOwnStack, TickEnter: tick.IRQEnter, TickExit: tick.IRQExit, Quiescent: rcu.SoftIRQQuiescent,
		Loop: m.parts.SoftIRQ.Loop, Exit: m.parts.SoftIRQ.Exit})
	tasklet.Init(c, tasklet.Config{Schedule: m.parts.SoftIRQ.Schedule, Action: m.parts.SoftIRQ.Action})
}

// setupArch models setup_arch as far as it asks the firmware's tables which
// processors there are.
func (m *Machine) setupArch(c *cpu.CPU) {
	m.banner(c)
	sched.SetArchDesc(c, m.hardwareName())
	tsc.EarlyInit(c)
	apic.Init(c, m.apicConfig())
	apic.CheckX2APIC(c)
	m.setPossible(apic.ParseMADT(c))
	printk.Printk(c, printk.Info, "smpboot: Allowing %d CPUs, 0 hotplug CPUs", m.possible)
}

// setPossible models nr_cpu_ids: for this kernel there are no processors but
// those that the table has named and the driver can name.
func (m *Machine) setPossible(n int) {
	m.possible = n
	m.cpus = m.cpus[:n]
	for _, c := range m.cpus {
		c.Peers = m.cpus
	}
}

func (m *Machine) banner(c *cpu.CPU) {
	printk.Printk(c, printk.Notice, "Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)")
	m.tellRelease(c)
	printk.Printk(c, printk.Info, "Command line: %s", m.cfg.Append)
	for _, w := range m.params.warnings {
		printk.Printk(c, printk.Warning, "%s", w)
	}
}

// setupPerCPUAreas models setup_per_cpu_areas around its decision, which is
// the replaceable part: build the request, print what the part printed, load
// the boot CPU's new GS base.
func (m *Machine) setupPerCPUAreas(c *cpu.CPU) {
	areas, err := m.parts.SetupAreas(&percpu.SetupRequest{Section: m.section, CPUs: m.possible,
		Node: m.cfg.node, Nodes: m.cfg.Nodes, Memory: m.memory, Alloc: m.params.percpuAlloc})
	if err != nil {
		m.panicAreas(c, err)
	}
	m.areas = areas
	if d, ok := areas.(percpu.Describer); ok {
		for _, msg := range d.Layout().Messages {
			printk.Printk(c, printk.ParseLevel(msg.Level), "%s", msg.Text)
		}
	}
	for _, p := range m.cpus {
		m.loadGS(p)
	}
	if err := dyn.Init(c, m.layout(), areas, m.memory); err != nil {
		m.panicAreas(c, err)
	}
	printk.Printk(c, printk.Notice, "Kernel command line: %s", m.cfg.Append)
}

// loadGS models load_percpu_segment: MSR_GS_BASE of p becomes its unit's
// address. An address without memory behind it is the first page fault of
// the boot.
func (m *Machine) loadGS(p *cpu.CPU) {
	base := m.areas.Offset(p.ID)
	mem, err := m.memory.Bytes(base, uint64(len(m.section.Image)+m.section.Reserved+earlyDynamic))
	if err != nil {
		m.faultGS(p, base, err)
	}
	m.binding.Load(p, base, mem)
	cpuNumber.Poke(p, uint32(p.ID))
	thisCPUOff.Poke(p, uint64(base))
}

// earlyDynamic is PERCPU_DYNAMIC_EARLY_SIZE: what every unit must have behind
// its static and reserved parts.
const earlyDynamic = 12 << 10

// layout describes the first chunk to the allocator behind alloc_percpu. Of
// areas that do not tell, it knows what it asked for: each unit stands alone.
func (m *Machine) layout() percpu.Layout {
	if l, ok := m.Layout(); ok {
		return l
	}
	l := percpu.Layout{Static: len(m.section.Image), Reserved: m.section.Reserved, Dynamic: m.section.Dynamic,
		Base: m.areas.Offset(0)}
	for _, p := range m.cpus {
		l.Base = min(l.Base, m.areas.Offset(p.ID))
	}
	l.UnitSize = l.Static + l.Reserved + l.Dynamic
	l.AllocSize = l.UnitSize
	for _, p := range m.cpus {
		l.Groups = append(l.Groups, percpu.Group{BaseOffset: uint64(m.areas.Offset(p.ID) - l.Base), CPUs: []int{p.ID}})
	}
	return l
}

// The two words that setup_per_cpu_areas itself writes into every unit.
var (
	cpuNumber  = percpu.NewWord[uint32]("cpu_number", 0)
	thisCPUOff = percpu.NewWord[uint64]("this_cpu_off", 0)
)

// restInit models rest_init: init and kthreadd exist, and the boot CPU's own
// threads. Pids are those of the recorded boots (smp-boot, percpu-threads):
// the numbers between belong to threads that this machine does not have.
func (m *Machine) restInit(t *sched.Task) {
	c := t.CPU()
	sched.Spawn(c, "init", sched.Attr{User: true}, sleepForever)
	sched.Spawn(c, "kthreadd", sched.Attr{}, sleepForever)
	m.startWorkqueues(t)
	sched.SkipPIDs(c, 3)
	softirq.StartThread(c, 0)
	rcu.StartThread(c)
	sched.StartStopper(c, c)
	m.startWatchdog(t)
	hotplug.Init(c, hotplug.Config{Boot: m.bootAgain})
	hotplug.StartThread(c, 0)
	hotplug.AddDriver(c, &hotplug.Driver{Name: "softirq:dead",
		Dead: softIRQDead})
	hotplug.AddDriver(c, &hotplug.Driver{Name: "block/softirq:dead",
		Dead: func(t *sched.Task, n int) { blkmq.CPUDead(t.CPU(), n) }})
}

// smpInit models smp_init (kernel/smp.c): each further CPU in turn gets its
// threads, its GS base and its idle task, and starts.
func (m *Machine) smpInit(c *cpu.CPU) {
	printk.Printk(c, printk.Info, "smp: Bringing up secondary CPUs ...")
	m.announce(c)
	for _, p := range m.cpus[1:m.possible] {
		m.bringUp(c, p)
	}
	up := apic.Online(c)
	printk.Printk(c, printk.Info, "smp: Brought up %d node%s, %d CPU%s",
		m.cfg.Nodes, plural(m.cfg.Nodes), up.Count(), plural(up.Count()))
	printk.Printk(c, printk.Info, "smpboot: Total of %d processors activated (%d.00 BogoMIPS)", up.Count(), 5200*up.Count())
	apic.UpdateShorthand(c)
}

// announce models announce_cpu: which CPUs come up on which node.
func (m *Machine) announce(c *cpu.CPU) {
	if m.cfg.CPUs == 1 {
		return
	}
	printk.Printk(c, printk.Info, "x86: Booting SMP configuration:")
	width := digits(m.possible) + 1
	for node := range m.cfg.Nodes {
		line := fmt.Sprintf(".... node %*s#%d, CPUs:  ", digits(m.cfg.Nodes)+1-digits(node), " ", node)
		for id := range m.possible {
			if m.cfg.node(id) == node && id > 0 {
				line += announced(id, width)
			}
		}
		printk.Printk(c, printk.Info, "%s", line)
	}
}

// announced is one CPU in the list; the first one leaves room for CPU 0,
// which needs no bringing up.
func announced(id, width int) string {
	pad := ""
	if id == 1 {
		pad = fmt.Sprintf("%*s", width+1, " ")
	}
	return pad + fmt.Sprintf("%*s#%d", width-digits(id), " ", id)
}

func digits(n int) int { return len(fmt.Sprint(n)) }

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// bringUp models cpu_up for p: its threads are made, it gets an idle task, and
// its start-up IPIs. The other half is startSecondary.
func (m *Machine) bringUp(c, p *cpu.CPU) {
	if apic.CanBoot(c, p.ID) {
		m.secondary[p.ID] = sched.InitIdle(p, m.startSecondary)
		hotplug.StartThread(c, p.ID)
		sched.StartStopper(c, p)
		hotplug.Own(c, p.ID, softirq.StartThread(c, p.ID))
		m.prepareWorkers(c, p)
	}
	_ = apic.CPUUp(c, p.ID) // smp_init goes on with the next one; the log tells
	m.onlineWorkers(c, p)
}

// startSecondary models start_secondary (arch/x86/kernel/smpboot.c).
func (m *Machine) startSecondary(t *sched.Task) {
	c := t.CPU()
	entry.InitStacks(c)
	idt.Load(c)
	apic.SecondaryInit(c)
	apic.CallIn(c)
	m.onlineInterrupts(c)
	apic.SetOnline(c)
	m.startClock(c)
	sched.FoldNeedResched(c)
	c.STI()
	hotplug.OnlineIdle(c)
	sched.IdleLoop(t)
}

// sleepForever is the body of a thread whose work comes with a later part of
// the kernel: it waits to be woken or told to stop.
func sleepForever(t *sched.Task) {
	for !t.ShouldStop() {
		if t.ShouldPark() {
			sched.ParkMe(t)
		}
		sched.SetState(t, sched.Interruptible)
		sched.Schedule(t.CPU())
	}
}

func sortedByOffset(list []Symbol) []Symbol {
	slices.SortStableFunc(list, func(a, b Symbol) int { return cmp.Compare(a.Off, b.Off) })
	return list
}
