package cpu_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

// A bench is processors without a kernel: each runs a function, then halts
// for ever with interrupts on.
type bench struct {
	eng     *sim.Engine
	cpus    []*cpu.CPU
	latches []*latch
	log     []string
}

func newBench(t *testing.T, bodies ...func(b *bench, c *cpu.CPU)) *bench {
	t.Helper()
	price := cost.Default()
	b := &bench{eng: sim.New(len(bodies))}
	t.Cleanup(b.eng.Close)
	for id := range bodies {
		l := &latch{}
		c := cpu.New(cpu.Setup{Proc: b.eng.Proc(id), Intr: l, Price: &price})
		l.Connect(c)
		b.cpus, b.latches = append(b.cpus, c), append(b.latches, l)
		table := make([]byte, 256*gatereg.Size)
		c.LIDT(cpu.IDTR{Limit: uint16(len(table) - 1)}, table)
		for v := range 256 {
			setGate(c, cpu.Vector(v), func(c *cpu.CPU, f *cpu.Frame) {
				b.note("%d: vector %d if=%v", c.ID, f.Event(), c.IF())
				c.Spend(cost.InterruptEntry)
			})
		}
	}
	for id, body := range bodies {
		c := b.cpus[id]
		c.Peers = b.cpus
		b.eng.Proc(id).Start(b.eng.NewCoroutine(func() {
			body(b, c)
			for {
				c.HaltSTI()
			}
		}))
	}
	return b
}

func (b *bench) note(format string, args ...any) { b.log = append(b.log, fmt.Sprintf(format, args...)) }

// setGate makes an interrupt gate to code; nil leaves the entry absent.
func setGate(c *cpu.CPU, v cpu.Vector, code cpu.Code) {
	g := gatereg.Gate{Offset: 0xffff_ffff_8100_0000 + uint64(v)*16, Selector: 0x10, Type: gatereg.InterruptGate, Present: code != nil}
	c.Text().Put(g.Offset, "test", code)
	raw := cpu.EncodeGate(g)
	copy(c.IDT()[int(v)*gatereg.Size:], raw[:])
}

// at raises a vector on a CPU at a time.
func (b *bench) at(when sim.Time, id int, v cpu.Vector) {
	b.eng.Arm(&sim.Event{Fire: func(sim.Time) { b.latches[id].Raise(v) }}, when)
}

func (b *bench) run(t *testing.T, want ...string) {
	t.Helper()
	if _, err := b.eng.RunIdle(sim.Second); err != nil || b.eng.Failed() != nil {
		t.Fatalf("%v %+v", err, b.eng.Failed())
	}
	if !slices.Equal(b.log, want) {
		t.Errorf("got\n%q, want\n%q", b.log, want)
	}
}

func spend(c *cpu.CPU, n int) {
	for range n {
		c.Spend(cost.Instruction)
	}
}

// What arrives while IF is clear waits, and is taken at STI, the highest
// vector first, once each.
func TestCLIHoldsInterrupts(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		c.CLI()
		spend(c, 100)
		b.note("sti at %v", c.Now())
		c.STI()
		b.note("after")
	})
	b.at(10, 0, 0x30)
	b.at(20, 0, 0x40)
	b.at(30, 0, 0x30)
	b.run(t, "sti at 100ns", "0: vector 64 if=false", "0: vector 48 if=false", "after")
}

// With IF set an interrupt gets in at the first boundary after it came, and
// the interrupted code goes on with IF set.
func TestDeliveryAtABoundary(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		c.STI()
		c.Spend(cost.UserWork)
		b.note("back at %v if=%v", c.Now(), c.IF())
	})
	b.at(10, 0, 0x30)
	b.run(t, "0: vector 48 if=false", "back at 1.3µs if=true")
}

// A handler that turns interrupts on can be interrupted; the one that does
// not cannot.
func TestNesting(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		setGate(c, 0x30, func(c *cpu.CPU, _ *cpu.Frame) {
			b.note("in")
			spend(c, 50)
			b.note("sti")
			c.STI()
			spend(c, 50)
			b.note("out")
		})
		c.STI()
		spend(c, 200)
	})
	b.at(10, 0, 0x30)
	b.at(20, 0, 0x31)
	b.at(500, 0, 0x32)
	b.run(t, "in", "sti", "0: vector 49 if=false", "out", "0: vector 50 if=false")
}

func TestSaveAndRestore(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		c.STI()
		outer := c.SaveFlags()
		inner := c.SaveFlags()
		spend(c, 50)
		c.RestoreFlags(inner)
		b.note("inner if=%v", c.IF())
		c.RestoreFlags(outer)
		b.note("outer if=%v", c.IF())
	})
	b.at(10, 0, 0x30)
	b.run(t, "inner if=false", "0: vector 48 if=false", "outer if=true")
}

