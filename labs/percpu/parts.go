// Package percpu is the lab of chapter 1: per-CPU variables. The files named
// after the tasks are yours; parts.go plugs them into the machine.
package percpu

import (
	"bothhalves/kernelsim/kernel/percpu/firstchunk"
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/percpu/drivers"
	"bothhalves/labs/percpu/rx"
)

// Parts is what each task plugs into the machine. TASK/NAME are the parts
// that a task's script compares with.
func Parts() map[string][]machine.Part {
	parts := map[string][]machine.Part{
		"percpu-carve":           drivers.Watch(SetupAreas).Parts(),
		"percpu-carve/reference": drivers.Watch(firstchunk.Setup).Parts(),
		"percpu-lostupdate":      {machine.WithModule(rx.Driver{Count: countRx, Audit: true}.Module())},
		"percpu-migrate":         {machine.WithModule(drivers.Pairs())},
		"percpu-batch":           {machine.WithModule(drivers.Flow())},
		"percpu-leak":            {machine.WithModule(drivers.NICStat()), machine.WithModule(drivers.NICTruth())},
		"percpu-scenario":        {machine.WithModule(rx.True().Module())},
	}
	for name, driver := range rx.Broken() {
		parts["percpu-scenario/"+name] = []machine.Part{machine.WithModule(driver.Module())}
	}
	return parts
}
