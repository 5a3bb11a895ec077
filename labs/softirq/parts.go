// Package softirq is the lab of chapter 6: softirqs, tasklets and workqueues.
// The files named after the tasks are yours; parts.go plugs them into the
// machine.
package softirq

import (
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/softirq/drivers"
)

// Parts is what each task plugs into the machine. TASK/NAME are the parts
// that a task's script compares with.
func Parts() map[string][]machine.Part {
	passes := machine.WithModule(drivers.Passes())
	exits := machine.WithModule(drivers.Exits())
	bells := machine.WithModule(drivers.Bells())
	parts := map[string][]machine.Part{
		"softirq-loop":           {machine.WithSoftirqLoop(DoSoftirq), passes},
		"softirq-loop/reference": {passes},
		"softirq-exit":           {machine.WithIRQExit(IRQExit), exits},
		"softirq-exit/reference": {exits},
		"tasklet-core":           {machine.WithTasklets(Schedule, Action), bells},
		"tasklet-core/reference": {bells},
		"right-context":          {machine.WithModule(drivers.Meter(drivers.MeterDriver{Interrupt: interrupt, Thread: inThread, Tasklet: inTasklet, Work: inWork, Remove: remove}))},
		"softirq-starve":         {machine.WithModule(drivers.Flood())},
		"softirq-versions":       {machine.WithModule(drivers.Raises())},
	}
	return parts
}
