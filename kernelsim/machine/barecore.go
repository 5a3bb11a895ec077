package machine

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/hw/lapic"
	"bothhalves/kernelsim/sim"
)

// A bareCore is a processor of the bare machine: the part of a core that
// decides what it takes, and nobody who runs. It takes an event when the bench
// says that an instruction has ended (Boundary), through an interrupt gate
// whatever the vector.
type bareCore struct {
	cpu.Events
	boot  bool
	eng   *sim.Engine
	bus   *bus.Bus
	apic  *lapic.APIC
	waits bool   // for a start-up IPI
	halts bool   // after HLT
	saved []bool // IF as the frames on the stack hold it

	signals []string // what went straight to the core since the last look
}

var _ cpu.Signals = (*bareCore)(nil)

// signalsKept is how many signals are remembered until somebody looks.
const signalsKept = 256

// signal notes what went straight to the core.
func (c *bareCore) signal(name string) {
	if len(c.signals) < signalsKept {
		c.signals = append(c.signals, name)
	}
}

// Interrupt notes that the local APIC has something to offer.
func (c *bareCore) Interrupt() { c.Events.Interrupt() }

// NMI is a pulse on the core's NMI.
func (c *bareCore) NMI() {
	c.signal("NMI")
	c.Events.NMI()
}

// SMI is a system management interrupt. Its handler is the firmware's: it is
// over at once.
func (c *bareCore) SMI() { c.signal("SMI") }

// ExtINT says that the 8259A pair has the vector.
func (c *bareCore) ExtINT() {
	c.signal("EXTINT")
	c.Events.ExtINT()
}

// INIT resets the core. A processor that is not the boot processor then waits
// for a start-up IPI; the boot processor begins at the reset vector.
func (c *bareCore) INIT() {
	c.signal("INIT")
	c.Events.Reset()
	c.saved, c.halts, c.waits = nil, false, !c.boot
}

// StartUp is the start-up IPI, which only a core that waits for it hears.
func (c *bareCore) StartUp(page uint8) {
	if !c.waits {
		return
	}
	c.waits = false
	c.signal(fmt.Sprintf("SIPI:0x%05x", uint32(page)<<12))
}

// STI sets IF, and the instruction behind it has ended too.
func (c *bareCore) STI() {
	c.Events.STI()
	c.Events.Retire()
}

// IF is the interrupt flag.
func (c *bareCore) IF() bool { return c.Events.IF }

// ReadPhys is a load by this core: its own local APIC's page first.
func (c *bareCore) ReadPhys(addr uint64, size int) uint64 {
	if off, ok := c.apic.Claims(addr); ok {
		return c.apic.MMIORead(off, size)
	}
	return c.bus.ReadPhys(addr, size)
}

// WritePhys is a store by this core.
func (c *bareCore) WritePhys(addr uint64, size int, v uint64) {
	if off, ok := c.apic.Claims(addr); ok {
		c.apic.MMIOWrite(off, size, v)
		return
	}
	c.bus.WritePhys(addr, size, v)
}

// In is the instruction IN, Out is OUT.
func (c *bareCore) In(port uint16, size int) uint32 { return c.bus.In(port, size) }

// Out is the instruction OUT.
func (c *bareCore) Out(port uint16, size int, v uint32) { c.bus.Out(port, size, v) }

// RDMSR is the instruction; ok is false where it raises #GP(0).
func (c *bareCore) RDMSR(index uint32) (v uint64, ok bool) {
	switch {
	case index == cpu.MSRTSC:
		return uint64(c.eng.Now()), true // 1 GHz
	case c.apic.HasMSR(index):
		return c.apic.ReadMSR(index)
	}
	return 0, false
}

// WRMSR is the instruction; ok is false where it raises #GP(0).
func (c *bareCore) WRMSR(index uint32, v uint64) (ok bool) {
	return c.apic.HasMSR(index) && c.apic.WriteMSR(index, v)
}

// enter goes through an interrupt gate.
func (c *bareCore) enter() { c.saved = append(c.saved, c.Events.Enter(gatereg.InterruptGate)) }

// framesKept is how deep the bench may nest.
const framesKept = 4096

// deep reports whether the stack is full.
func (c *bareCore) deep() bool { return len(c.saved) >= framesKept }

// iret goes back: IF comes from the newest frame, and NMIs are open again. If
// there is no frame it is the IRET of code that was running all along, whose
// frame says what IF is now.
func (c *bareCore) iret() {
	was := c.Events.IF
	if n := len(c.saved); n > 0 {
		was, c.saved = c.saved[n-1], c.saved[:n-1]
	}
	c.Events.IRET(was)
}

// boundary takes what the core takes at its next instruction boundary and
// names it: a vector, nmi or none.
func (c *bareCore) boundary() string {
	if c.waits {
		return "none"
	}
	ev := c.Events.Next(c.apic)
	if ev == cpu.NoEvent {
		return "none"
	}
	c.Events.Take(ev)
	c.halts = false
	c.enter()
	switch ev {
	case cpu.FixedIntr:
		return hexVector(c.apic.Acknowledge())
	case cpu.ExtIntr:
		return hexVector(c.bus.INTA())
	}
	return "nmi"
}

// takeSignals hands out and forgets what went straight to the core.
func (c *bareCore) takeSignals() string {
	list := c.signals
	c.signals = nil
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, " ")
}

func hexVector(v cpu.Vector) string { return fmt.Sprintf("0x%02x", uint8(v)) }
