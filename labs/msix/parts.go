// Package msix is the lab of chapter 4: MSI-X. The files named after the tasks
// are yours; parts.go plugs them into the machine.
package msix

import (
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/msix/drivers"
)

// Parts is what each task plugs into the machine. TASK/NAME are the parts
// that a task's script compares with.
func Parts() map[string][]machine.Part {
	messages := &drivers.Messages{Compose: Compose, Decode: Decode}
	return map[string][]machine.Part{
		"msix-compose":           messages.Parts(),
		"msix-compose/reference": drivers.DefaultMessages().Parts(),
		"msix-mask-pba":          {machine.WithMSIX(newVectors), machine.WithModule(drivers.Vectors(newVectors))},
		"msix-probe":             {machine.WithModule((&drivers.Driver{Entries: entries, Probe: probe, Remove: remove}).Module())},
		"msix-spread":            {machine.WithSpread(Spread), machine.WithModule(drivers.Spread(Spread))},
		"msix-spread/reference":  {machine.WithModule(drivers.Spread(affinity.Spread))},
		"msix-where":             {machine.WithModule(drivers.Where()), machine.WithModule(drivers.Stages())},
	}
}
