// Package irq is the lab of chapter 5: the generic interrupt layer. The files
// named after the tasks are yours; parts.go plugs them into the machine.
package irq

import (
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/irq/drivers"
	"bothhalves/labs/irq/flows"
)

// Parts is what each task plugs into the machine. TASK/NAME are the parts
// that a task's script compares with.
func Parts() map[string][]machine.Part {
	mute := machine.WithModule(drivers.Mute())
	cycle := machine.WithModule(drivers.Cycle())
	parts := map[string][]machine.Part{
		"irq-dispatch":           {machine.WithDispatch(CommonInterrupt), machine.WithModule(drivers.Twins())},
		"irq-dispatch/reference": {machine.WithModule(drivers.Twins())},
		"irq-domain":             {machine.WithMSIDomain(domain{}), machine.WithModule(drivers.Levels(domain{})), cycle},
		"irq-domain/reference":   {machine.WithModule(drivers.Levels(nil)), cycle},
		"irq-shared":             {machine.WithActionWalk(RunActions), machine.WithNoteInterrupt(NoteInterrupt), machine.WithModule(drivers.Shared(RunActions, NoteInterrupt)), mute},
		"irq-shared/reference":   {mute},
		"irq-edge":               {machine.WithEdgeFlow(HandleEdge), machine.WithModule(drivers.Edge())},
		"irq-edge/reference":     {machine.WithModule(drivers.Edge())},
		"irq-thread":             {machine.WithModule(drivers.Slow(requestLine, requestMessage))},
		"irq-moved":              {machine.WithModule(drivers.Moves())},
		"irq-scenario":           {machine.WithModule(drivers.Wire())},
	}
	for name, flow := range flows.Broken() {
		parts["irq-scenario/"+name] = []machine.Part{machine.WithEdgeFlow(flow), machine.WithModule(drivers.Wire())}
	}
	return parts
}
