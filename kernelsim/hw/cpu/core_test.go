package cpu_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/sim"
)

// around is a local APIC and a board that write down what reaches them.
type around struct {
	latch
	log []string
}

func (a *around) note(format string, args ...any) {
	a.log = append(a.log, fmt.Sprintf(format, args...))
}

func (a *around) Claims(addr uint64) (uint32, bool) { return uint32(addr & 0xfff), addr>>12 == 0xfee00 }
func (a *around) MMIORead(off uint32, size int) uint64 {
	a.note("apic read %#x/%d", off, size)
	return 7
}
func (a *around) MMIOWrite(off uint32, size int, v uint64) {
	a.note("apic write %#x/%d %#x", off, size, v)
}
func (a *around) HasMSR(index uint32) bool            { return index>>8 == 8 }
func (a *around) ReadMSR(index uint32) (uint64, bool) { return uint64(index), index != 0x80f }
func (a *around) WriteMSR(index uint32, v uint64) bool {
	a.note("msr %#x %#x", index, v)
	return index != 0x802
}
func (a *around) CR8() uint8     { return 0 }
func (a *around) SetCR8(v uint8) {}
func (a *around) ReadPhys(addr uint64, size int) uint64 {
	a.note("read %#x/%d", addr, size)
	return 9
}
func (a *around) WritePhys(addr uint64, size int, v uint64) {
	a.note("write %#x/%d %#x", addr, size, v)
}
func (a *around) In(port uint16, size int) uint32 {
	a.note("in %#x/%d", port, size)
	return 5
}
func (a *around) Out(port uint16, size int, v uint32) { a.note("out %#x/%d %#x", port, size, v) }
func (a *around) INTA() cpu.Vector {
	a.note("inta")
	return 0x38
}

// A core's own APIC page comes first, then the board; ports are the board's.
func TestAccess(t *testing.T) {
	eng := sim.New(1)
	defer eng.Close()
	c, a := cpu.New(cpu.Setup{Proc: eng.Proc(0)}), &around{}
	c.Attach(nil, a)
	c.APIC = nil
	c.WritePhys(0xfee00010, 4, 1)
	if c.ReadPhys(0xfee00010, 4) != 9 {
		t.Error("without an APIC its page is the board's")
	}
	c.Attach(a, a)
	if got := c.ReadPhys(0xfee00020, 4); got != 7 {
		t.Errorf("the APIC's page reads %d", got)
	}
	c.WritePhys(0xfee000b0, 4, 0)
	if got := c.ReadPhys(0xfec00000, 4); got != 9 {
		t.Errorf("the board reads %d", got)
	}
	c.WritePhys(0xfec00010, 4, 3)
	if got := c.In(0x61, 1); got != 5 {
		t.Errorf("the port reads %d", got)
	}
	c.Out(0x20, 1, 0x20)
	want := []string{"write 0xfee00010/4 0x1", "read 0xfee00010/4", "apic read 0x20/4", "apic write 0xb0/4 0x0", "read 0xfec00000/4",
		"write 0xfec00010/4 0x3", "in 0x61/1", "out 0x20/1 0x20"}
	if !slices.Equal(a.log, want) {
		t.Errorf("got\n%q, want\n%q", a.log, want)
	}
}

