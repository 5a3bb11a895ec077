package machine

import (
	"fmt"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// A BareConfig says what hardware to switch on without a kernel. The zero
// value of a field is its default.
type BareConfig struct {
	CPUs    int   // 4
	MSIX    int   // entries of the function at 00:05.0; 4
	IOAPIC  uint8 // version: 0x11 or 0x20; 0x20
	Devices []board.Device
	// Interrupted is asked now and then during a run: true ends it.
	Interrupted func() bool
	// Replay is the command that shows this machine again, for reports.
	Replay string
}

// MaxBareCPUs is how many processors a bare machine has at most.
const MaxBareCPUs = board.MaxCPUs

// BootBare switches the hardware on and leaves it in its power-on state: no
// kernel, and cores that take nothing by themselves. What a processor may
// have, these have: x2APIC, TSC deadline, CMCI, directed EOI.
func BootBare(cfg BareConfig, parts ...Part) (*Machine, error) {
	cfg.CPUs = either(cfg.CPUs, 4)
	if cfg.CPUs < 1 || cfg.CPUs > MaxBareCPUs {
		return nil, fmt.Errorf("%d CPUs: a bare machine has 1 to %d", cfg.CPUs, MaxBareCPUs)
	}
	m := &Machine{cfg: Config{CPUs: cfg.CPUs, Nodes: 1, Seed: 1, Cost: &cost.Table{},
		Interrupted: cfg.Interrupted, Replay: either(cfg.Replay, cfg.BootCommand())},
		parts: newParts(parts), eng: sim.New(cfg.CPUs), ring: trace.NewRing(1), bus: bus.New()}
	m.eng.PollHost(cfg.Interrupted)
	var cores []cpu.Signals
	for n := range cfg.CPUs {
		c := &bareCore{boot: n == 0, eng: m.eng, bus: m.bus}
		c.Events.IF = true
		m.bare = append(m.bare, c)
		cores = append(cores, c)
	}
	var err error
	m.board, err = board.New(m.eng, cores, board.Config{Machine: board.Bare, Bus: m.bus,
		MSIX: cfg.MSIX, IOAPICVersion: cfg.IOAPIC, LAPICVersion: 0x15, X2APIC: true, TSCDeadline: true, CMCI: true,
		DirectedEOI: true, Devices: cfg.Devices, Parts: m.parts.Board})
	if err != nil {
		return nil, err
	}
	for n, c := range m.bare {
		c.apic = m.board.APICs[n]
	}
	return m, nil
}
