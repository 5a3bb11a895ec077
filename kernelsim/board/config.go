// Package board wires the default devices of a machine: processors' local
// APICs, IOAPIC, 8259A pair, timer, PCI bus and what is plugged in there. The
// bare machine and the kernel's machine are the same board; the first has
// nobody on it who acts.
package board

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/i8259/i8259reg"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/sim"
)

// The boards (QEMU: -machine). Bare is the hardware alone, with one MSI-X
// function and no firmware.
const (
	Bare = "bare"
	PC   = "pc"  // 440FX and PIIX3
	Q35  = "q35" // Q35 and ICH9
)

// A Config says what is on the board.
type Config struct {
	Machine string   // Bare, PC or Q35
	Bus     *bus.Bus // nil: a new one
	MSIX    int      // entries of the bare machine's function; 4
	// IOAPICVersion is 0x11 (82093AA) or 0x20 (with an EOI register); 0x20.
	IOAPICVersion uint8
	// LAPICVersion is 0x14 or 0x15; 0x14, as recorded.
	LAPICVersion uint8
	X2APIC       bool // the CPUs offer it
	TSCDeadline  bool
	CMCI         bool // a seventh LVT entry
	DirectedEOI  bool // SVR bit 12 can suppress EOI broadcasts
	IntRemap     bool // a VT-d unit stands between devices and APICs
	// APICID is the APIC ID of a CPU; nil: its number.
	APICID func(cpu int) uint32
	// Latency is how long an interrupt message is under way while a CPU
	// runs.
	Latency sim.Time
	BusHz   uint64 // the LAPIC timers' input clock; 1 GHz
	TSCHz   uint64 // 1 GHz
	Devices []Device
	Parts   Parts
}

// A Device is a function to plug in (boot -device, -nic, -blk).
type Device struct {
	Kind     string // msix, legacy, edu, pattern, metronome, nvme, ena, virtio-net, e1000e, vmxnet3
	Name     string
	BDF      pcie.BDF // 0: the next free device number
	Vectors  int      // MSI-X entries; 0: the kind's own number
	Queues   int      // of nvme and ena; 0: one a CPU
	Pin      uint8    // of INTx, 1 to 4; 0: the kind's own
	Latency  sim.Time // of nvme: how long a command takes; 0: 20 µs
	Channels int      // of nvme: how many it works on at once; 0: 2
	Managed  string   // on or off: its driver asks for managed affinity; empty: as the real one does
}

// Parts are the replaceable parts of the board. A nil one is the default.
type Parts struct {
	// Arbiter makes the heart of each local APIC.
	Arbiter func() lapicreg.Arbiter
	// PIC answers the 8259A pair's acknowledge cycles.
	PIC i8259reg.Acknowledger
	// EOI is what the IOAPIC does with an EOI broadcast.
	EOI ioapicreg.EOIResponder
	// Decode reads a device's message, in the compatibility format. What it
	// takes for none goes nowhere.
	Decode func(bus.Message) (lapicreg.Message, bool)
	// Vectors makes the part of each MSI-X function that decides what is sent.
	Vectors func(pcireg.Entries) pcireg.Vectors
}

// pci is the options for functions.
func (p Parts) pci() []pcie.Option {
	if p.Vectors == nil {
		return nil
	}
	return []pcie.Option{pcie.WithVectors(p.Vectors)}
}

// withDefaults fills in and checks.
func (cfg Config) withDefaults(cpus int) (Config, error) {
	if cfg.IOAPICVersion == 0 {
		cfg.IOAPICVersion = 0x20
	}
	if cfg.LAPICVersion == 0 {
		cfg.LAPICVersion = 0x14
	}
	if cfg.MSIX == 0 {
		cfg.MSIX = 4
	}
	if cfg.APICID == nil {
		cfg.APICID = func(cpu int) uint32 { return uint32(cpu) }
	}
	if cfg.Bus == nil {
		cfg.Bus = bus.New()
	}
	switch {
	case cfg.Machine != Bare && cfg.Machine != PC && cfg.Machine != Q35:
		return cfg, fmt.Errorf("board %s: choose %s, %s or %s", cfg.Machine, Bare, PC, Q35)
	case cpus < 1 || cpus > MaxCPUs:
		return cfg, fmt.Errorf("%d CPUs: a board has 1 to %d", cpus, MaxCPUs)
	case cfg.MSIX < 1 || cfg.MSIX > 2048:
		return cfg, fmt.Errorf("%d MSI-X entries: a function has 1 to 2048", cfg.MSIX)
	case cfg.IOAPICVersion != 0x11 && cfg.IOAPICVersion != 0x20:
		return cfg, fmt.Errorf("IOAPIC version %#02x: choose 0x11 (82093AA) or 0x20 (with an EOI register)", cfg.IOAPICVersion)
	}
	return cfg, nil
}

// MaxCPUs is what one board carries.
const MaxCPUs = 256