// Which registers answer, and with what: the core's own, then the APIC's; all
// others are #GP.
func TestMSR(t *testing.T) {
	eng := sim.New(1)
	defer eng.Close()
	c, a := cpu.New(cpu.Setup{Proc: eng.Proc(0), TSCHz: 2_500_000_000}), &around{}
	c.GS.Base = 0x1234
	if v, ok := c.RDMSR(0x802); ok || v != 0 || c.WRMSR(0x830, 1) {
		t.Errorf("without an APIC its registers answer: %d %v", v, ok)
	}
	c.Attach(a, a)
	for _, x := range []struct {
		index uint32
		v     uint64
		ok    bool
	}{{cpu.MSRTSC, 0, true}, {cpu.MSRGSBase, 0x1234, true}, {0x803, 0x803, true}, {0x80f, 0x80f, false}, {0x1b, 0, false}} {
		if v, ok := c.RDMSR(x.index); v != x.v || ok != x.ok {
			t.Errorf("rdmsr %#x: %#x %v, want %#x %v", x.index, v, ok, x.v, x.ok)
		}
	}
	if !c.WRMSR(0x830, 5) || c.WRMSR(0x802, 1) || c.WRMSR(cpu.MSRTSC, 1) {
		t.Error("which registers can be written")
	}
	if want := []string{"msr 0x830 0x5", "msr 0x802 0x1"}; !slices.Equal(a.log, want) {
		t.Errorf("the APIC got %q, want %q", a.log, want)
	}
}

// The time stamp counter: whole periods since power-on, without losing digits
// in a long run.
func TestTSC(t *testing.T) {
	for _, x := range []struct {
		hz   uint64
		at   sim.Time
		want uint64
	}{{0, 5 * sim.Second, 5_000_000_000}, {2_500_000_000, 3, 7}, {2_500_000_000, 4*3600*sim.Second + 2, 36_000_000_000_005}, {3_000_000_000, 5*sim.Second + 1, 15_000_000_003}} {
		eng := sim.New(1)
		c := cpu.New(cpu.Setup{Proc: eng.Proc(0), TSCHz: x.hz})
		eng.Arm(&sim.Event{Fire: func(sim.Time) {}}, x.at)
		if _, err := eng.Run(x.at); err != nil {
			t.Fatal(err)
		}
		if got := c.TSC(); got != x.want {
			t.Errorf("%d Hz after %v: %d, want %d", x.hz, x.at, got, x.want)
		}
		eng.Close()
	}
}

// A handler runs in the kernel whoever was interrupted, and IRET goes back to
// where that was; the error code takes eight bytes more.
func TestPrivilegeAndFrame(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		kernel := cpu.NewStack("kernel", 0x4000, 0x1000)
		c.TSS.RSP0 = &kernel
		kernel.Push(0x123)
		look := func(c *cpu.CPU, f *cpu.Frame) {
			b.note("cpl %d from %d on %s at %#x, from %s at %#x", c.CPL, f.CPL, f.On().Name, c.Stack.SP, f.Interrupted().Name, f.SP)
		}
		setCode(c, 0x40, look)
		setCode(c, cpu.GP, look)
		c.Stack.Push(3) // not aligned
		c.CPL = 3
		gateBytes(c, 0x40, 5, 0xee)
		c.INT(0x40)
		c.Exception(cpu.GP, 0)
		c.CPL = 0
		c.INT(0x40)
		c.Exception(cpu.GP, 0)
		b.note("cpl %d at %#x, lowest %#x", c.CPL, c.Stack.SP, c.Stack.Low)
	})
	b.run(t, "cpl 0 from 3 on kernel at 0x4fd8, from reset at 0xfffd", "cpl 0 from 3 on kernel at 0x4fd0, from reset at 0xfffd",
		"cpl 0 from 0 on reset at 0xffc8, from reset at 0xfffd", "cpl 0 from 0 on reset at 0xffc0, from reset at 0xfffd",
		"cpl 0 at 0xfffd, lowest 0xffc0")
}

// A gate into nowhere is a page fault at its address, an instruction fetch; a
// table in memory that is shorter than its limit ends where the memory does.
func TestNothingThere(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		setCode(c, cpu.PF, func(c *cpu.CPU, f *cpu.Frame) { b.note("#PF at %#x code %#x", f.Addr, f.ErrorCode) })
		setCode(c, 0x40, nil)
		c.INT(0x40)
		c.LIDT(cpu.IDTR{Limit: 0xfff}, c.IDT()[:0x41*16])
		c.INT(0x41)
		setCode(c, 0x40, func(*cpu.CPU, *cpu.Frame) { b.note("the last") })
		c.INT(0x40)
	})
	b.run(t, "#PF at 0xffffffff81000400 code 0x10", "13 code=true/0x20a", "the last")
}

