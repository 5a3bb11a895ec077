// Package samples models the kernel tree's samples/ directory: small modules
// that do one thing, to be loaded, watched and read. Some count, each in another
// way, and show in a file under /proc what they have counted; some drive one
// device, each in another way; two leave work to bottom halves. Several are
// wrong, and that is what they are for.
package samples

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// Parts offers every sample to modprobe.
func Parts() []machine.Part {
	var parts []machine.Part
	for _, m := range Modules() {
		parts = append(parts, machine.WithModule(m))
	}
	return parts
}

// Modules lists the samples.
func Modules() []machine.Module {
	return append([]machine.Module{
		{Name: "count_shared", Init: countShared, Files: file("count_shared", showShared)},
		{Name: "count_locked", Init: countLocked, Files: file("count_locked", showShared)},
		{Name: "count_percpu", Init: countPerCPU, Files: file("count_percpu", showOwn)},
		{Name: "count_irq", Init: countIRQ, Exit: exitIRQ, Files: file("count_irq", showIRQ)},
		{Name: "count_pair", Init: countPair, Files: file("count_pair", showPair)},
		{Name: "count_raw", Init: countRaw},
		{Name: "count_stale", Init: countStale},
		halvesModule(), raiserModule(),
	}, append(doorModules(), append(eduModules(), patternModules()...)...)...)
}

func file(name string, show func(c *cpu.CPU) string) []machine.File {
	return []machine.File{{Name: name, Read: show}}
}

// Turns is how often each thread of count_shared, count_locked and
// count_percpu counts.
const Turns = 1000

// slowest is how long the slowest thread took for its turns.
var slowest = percpu.Shared[sim.Time]("samples_slowest")

// onEveryCPU starts a thread bound to each CPU that takes Turns turns.
func onEveryCPU(c *cpu.CPU, name string, turn func(t *sched.Task)) {
	longest := slowest.Of(c)
	*longest = 0
	for n := range c.Peers {
		sched.KThreadOn(c, n, name, func(t *sched.Task) {
			start := t.CPU().Now()
			for range Turns {
				turn(t)
			}
			*longest = max(*longest, t.CPU().Now()-start)
		})
	}
}

// result is what the three modules with a thread on every CPU show.
func result(c *cpu.CPU, counted int) string {
	return fmt.Sprintf("expected %d\ncounted %d\nslowest CPU %dns\n", Turns*len(c.Peers), counted, *slowest.Of(c))
}
