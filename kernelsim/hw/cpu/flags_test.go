package cpu_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

// CLI, and RestoreFlags of what was saved with IF clear, hold interrupts off
// that STI had let in.
func TestClearingIF(t *testing.T) {
	for name, clear := range map[string]func(c *cpu.CPU){
		"CLI":          (*cpu.CPU).CLI,
		"SaveFlags":    func(c *cpu.CPU) { c.SaveFlags() },
		"RestoreFlags": func(c *cpu.CPU) { c.RestoreFlags(false) },
	} {
		b := newBench(t, func(b *bench, c *cpu.CPU) {
			c.STI()
			spend(c, 10)
			clear(c)
			spend(c, 100)
			b.note("%v: still %v", name, c.IF())
			c.RestoreFlags(true)
		})
		b.at(50, 0, 0x30)
		b.run(t, name+": still false", "0: vector 48 if=false")
	}
}

// HLT sleeps on when the controller's request has gone again.
func TestHaltAfterRequestIsGone(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) {
		c.CLI()
		c.Interrupt() // but nothing is offered
		c.HaltSTI()
		b.note("awake at %v", c.Now())
	})
	b.at(5000, 0, 0x30)
	b.run(t, "0: vector 48 if=false", "awake at 5.3µs")
}

// The report of a stale CPU says who runs instead.
func TestStaleNames(t *testing.T) {
	b := newBench(t, func(b *bench, c *cpu.CPU) { spend(b.cpus[1], 1) }, func(*bench, *cpu.CPU) {})
	_, _ = b.eng.RunIdle(sim.Second)
	r := b.eng.Failed().Value.(*oops.Report)
	if want := "code that runs on CPU 0 uses the per-CPU base of CPU 1"; !strings.Contains(r.Title, want) {
		t.Errorf("title %q, want %q", r.Title, want)
	}
	defer func() {
		if r, ok := recover().(*oops.Report); !ok || !strings.Contains(r.Title, "code that runs on no processor uses the per-CPU base of CPU 0") {
			t.Errorf("outside of all processors: %v", r)
		}
	}()
	b.cpus[0].Spend(cost.Instruction)
}

// A gate counts as it stands in memory, either quadword of it, and is taken
// apart once.
func TestGateCache(t *testing.T) {
	decoded := 0
	eng := sim.New(1)
	defer eng.Close()
	price := cost.Default()
	c := cpu.New(cpu.Setup{Proc: eng.Proc(0), Intr: &latch{}, Price: &price, Decode: func(raw [gatereg.Size]byte) (gatereg.Gate, error) {
		decoded++
		return cpu.DecodeGate(raw)
	}})
	c.Peers = []*cpu.CPU{c}
	ran := ""
	for _, high := range []string{"0", "1"} {
		offset := uint64(0x8100_0000)
		if high == "1" {
			offset |= 1 << 32
		}
		c.Text().Put(offset, "test", func(*cpu.CPU, *cpu.Frame) { ran += high })
	}
	table := make([]byte, gatereg.Size)
	raw := cpu.EncodeGate(gatereg.Gate{Offset: 0x8100_0000, Selector: 0x10, Type: gatereg.InterruptGate, Present: true})
	copy(table, raw[:])
	c.LIDT(cpu.IDTR{Limit: gatereg.Size - 1}, table)
	c.Start(eng.NewCoroutine(func() {
		c.INT(0)
		c.INT(0)
		table[8] = 1 // bit 32 of the address
		c.INT(0)
		c.INT(0)
		c.Halt()
	}))
	if _, err := eng.RunIdle(sim.Second); err != nil || ran != "0011" || decoded != 2 {
		t.Errorf("the handlers %q ran, the gate was taken apart %d times (%v); want 0011 and 2", ran, decoded, err)
	}
}

// Every IST stack is free again after the IRET.
func TestISTIsFreeAgain(t *testing.T) {
	for ist := byte(1); ist <= 7; ist++ {
		b := one(t, func(b *bench, c *cpu.CPU) {
			s := cpu.NewStack("IST", 0x8000, 0x2000)
			c.TSS.IST[ist] = &s
			gateBytes(c, 0x30, 4, ist)
			c.INT(0x30)
			c.INT(0x30)
		})
		b.run(t, "48 code=false/0x0", "48 code=false/0x0")
	}
}