// A gate is decoded anew when its bytes change, also the high ones alone.
func TestChangedGate(t *testing.T) {
	b := one(t, func(b *bench, c *cpu.CPU) {
		c.INT(0x40)
		c.Text().Put(0x1_8100_0400, "elsewhere", func(*cpu.CPU, *cpu.Frame) { b.note("elsewhere") })
		copy(c.IDT()[0x40*16+8:], []byte{1, 0, 0, 0})
		c.INT(0x40)
		gateBytes(c, 0x40, 5, 0x0e)
		c.INT(0x40)
	})
	b.run(t, "64 code=false/0x0", "elsewhere", "11 code=true/0x202")
}

// What ends a halt, and what does not: an NMI and an INIT always, an interrupt
// from either controller with IF set.
func TestWhatEndsAHalt(t *testing.T) {
	for _, x := range []struct {
		name string
		wake func(c *cpu.CPU)
		on   bool
		want string
	}{
		{"NMI", func(c *cpu.CPU) { c.NMI() }, false, "2"},
		{"interrupt", func(c *cpu.CPU) { c.Interrupt() }, true, "48"},
		{"interrupt, IF clear", func(c *cpu.CPU) { c.Interrupt() }, false, ""},
		{"ExtINT", func(c *cpu.CPU) { c.ExtINT() }, true, "56"},
		{"ExtINT, IF clear", func(c *cpu.CPU) { c.ExtINT() }, false, ""},
		{"SMI", func(c *cpu.CPU) { c.SMI() }, false, "woken"},
		{"injected", func(c *cpu.CPU) { _ = c.Inject(func(c *cpu.CPU) { c.INT(0x50) }) }, false, "80"},
	} {
		a := &around{}
		b := newBench(t, func(b *bench, c *cpu.CPU) {
			for v := range 256 {
				setGate(c, cpu.Vector(v), func(c *cpu.CPU, f *cpu.Frame) { b.note("%d", f.Event()) })
			}
			if x.on {
				c.HaltSTI()
				return
			}
			c.CLI()
			c.Halt()
			if x.name == "SMI" {
				b.note("woken")
			}
			c.Spend(cost.Instruction)
			for {
				c.Halt()
			}
		})
		c := b.cpus[0]
		a.Connect(c)
		c.Attach(a, a)
		b.eng.Arm(&sim.Event{Fire: func(sim.Time) {
			if x.name == "interrupt" {
				a.Raise(0x30)
			}
			x.wake(c)
		}}, 100)
		if _, err := b.eng.RunIdle(sim.Second); err != nil {
			t.Fatal(x.name, err)
		}
		if got := strings.Join(b.log, " "); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

// A processor that waits for a start-up IPI takes a second INIT in its stride;
// one that halts is reset by the first.
func TestInitInAHalt(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) { c.CLI(); c.Halt(); c.Spend(cost.Instruction); b.note("never") })
	c := b.cpus[0]
	c.OnStartUp(func(c *cpu.CPU, addr uint64) { b.note("start at %#x", addr) })
	b.eng.Arm(&sim.Event{Fire: func(sim.Time) { c.INIT() }}, 50)
	b.eng.Arm(&sim.Event{Fire: func(sim.Time) { c.INIT(); c.StartUp(2) }}, 100)
	b.run(t, "start at 0x2000")
	c.PowerOn(true)
	c.StartUp(3)
	c.PowerOn(false)
	c.StartUp(4)
	b.run(t, "start at 0x2000", "start at 0x4000")
}