// The interrupt that comes between the last look and HLT must end the halt:
// STI and HLT are one step. Every moment of arrival is tried.
func TestNoWakeupIsLostBetweenSTIAndHLT(t *testing.T) {
	for when := sim.Time(0); when < 40; when++ {
		woken := false
		b := newBench(t, func(b *bench, c *cpu.CPU) {
			setGate(c, 0x30, func(*cpu.CPU, *cpu.Frame) { woken = true })
			spend(c, 5)
			c.STI()
			spend(c, 5)
			for !woken {
				c.CLI()
				spend(c, 3) // look
				if woken {
					break
				}
				c.HaltSTI()
			}
			c.STI()
			b.note("woken")
		})
		b.at(when, 0, 0x30)
		b.run(t, "woken")
	}
}

// A core that looks with interrupts on and then halts does lose it, for some
// moment: the test above can fail.
func TestWakeupIsLostWithoutCLI(t *testing.T) {
	lost := 0
	for when := sim.Time(0); when < 40; when++ {
		woken, done := false, false
		b := newBench(t, func(b *bench, c *cpu.CPU) {
			setGate(c, 0x30, func(*cpu.CPU, *cpu.Frame) { woken = true })
			c.STI()
			for !woken {
				seen := woken
				spend(c, 3)
				if !seen {
					c.HaltSTI()
				}
			}
			done = true
		})
		b.at(when, 0, 0x30)
		_, _ = b.eng.RunIdle(sim.Second)
		if !done {
			lost++
		}
	}
	if lost == 0 {
		t.Error("no wake-up was lost by a loop that must lose some")
	}
}

func TestHaltWithIFClearSleepsOn(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		c.CLI()
		c.Halt()
		b.note("awake")
	})
	b.at(10, 0, 0x30)
	b.run(t)
}

// A counter that is programmed anew forgets the first time, and one that is
// shut down never runs out.
func TestNMICounter(t *testing.T) {
	b := newBench(t, func(*bench, *cpu.CPU) {})
	counter := cpu.NewNMICounter(b.eng, b.cpus[0])
	counter.Program(1000)
	counter.Program(2000)
	fired := sim.Time(0)
	setGate(b.cpus[0], cpu.NMIVector, func(c *cpu.CPU, _ *cpu.Frame) { b.note("overflow"); fired = c.Now() })
	if _, err := b.eng.Run(3000); err != nil || len(b.log) != 1 || fired != 2000 {
		t.Errorf("a counter programmed twice: %q at %v", b.log, fired)
	}
	counter.Program(4000)
	counter.Shutdown()
	if _, _ = b.eng.Run(9000); len(b.log) != 1 {
		t.Errorf("a counter that was shut down ran out: %q", b.log)
	}
}

// A CPU that is not the one the code runs on is found at the next charge.
func TestStaleCPU(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) { spend(b.cpus[1], 1) }, func(*bench, *cpu.CPU) {})
	_, _ = b.eng.RunIdle(sim.Second)
	report(t, b, "stale CPU")
}

func report(t *testing.T, b *bench, rule string) {
	t.Helper()
	f := b.eng.Failed()
	if f == nil {
		t.Fatalf("no report, want %q", rule)
	}
	r, ok := f.Value.(*oops.Report)
	if !ok || r.Rule != rule || !errors.As(r, &r) {
		t.Errorf("report %v, want %q", f.Value, rule)
	}
}

func TestLatch(t *testing.T) {
	b := newBench(t, func(*bench, *cpu.CPU) {})
	l := b.latches[0]
	if _, ok := l.Pending(); ok {
		t.Error("an empty latch offers something")
	}
	for _, v := range []cpu.Vector{0, 63, 64, 200, 255, 64} {
		l.Raise(v)
	}
	for _, want := range []cpu.Vector{255, 200, 64, 63, 0} {
		if got := l.Acknowledge(); got != want {
			t.Errorf("acknowledged %d, want %d", got, want)
		}
	}
}

// A profile adds up to the clock.
func TestProfile(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		spend(c, 10)
		c.Spend(cost.UserWork)
	})
	b.run(t)
	p := b.cpus[0].Profile()
	if p.Count[cost.Instruction] != 10 || p.Time[cost.UserWork] != 1000 || b.cpus[0].Now() != 1010 {
		t.Errorf("profile %v at %v", p, b.cpus[0].Now())
	}
}

func TestSpendAllocatesNothing(t *testing.T) {
	var spends, interrupts float64
	newBench(t, func(b *bench, c *cpu.CPU) {
		setGate(c, 0x30, func(c *cpu.CPU, _ *cpu.Frame) { c.Spend(cost.InterruptEntry) })
		c.STI()
		spends = testing.AllocsPerRun(1000, func() { c.Spend(cost.Instruction) })
		interrupts = testing.AllocsPerRun(1000, func() {
			b.latches[0].Raise(0x30)
			c.Spend(cost.Instruction)
		})
	}).run(t)
	if spends != 0 || interrupts != 0 {
		t.Errorf("%v allocations a charge, %v an interrupt", spends, interrupts)
	}
}
