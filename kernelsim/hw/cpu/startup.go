package cpu

// The lines from the local APIC to its core; CPU is the cpu.Signals of a
// machine with a kernel.
var _ Signals = (*CPU)(nil)

// INIT resets the core: it waits for a start-up IPI. A core that runs code
// stops at its next boundary; the code is lost. One that waits goes on waiting.
func (c *CPU) INIT() {
	if !c.running {
		return
	}
	c.events.INIT()
	c.Wake()
}

// StartUp is the start-up IPI: a core that waits for one begins at
// page<<12 (OnStartUp), any other ignores it.
func (c *CPU) StartUp(page uint8) {
	if c.running {
		return
	}
	c.running = true
	c.onStartUp(c, uint64(page)<<12)
}

// OnStartUp installs what a start-up IPI runs: the code at the address, which
// must start a coroutine on the core.
func (c *CPU) OnStartUp(f func(c *CPU, addr uint64)) { c.onStartUp = f }

// PowerOn is the state after reset: the boot processor runs, the others wait
// as after an INIT.
func (c *CPU) PowerOn(boot bool) { c.running = boot }

// SMI is a system management interrupt.
func (c *CPU) SMI() {
	c.events.SMI()
	c.Wake()
}

// ExtINT says that the 8259A pair has something: the vector comes from its
// acknowledge cycle.
func (c *CPU) ExtINT() {
	c.events.ExtINT()
	if c.events.IF {
		c.Wake()
	}
}

// HaltForever is CLI and HLT in a loop, as a core plays dead. It returns after
// INIT, when the core waits for a start-up IPI: the coroutine that called it
// must end then.
func (c *CPU) HaltForever() {
	c.CLI()
	for {
		c.Proc.Halt()
		if c.events.init {
			c.reset()
			c.Proc.Quit()
			return
		}
		c.serve()
	}
}
