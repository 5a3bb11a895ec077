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
		{"null selector, interrupt", func(c *cpu.CPU) { gateBytes(c, 0x40, 2, 3); gateBytes(c, 0x40, 3, 0) },
			func(b *bench, c *cpu.CPU) { b.latches[0].Raise(0x40) }, "13 code=true/0x1"},
		{"null selector, INT n", func(c *cpu.CPU) { gateBytes(c, 0x40, 2, 0) },
			func(b *bench, c *cpu.CPU) { c.INT(0x40) }, "13 code=true/0x0"},
		{"address that is not canonical", func(c *cpu.CPU) { gateBytes(c, 0x40, 11, 0x7f) },
			func(b *bench, c *cpu.CPU) { c.INT(0x40) }, "13 code=true/0x0"},
		{"absent and null: absent first", func(c *cpu.CPU) { gateBytes(c, 0x40, 2, 0); gateBytes(c, 0x40, 5, 0x0e) },
			func(b *bench, c *cpu.CPU) { c.INT(0x40) }, "11 code=true/0x202"},
		{"#UD with a code has none", func(c *cpu.CPU) {},
			func(b *bench, c *cpu.CPU) { c.Exception(cpu.UD, 7) }, "6 code=false/0x0"},
		{"an error code is not signed", func(c *cpu.CPU) {},
			func(b *bench, c *cpu.CPU) {
				setCode(c, cpu.PF, func(c *cpu.CPU, f *cpu.Frame) { b.note("%#x", f.OrigAX) })
				c.Exception(cpu.PF, 0x8000_0001)
			}, "0x80000001"},
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

// What is injected runs at the next boundary, whatever IF says, and in a halt;
// one at a time.
func TestInject(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		if err := c.Inject(func(c *cpu.CPU) { c.Exception(cpu.GP, 0x10) }); err != nil {
			t.Error(err)
		}
		if err := c.Inject(nil); err == nil {
			t.Error("two at once")
		}
		b.note("before")
		c.Spend(0)
		b.note("waiting=%v", c.Halted())
	})
	b.eng.Arm(&sim.Event{Fire: func(sim.Time) { _ = b.cpus[0].Inject(func(c *cpu.CPU) { c.INT(0x41) }) }}, 500)
	b.run(t, "before", "13 code=true/0x10", "waiting=false", "65 code=false/0x0")
}

// A gate that names a stack which the TSS does not have: the frame cannot be
// pushed, and neither can that of the page fault if its gate does the same.
func TestNoISTStack(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		gateBytes(c, 0x40, 4, 5)
		c.Text().Put(0xffff_ffff_8100_0000+14*16, "pf", func(c *cpu.CPU, f *cpu.Frame) {
			b.note("#PF at %#x code %#x on %s", f.Addr, f.ErrorCode, f.On().Name)
		})
		c.INT(0x40)
		gateBytes(c, cpu.PF, 4, 6)
		c.INT(0x40)
	})
	b.run(t, "#PF at 0xfffffffffffffff8 code 0x2 on reset", "8 code=true/0x0")
}

// Three events on one IST stack: each overwrites the frame before it, and only
// those are missed.
func TestISTChain(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		nmi := cpu.NewStack("NMI", 0x8000, 0x2000)
		c.TSS.IST[2] = &nmi
		gateBytes(c, 0x40, 4, 2)
		gateBytes(c, 0x41, 4, 2)
		gateBytes(c, 0x42, 4, 2)
		var outer *cpu.Frame
		handler := func(name string, body func()) func(*cpu.CPU, *cpu.Frame) {
			return func(c *cpu.CPU, f *cpu.Frame) {
				f.Saved = true
				if outer == nil {
					outer = f
				}
				b.note("%s from %s at %#x", name, f.Interrupted().Name, f.SP)
				body()
			}
		}
		setCode(c, 0x42, handler("third", func() {}))
		setCode(c, 0x41, handler("second", func() {}))
		setCode(c, 0x40, handler("first", func() {
			c.INT(0x41) // comes and goes; its frame goes back to the pool
			setCode(c, 0x43, func(c *cpu.CPU, f *cpu.Frame) {
				c.INT(0x42) // overwrites the first frame again, never this one
			})
			c.INT(0x43)
		}))
		c.INT(0x40)
		b.note("back on %s", c.Stack.Name)
	})
	b.run(t, "first from reset at 0x10000", "second from NMI at 0x9fd8", "third from NMI at 0x9fa8", "back on reset")
}

// setCode changes what stands at the address of a vector's gate.
func setCode(c *cpu.CPU, v cpu.Vector, code cpu.Code) {
	c.Text().Put(0xffff_ffff_8100_0000+uint64(v)*16, "test", code)
}

// INIT takes the processor out of whatever it was in.
func TestInitForgets(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		nmi := cpu.NewStack("NMI", 0x8000, 0x2000)
		c.TSS.IST[2] = &nmi
		gateBytes(c, cpu.NMIVector, 4, 2)
		setCode(c, cpu.NMIVector, func(c *cpu.CPU, _ *cpu.Frame) {
			for range 1000 {
				c.Spend(0)
			}
		})
		c.CPL = 3
		c.STI()
		c.NMI()
		c.Spend(0)
		b.note("never")
	})
	c := b.cpus[0]
	c.OnStartUp(func(c *cpu.CPU, addr uint64) {
		b.note("cpl %d on %s, if=%v blocked=%v", c.CPL, c.Stack.Name, c.IF(), c.NMIBlocked())
		c.Start(b.eng.NewCoroutine(func() {
			setCode(c, cpu.NMIVector, func(c *cpu.CPU, f *cpu.Frame) { b.note("nmi from %s", f.Interrupted().Name) })
			c.NMI()
			c.Spend(0)
			c.Halt()
		}))
	})
	b.eng.Arm(&sim.Event{Fire: func(sim.Time) { c.INIT() }}, 50)
	b.eng.Arm(&sim.Event{Fire: func(sim.Time) { c.StartUp(0x99) }}, 100)
	b.run(t, "cpl 0 on reset, if=false blocked=false", "nmi from reset")
}
