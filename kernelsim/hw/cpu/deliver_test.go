package cpu_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/sim"
)

// one runs body on a single processor whose gates note what comes, with the
// error code.
func one(t *testing.T, body func(b *bench, c *cpu.CPU)) *bench {
	t.Helper()
	b := newBench(t, body)
	c := b.cpus[0]
	for v := range 256 {
		setGate(c, cpu.Vector(v), func(c *cpu.CPU, f *cpu.Frame) {
			b.note("%d code=%v/%#x", f.Event(), f.HasErrorCode, f.ErrorCode)
			c.Spend(0)
		})
	}
	return b
}

// gateBytes changes one byte of a gate.
func gateBytes(c *cpu.CPU, v cpu.Vector, at int, val byte) { c.IDT()[int(v)*gatereg.Size+at] = val }

// What is wrong with a gate decides the exception, and where the event came
// from the EXT bit.
func TestBadGates(t *testing.T) {
	for _, x := range []struct {
		name   string
		spoil  func(c *cpu.CPU)
		event  func(b *bench, c *cpu.CPU)
		expect string
	}{
		{"absent, interrupt", func(c *cpu.CPU) { gateBytes(c, 0x40, 5, 0x0e) },
			func(b *bench, c *cpu.CPU) { b.latches[0].Raise(0x40) }, "11 code=true/0x203"},
		{"absent, INT n", func(c *cpu.CPU) { gateBytes(c, 0x40, 5, 0x0e) },
			func(b *bench, c *cpu.CPU) { c.INT(0x40) }, "11 code=true/0x202"},
		{"zeros", func(c *cpu.CPU) { gateBytes(c, 0x40, 5, 0) },
			func(b *bench, c *cpu.CPU) { b.latches[0].Raise(0x40) }, "13 code=true/0x203"},
		{"call gate", func(c *cpu.CPU) { gateBytes(c, 0x40, 5, 0x8c) },
			func(b *bench, c *cpu.CPU) { b.latches[0].Raise(0x40) }, "13 code=true/0x203"},
		{"beyond the limit", func(c *cpu.CPU) { c.LIDT(cpu.IDTR{Limit: 0x40*16 + 14}, c.IDT()) },
			func(b *bench, c *cpu.CPU) { b.latches[0].Raise(0x40) }, "13 code=true/0x203"},
		{"the last byte within the limit", func(c *cpu.CPU) { c.LIDT(cpu.IDTR{Limit: 0x40*16 + 15}, c.IDT()) },
			func(b *bench, c *cpu.CPU) { b.latches[0].Raise(0x40) }, "64 code=false/0x0"},
		{"INT n without the privilege", func(c *cpu.CPU) {},
			func(b *bench, c *cpu.CPU) { c.CPL = 3; c.INT(0x80); c.CPL = 0 }, "13 code=true/0x402"},
		{"INT n with the privilege", func(c *cpu.CPU) { gateBytes(c, 0x80, 5, 0xee) },
			func(b *bench, c *cpu.CPU) { c.CPL = 3; c.INT(0x80); c.CPL = 0 }, "128 code=false/0x0"},
		{"a device ignores DPL", func(c *cpu.CPU) {},
			func(b *bench, c *cpu.CPU) { c.CPL = 3; b.latches[0].Raise(0x80); c.Spend(0); c.CPL = 0 }, "128 code=false/0x0"},
		{"INT 13 pushes no error code", func(c *cpu.CPU) {},
			func(b *bench, c *cpu.CPU) { c.INT(13) }, "13 code=false/0x0"},
		{"#GP with its code", func(c *cpu.CPU) {},
			func(b *bench, c *cpu.CPU) { c.Exception(cpu.GP, 0x18) }, "13 code=true/0x18"},
		{"#UD has none", func(c *cpu.CPU) {},
			func(b *bench, c *cpu.CPU) { c.Exception(cpu.UD, 0) }, "6 code=false/0x0"},
	} {
		t.Run(x.name, func(t *testing.T) {
			b := one(t, func(b *bench, c *cpu.CPU) {
				x.spoil(c)
				c.STI()
				x.event(b, c)
				c.Spend(0)
			})
			b.run(t, x.expect)
		})
	}
}

// A fault in the delivery of a contributory exception is a double fault, with
// error code 0; one more stops the processor.
func TestDoubleAndTripleFault(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		gateBytes(c, cpu.GP, 5, 0x0e)
		c.Exception(cpu.DE, 0)
		gateBytes(c, cpu.DE, 5, 0)
		c.Exception(cpu.DE, 0)
	})
	b.run(t, "0 code=false/0x0", "8 code=true/0x0")

	b = one(t, func(b *bench, c *cpu.CPU) {
		gateBytes(c, cpu.DF, 5, 0)
		gateBytes(c, cpu.GP, 5, 0)
		gateBytes(c, cpu.NP, 5, 0)
		c.Exception(cpu.DE, 0)
		gateBytes(c, 0x40, 5, 0)
		c.INT(0x40)
	})
	_, _ = b.eng.RunIdle(sim.Second)
	report(t, b, "triple fault")
}

