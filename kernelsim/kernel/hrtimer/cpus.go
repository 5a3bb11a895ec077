package hrtimer

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/sim"
)

// system is the package's state that all processors share.
type system struct {
	kick   func(c *cpu.CPU, n int)
	warned bool
	free   []*Timer // of sleepers: see sleep
}

var shared = percpu.Shared[system]("hrtimer_system")

// A Config is what the package needs of those above it.
type Config struct {
	// Kick lets processor n call Retrigger (smp_call_function_single_async).
	Kick func(c *cpu.CPU, n int)
}

var baseClass = lock.NewClass("hrtimer_bases.lock")

// InitTimers models hrtimers_init and hrtimers_prepare_cpu of all processors.
// Context: once, at boot, on the boot processor.
func InitTimers(c *cpu.CPU, cfg Config) {
	shared.Of(c).kick = cfg.Kick
	for _, p := range c.Peers {
		prepare(c, bases.Raw(p), p.ID)
	}
	softirq.Open(c, softirq.HRTimer, runSoftIRQ)
}

// prepare models hrtimers_prepare_cpu.
func prepare(c *cpu.CPU, b *cpuBase, id int) {
	b.lock.Init(c, baseClass)
	b.id = id
	b.hard.cpu, b.sft.cpu = b, b
	b.expires, b.softNext = sim.Forever, sim.Forever
}

// Starting models hrtimers_cpu_starting and the handing over of the clock event
// device: the processor that calls takes timers. Context: interrupts off.
func Starting(c *cpu.CPU, dev ClockEventDevice) {
	b := bases.Raw(c)
	b.dev = dev
	b.hang, b.activated, b.next, b.nextSoft = false, false, nil, nil
	b.expires, b.softNext = sim.Forever, sim.Forever
	b.online = true
}

// Dying models hrtimers_cpu_dying: the timers of the processor that calls are
// to's business now, which has to look again (Retrigger). Its clock stops.
// Context: everybody else held by stop_machine, interrupts off.
func Dying(c, to *cpu.CPU) {
	from, heir := bases.Raw(c), bases.Raw(to)
	heir.lock.Lock(c) // nobody else runs who could want the other one
	migrate(c, &from.hard, &heir.hard)
	migrate(c, &from.sft, &heir.sft)
	heir.lock.Unlock(c)
	from.online = false
	from.dev.Shutdown()
	from.dev = nil
}

// migrate models migrate_hrtimer_list.
func migrate(c *cpu.CPU, from, to *clockBase) {
	for t := from.first(); t != nil; t = from.first() {
		from.pop(t)
		t.base = to
		to.enqueue(c, t, Abs, true)
	}
}
