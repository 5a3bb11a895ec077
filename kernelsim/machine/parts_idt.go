package machine

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/idt/idtabi"
	"bothhalves/kernelsim/kernel/printk"
)

// IDTParts are the replaceable parts of the way from a vector to C. What is
// nil is the default.
type IDTParts struct {
	Encode          func(gatereg.Gate) [gatereg.Size]byte
	Decode          func([gatereg.Size]byte) (gatereg.Gate, error)
	DeviceGate      func(v cpu.Vector, stub uint64) gatereg.Gate
	Limit           func(gates int) uint16
	VectorFromFrame func(origAX int64, abi idtabi.ABI) cpu.Vector
}

// WithEncodeGate replaces pack_gate: the kernel writes its table with it.
func WithEncodeGate(f func(gatereg.Gate) [gatereg.Size]byte) Part {
	return func(p *Parts) { p.IDT.Encode = f }
}

// WithDecodeGate replaces what every processor does with the sixteen bytes
// that it fetches. An error is #GP.
func WithDecodeGate(f func([gatereg.Size]byte) (gatereg.Gate, error)) Part {
	return func(p *Parts) { p.IDT.Decode = f }
}

// WithDeviceGate replaces the choice of the gate of a device's vector, whose
// stub stands at an address.
func WithDeviceGate(f func(v cpu.Vector, stub uint64) gatereg.Gate) Part {
	return func(p *Parts) { p.IDT.DeviceGate = f }
}

// WithIDTLimit replaces what goes into IDTR's limit for a table of so many
// gates.
func WithIDTLimit(f func(gates int) uint16) Part {
	return func(p *Parts) { p.IDT.Limit = f }
}

// WithVectorFromFrame replaces the first line of __common_interrupt and
// do_IRQ: from what the stub pushed to the vector.
func WithVectorFromFrame(f func(origAX int64, abi idtabi.ABI) cpu.Vector) Part {
	return func(p *Parts) { p.IDT.VectorFromFrame = f }
}

// idtConfig is how this machine's table is made.
func (m *Machine) idtConfig() idt.Config {
	return idt.Config{Release: m.release, Encode: m.parts.IDT.Encode, Device: m.parts.IDT.DeviceGate, Limit: m.parts.IDT.Limit}
}

// entryConfig is how this machine's stubs are read.
func (m *Machine) entryConfig() entry.Config {
	return entry.Config{VectorFromFrame: m.parts.IDT.VectorFromFrame, Dispatch: m.parts.IRQ.Dispatch}
}

// Release is what the machine's kernel version changes at the IDT.
func (m *Machine) Release() idt.Release { return m.release }

// tellRelease says in the log which part of the kernel is not that of the
// recordings.
func (m *Machine) tellRelease(c *cpu.CPU) {
	if m.release.Name != "6.1" {
		printk.Printk(c, printk.Notice, "kernelsim: IDT and entry stubs are those of Linux %s, all else is 6.1", m.release.Name)
	}
}