// The page fault while #GP is being delivered comes after it, one by one; the
// other way round it is a double fault.
func TestSerialAndDouble(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		gateBytes(c, cpu.PF, 5, 0x0e) // #NP while #PF is delivered
		c.PageFault(0x1234, 2)
	})
	b.run(t, "8 code=true/0x0")
	b = one(t, func(b *bench, c *cpu.CPU) {
		gateBytes(c, cpu.UD, 5, 0x0e) // #NP while a benign one is delivered
		c.Exception(cpu.UD, 0)
	})
	b.run(t, "11 code=true/0x33")
}

func TestTrapGateLeavesIF(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		gateBytes(c, 0x40, 5, 0x8f)
		c.Text().Put(0xffff_ffff_8100_0000+0x40*16, "test", func(c *cpu.CPU, f *cpu.Frame) {
			b.note("in if=%v", c.IF())
			b.latches[0].Raise(0x31)
			c.Spend(0)
			b.note("out")
		})
		c.STI()
		b.latches[0].Raise(0x40)
		c.Spend(0)
	})
	b.run(t, "in if=true", "49 code=false/0x0", "out")
}

// Stacks: an IST gate starts at the stack's top each time, so a second event
// before the IRET overwrites the first frame.
func TestISTOverwrite(t *testing.T) {
	for _, saved := range []bool{false, true} {
		b := one(t, func(b *bench, c *cpu.CPU) {
			nmi := cpu.NewStack("NMI", 0x8000, 0x2000)
			c.TSS.IST[2] = &nmi
			gateBytes(c, cpu.NMIVector, 4, 2)
			depth := 0
			c.Text().Put(0xffff_ffff_8100_0000+2*16, "nmi", func(c *cpu.CPU, f *cpu.Frame) {
				f.Saved = saved
				b.note("nmi on %s at %#x", f.On().Name, c.Stack.SP)
				if depth++; depth == 1 {
					c.NMI()
					c.Exception(cpu.BP, 0) // its IRET opens the door
					c.Spend(0)
				}
			})
			c.NMI()
			c.Spend(0)
			b.note("back on %s", c.Stack.Name)
		})
		_, _ = b.eng.RunIdle(sim.Second)
		if saved {
			b.run(t, "nmi on NMI at 0x9fd8", "3 code=false/0x0", "nmi on NMI at 0x9fd8", "back on reset")
			continue
		}
		report(t, b, "IST overwritten")
	}
}

// A stack that ends is a page fault, which needs the same stack: a double
// fault, which has one of its own.
func TestStackOverflow(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		small, df := cpu.NewStack("task", 0x1000, 96), cpu.NewStack("#DF", 0x8000, 0x1000)
		c.Stack, c.TSS.IST[1] = &small, &df
		gateBytes(c, cpu.DF, 4, 1)
		setGate(c, 0x40, func(c *cpu.CPU, f *cpu.Frame) {
			b.note("%d bytes left", c.Stack.SP-c.Stack.Base)
			c.INT(0x41)
		})
		setGate(c, 0x41, func(c *cpu.CPU, f *cpu.Frame) {
			b.note("%d bytes left", c.Stack.SP-c.Stack.Base)
			c.INT(0x42)
		})
		c.INT(0x40)
		b.note("back at %#x", c.Stack.SP)
	})
	b.run(t, "56 bytes left", "8 bytes left", "8 code=true/0x0", "back at 0x1060")
}

// INIT stops a processor that runs, a start-up IPI starts it again at its
// page; a second one, and one to a processor that does not wait, do nothing.
func TestInitAndStartUp(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		for range 1000 {
			c.Spend(0)
		}
		b.note("never")
	})
	c := b.cpus[0]
	c.OnStartUp(func(c *cpu.CPU, addr uint64) {
		b.note("start at %#x", addr)
		c.Start(b.eng.NewCoroutine(func() { b.note("runs"); c.Halt() }))
	})
	b.eng.Arm(&sim.Event{Fire: func(sim.Time) { c.StartUp(0x10); c.INIT() }}, 10)
	b.eng.Arm(&sim.Event{Fire: func(sim.Time) { c.NMI() }}, 50)
	b.eng.Arm(&sim.Event{Fire: func(sim.Time) { c.StartUp(0x99); c.StartUp(0x99) }}, 100)
	b.run(t, "start at 0x99000", "runs")
}

// A processor that has not been started takes a start-up IPI at once.
func TestPowerOn(t *testing.T) {
	eng := sim.New(1)
	defer eng.Close()
	c := cpu.New(cpu.Setup{Proc: eng.Proc(0)})
	var at []string
	c.OnStartUp(func(c *cpu.CPU, addr uint64) { at = append(at, fmt.Sprintf("%#x", addr)) })
	c.PowerOn(false)
	c.INIT()
	c.StartUp(1)
	c.StartUp(2)
	if got := strings.Join(at, " "); got != "0x1000" {
		t.Errorf("started at %s, want 0x1000 once", got)
	}
}
