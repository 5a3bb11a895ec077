package lapic

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/sim"
)

// A core notes what arrives on the lines from its local APIC.
type core struct {
	intr    int
	waits   bool // for a start-up IPI
	signals []string
}

var _ cpu.Signals = (*core)(nil)

func (c *core) Interrupt() { c.intr++ }
func (c *core) NMI()       { c.signals = append(c.signals, "NMI") }
func (c *core) SMI()       { c.signals = append(c.signals, "SMI") }
func (c *core) ExtINT()    { c.signals = append(c.signals, "EXTINT") }
func (c *core) INIT()      { c.waits, c.signals = true, append(c.signals, "INIT") }
func (c *core) StartUp(page uint8) {
	if c.waits {
		c.waits, c.signals = false, append(c.signals, fmt.Sprintf("SIPI:%#x", int(page)<<12))
	}
}

// take is what arrived since the last call.
func (c *core) take() string {
	s := strings.Join(c.signals, " ")
	c.signals = nil
	return s
}

// A rig is some processors' local APICs on a fabric.
type rig struct {
	eng    *sim.Engine
	fabric *Fabric
	apics  []*APIC
	cores  []*core
	log    []string
}

// newRig builds n modern APICs with IDs from 0.
func newRig(n int) *rig {
	ids := make([]uint32, n)
	for i := range ids {
		ids[i] = uint32(i)
	}
	return newRigOf(0, modern(), ids...)
}

// modern is a configuration with everything.
func modern() Config {
	return Config{X2APIC: true, TSCDeadline: true, CMCI: true, DirectedEOI: true, Version: 0x15}
}

// newRigOf builds an APIC for every ID.
func newRigOf(latency sim.Time, cfg Config, ids ...uint32) *rig {
	r := &rig{eng: sim.New(1)}
	r.fabric = NewFabric(r.eng, latency)
	for i, id := range ids {
		cfg.ID, cfg.BSP, cfg.Arbiter = id, i == 0, nil
		c := &core{}
		r.cores = append(r.cores, c)
		r.apics = append(r.apics, New(r.eng, r.fabric, c, cfg))
	}
	r.fabric.Observe(func(t *Traffic) {
		if t.EOI {
			r.log = append(r.log, fmt.Sprintf("eoi %#02x", t.Message.Vector))
			return
		}
		name := "?"
		if t.From != nil {
			name = t.From.Name
		}
		r.log = append(r.log, fmt.Sprintf("%s dest=%#x vector=%#02x", name, t.Message.Dest, t.Message.Vector))
	})
	return r
}

// enable lets software enable every APIC.
func (r *rig) enable() *rig {
	for _, a := range r.apics {
		if a.mode() == x2apic {
			a.WriteMSR(lapicreg.MSR(lapicreg.RegSVR), 0x1ff)
		} else {
			a.MMIOWrite(lapicreg.RegSVR, 4, 0x1ff)
		}
	}
	return r
}

// x2 switches every APIC to x2APIC mode.
func (r *rig) x2() *rig {
	for _, a := range r.apics {
		a.WriteMSR(lapicreg.MSRBase, a.base|lapicreg.BaseX2APIC)
	}
	return r
}

// run lets time pass.
func (r *rig) run(t testing.TB, d sim.Time) {
	t.Helper()
	if _, err := r.eng.Run(r.eng.Now() + d); err != nil {
		t.Fatal(err)
	}
}

// msi is a device's write.
func (r *rig) msi(addr uint64, data uint32) {
	r.fabric.Send(&bus.Source{Name: "00:05.0"}, lapicreg.FromMSI(addr, data))
}

// got lists who has a vector in IRR.
func (r *rig) got(v uint8) []int {
	var who []int
	for i, a := range r.apics {
		if irr, _, _ := a.State(); irr.Has(v) {
			who = append(who, i)
		}
	}
	return who
}

// vectors are the members of a set.
func vectors(s lapicreg.Set) []uint8 {
	list := []uint8{}
	for v := range 256 {
		if s.Has(uint8(v)) {
			list = append(list, uint8(v))
		}
	}
	return list
}
