// Package irq is the lab of chapter 5: the generic interrupt layer. The files
// named after the tasks are yours; parts.go plugs them into the machine.
package irq

import (
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/irq/drivers"
)

// Parts is what each task plugs into the machine. TASK/NAME are the parts
// that a task's script compares with.
func Parts() map[string][]machine.Part {
	return map[string][]machine.Part{
		"irq-dispatch":           {machine.WithDispatch(CommonInterrupt), machine.WithModule(drivers.Twins())},
		"irq-dispatch/reference": {machine.WithModule(drivers.Twins())},
		"irq-edge":               {machine.WithEdgeFlow(HandleEdge), machine.WithModule(drivers.Edge())},
		"irq-edge/reference":     {machine.WithModule(drivers.Edge())},
	}
}