// Of two urgent events one is left after the other is taken; going through a
// gate ends a shadow; INT 2 blocks nothing.
func TestLeftOver(t *testing.T) {
	for _, x := range []struct {
		both  func(e *cpu.Events)
		first cpu.Event
	}{
		{func(e *cpu.Events) { e.NMI(); e.SMI() }, cpu.SMIEvent},
		{func(e *cpu.Events) { e.INIT(); e.SMI() }, cpu.SMIEvent},
		{func(e *cpu.Events) { e.NMI(); e.INIT() }, cpu.InitEvent},
	} {
		var e cpu.Events
		x.both(&e)
		e.Take(x.first)
		if !e.Waiting() {
			t.Errorf("after event %d nothing waits", x.first)
		}
	}
	e := cpu.Events{IF: true, Shadow: true}
	if e.Enter(gatereg.TrapGate); e.Shadow {
		t.Error("the shadow of an STI reaches into a handler")
	}
	b := one(t, func(b *bench, c *cpu.CPU) {
		setCode(c, cpu.NMIVector, func(c *cpu.CPU, f *cpu.Frame) { b.note("nmi blocked=%v", c.NMIBlocked()) })
		c.INT(cpu.NMIVector)
		c.NMI()
		c.Spend(cost.Instruction)
	})
	b.run(t, "nmi blocked=false", "nmi blocked=true")
}

// What is charged is noted by row, and the counter outside the APIC sends its
// NMI when it has run out.
func TestProfileAndCounter(t *testing.T) {
	var p *cpu.Profile
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		cpu.NewNMICounter(b.eng, c).Program(20)
		p = c.Profile()
		spend(c, 40)
		c.Spend(cost.UserWork)
		c.Spend(cost.UserWork)
	})
	b.run(t, "0: vector 2 if=false")
	price := cost.Default()
	for r, n := range map[cost.Row]uint64{cost.Instruction: 40, cost.UserWork: 2, cost.InterruptEntry: 1} {
		if p.Count[r] != n || p.Time[r] != sim.Time(n)*sim.Time(price[r]) {
			t.Errorf("row %d: %d charges, %v; want %d", r, p.Count[r], p.Time[r], n)
		}
	}
}

// The interleaving of a seed and of a processor is part of every recorded run.
func TestStretchedTimes(t *testing.T) {
	for _, x := range []struct {
		seed uint64
		want string
	}{{2, "cpu 0: 6875, cpu 1: 5414"}, {77, "cpu 0: 5320, cpu 1: 5390"}} {
		price := cost.Default()
		eng := sim.New(2)
		var got []string
		cpus := make([]*cpu.CPU, 2)
		for id := range cpus {
			c := cpu.New(cpu.Setup{Proc: eng.Proc(id), Intr: &latch{}, Price: &price, Seed: x.seed})
			cpus[id], c.Peers = c, cpus
			c.Start(eng.NewCoroutine(func() {
				for range 4 {
					c.Spend(cost.UserWork)
				}
				got = append(got, fmt.Sprintf("cpu %d: %d", id, c.Now()))
				c.Halt()
			}))
		}
		if _, err := eng.RunIdle(sim.Second); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if s := strings.Join(got, ", "); s != x.want {
			t.Errorf("seed %d: %s, want %s", x.seed, s, x.want)
		}
		eng.Close()
	}
}

// A stack ends where it ends: the last word is its own, the next is not.
func TestStackBounds(t *testing.T) {
	s := cpu.NewStack("x", 0x1000, 0x100)
	if s.Low != 0x1100 || s.SP != 0x1100 || s.Top != 0x1100 {
		t.Errorf("an empty stack: %+v", s)
	}
	if !s.Push(0x100) || s.SP != 0x1000 || s.Push(1) || s.SP != 0x1000 {
		t.Errorf("a full stack: %+v", s)
	}
	if s.Pop(8); s.SP != 0x1008 || s.Low != 0x1000 {
		t.Errorf("after a pop: %+v", s)
	}
}
