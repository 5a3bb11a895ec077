// Package idt is the lab of chapter 2: the interrupt descriptor table. The
// files named after the tasks are yours; parts.go plugs them into the machine.
package idt

import (
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/idt/drivers"
)

// Parts is what each task plugs into the machine. TASK/NAME are the parts
// that a task's script compares with.
func Parts() map[string][]machine.Part {
	gates := &drivers.Gates{Encode: EncodeGate, Decode: DecodeGate, Limit: Limit}
	return map[string][]machine.Part{
		"idt-gate":           gates.Parts(),
		"idt-gate/reference": drivers.Default().Parts(),
		"idt-stub":           {machine.WithVectorFromFrame(VectorFromFrame), machine.WithModule(drivers.Stubs())},
		"idt-stub/reference": {machine.WithModule(drivers.Stubs())},
		"idt-nest":           {machine.WithModule(drivers.Nest())},
		"idt-if":             {machine.WithDeviceGate(deviceGate), machine.WithModule(drivers.Storm())},
		"idt-if/reference":   {machine.WithModule(drivers.Storm())},
	}
}
