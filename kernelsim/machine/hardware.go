package machine

import (
	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic"
)

// A Core is a processor as the bench that is clipped to it sees it: it makes
// the core's accesses and pulls at its pins. It is a *cpu.CPU where a kernel
// runs.
type Core interface {
	ReadPhys(addr uint64, size int) uint64
	WritePhys(addr uint64, size int, v uint64)
	In(port uint16, size int) uint32
	Out(port uint16, size int, v uint32)
	RDMSR(index uint32) (v uint64, ok bool)
	WRMSR(index uint32, v uint64) (ok bool)
	CLI()
	STI()
	IF() bool
	NMI()
}

var (
	_ Core = (*cpu.CPU)(nil)
	_ Core = (*bareCore)(nil)
)

// Board is the hardware around the cores, nil while there is none.
func (m *Machine) Board() *board.Board { return m.board }

// Bare reports whether the machine is hardware alone, without a kernel.
func (m *Machine) Bare() bool { return m.bare != nil }

// Processors is how many processors the machine has.
func (m *Machine) Processors() int { return max(len(m.cpus), len(m.bare)) }

// Core is processor n.
func (m *Machine) Core(n int) Core {
	if m.Bare() {
		return m.bare[n]
	}
	return m.cpus[n]
}

// APIC is the local APIC of processor n.
func (m *Machine) APIC(n int) *lapic.APIC { return m.board.APICs[n] }

// Bench lets somebody act on the hardware from outside, between two moves of
// the machine. A part that panics there ends the machine, as it does in a run.
func (m *Machine) Bench(act func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			m.eng.Fail(v)
			err = m.outcome(nil)
		}
	}()
	act()
	return nil
}

// Instruct makes the kernel's core n execute INT v at its next boundary, or raise
// exception v there: what an instruction does, whatever IF says. It is not
// inlined, or the reports of what comes of it would name the caller's package.
//
//go:noinline
func (m *Machine) Instruct(n int, v cpu.Vector, exception bool) error {
	return m.cpus[n].Inject(func(c *cpu.CPU) {
		if exception {
			c.Exception(v, 0)
		} else {
			c.INT(v)
		}
	})
}
