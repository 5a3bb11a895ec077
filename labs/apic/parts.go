// Package apic is the lab of chapter 3: the interrupt controllers. The files
// named after the tasks are yours; parts.go plugs them into the machine.
package apic

import (
	"bothhalves/kernelsim/hw/i8259"
	"bothhalves/kernelsim/hw/lapic"
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/apic/drivers"
)

// Parts is what each task plugs into the machine. TASK/NAME are the parts
// that a task's script compares with.
func Parts() map[string][]machine.Part {
	return map[string][]machine.Part{
		"lapic-core":             drivers.Arbiter(NewArbiter),
		"lapic-core/reference":   drivers.Arbiter(lapic.NewArbiter),
		"lapic-collapse":         {machine.WithModule(drivers.Burst())},
		"lapic-noeoi":            {machine.WithModule(drivers.Quiet())},
		"ioapic-level":           {machine.WithEOIBroadcast(responder{}), machine.WithModule(drivers.Line(lineInterrupt))},
		"pic-spurious":           {machine.WithPIC(pair{})},
		"pic-spurious/reference": {machine.WithPIC(i8259.Cascade{})},
		"ipi-icr":                drivers.ICR(SendIPI),
		"ipi-icr/reference":      drivers.ICR(drivers.DefaultSend),
	}
}
