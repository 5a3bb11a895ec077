package bus_test

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/sim"
)

// A device writes down what reaches it, and answers with a number of 8 bytes
// of which a reader must take the right ones.
type device struct{ log string }

func (d *device) Read(off uint32, size int) uint64 {
	d.log += fmt.Sprintf("r%d@%x ", size, off)
	return 0x8877_6655_4433_2211
}

func (d *device) Write(off uint32, size int, v uint64) {
	d.log += fmt.Sprintf("w%d@%x=%x ", size, off, v)
}

// onCPU runs f as a processor's code, with a device at 0x1000 and one at port
// 0x60, and returns how the time was charged.
func onCPU(t *testing.T, mem, port *device, f func(c *cpu.CPU)) *cpu.Profile {
	t.Helper()
	b := bus.New()
	if b.Map("mem", 0x1000, 0x100, mem, 0) != nil || b.Ports().Map("port", 0x60, 8, port, 0) != nil {
		t.Fatal("a device cannot be mapped")
	}
	eng := sim.New(1)
	defer eng.Close()
	price := cost.Default()
	c := cpu.New(cpu.Setup{Proc: eng.Proc(0), Price: &price})
	c.Peers = []*cpu.CPU{c}
	c.Attach(nil, b)
	c.Start(eng.NewCoroutine(func() {
		f(c)
		for {
			c.Halt()
		}
	}))
	if _, err := eng.RunIdle(sim.Second); err != nil {
		t.Fatal(err)
	}
	return c.Profile()
}

// Each accessor makes one access of its width at its place, and pays its
// price once, before the access takes effect.
func TestAccessors(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(c *cpu.CPU) uint64
		want uint64 // what it returns
		log  string
		row  cost.Row
		port bool
	}{
		{"readl", func(c *cpu.CPU) uint64 { return uint64(bus.ReadL(c, 0x1008)) }, 0x4433_2211, "r4@8 ", cost.MMIORead, false},
		{"readq", func(c *cpu.CPU) uint64 { return bus.ReadQ(c, 0x1010) }, 0x8877_6655_4433_2211, "r8@10 ", cost.MMIORead, false},
		{"writel", func(c *cpu.CPU) uint64 { bus.WriteL(c, 0x1004, 0xfedc_ba98); return 0 }, 0, "w4@4=fedcba98 ", cost.MMIOWrite, false},
		{"writeq", func(c *cpu.CPU) uint64 { bus.WriteQ(c, 0x1018, 1<<63|1); return 0 }, 0, "w8@18=8000000000000001 ", cost.MMIOWrite, false},
		{"inb", func(c *cpu.CPU) uint64 { return uint64(bus.InB(c, 0x61)) }, 0x11, "r1@1 ", cost.PortIO, true},
		{"inl", func(c *cpu.CPU) uint64 { return uint64(bus.InL(c, 0x64)) }, 0x4433_2211, "r4@4 ", cost.PortIO, true},
		{"outb", func(c *cpu.CPU) uint64 { bus.OutB(c, 0x60, 0xfe); return 0 }, 0, "w1@0=fe ", cost.PortIO, true},
		{"outl", func(c *cpu.CPU) uint64 { bus.OutL(c, 0x60, 0x8000_1234); return 0 }, 0, "w4@0=80001234 ", cost.PortIO, true},
	} {
		mem, port := &device{}, &device{}
		var got uint64
		before := ""
		profile := onCPU(t, mem, port, func(c *cpu.CPU) {
			got = tt.do(c)
			before = mem.log + port.log
		})
		used, idle := mem, port
		if tt.port {
			used, idle = port, mem
		}
		if got != tt.want || used.log != tt.log || idle.log != "" || before != tt.log {
			t.Errorf("%s returns %#x and the device sees %q (the other %q), want %#x and %q", tt.name, got, used.log, idle.log, tt.want, tt.log)
		}
		for r := range cost.NumRows {
			if n := profile.Count[r]; (n == 1) != (r == tt.row) || n > 1 {
				t.Errorf("%s is charged %d times for row %d", tt.name, n, r)
			}
		}
	}
}

// Ports on which nothing answers, and an acknowledge cycle that nobody
// answers, read as all ones.
func TestNobodyAtThePorts(t *testing.T) {
	b := bus.New()
	b.Out(0x80, 1, 1)
	if v := b.In(0x80, 1); v != 0xff {
		t.Errorf("an empty port reads %#x", v)
	}
	if v := b.In(0xcfc, 4); v != 0xffff_ffff {
		t.Errorf("an empty port reads %#x", v)
	}
	if v := b.INTA(); v != 0xff {
		t.Errorf("without a PIC the vector is %#x, want 0xff", v)
	}
	cycles := 0
	b.OnINTA(func() uint8 { cycles++; return 0x38 })
	if v := b.INTA(); v != 0x38 || cycles != 1 {
		t.Errorf("the PIC's vector is %#x after %d cycles, want 0x38 after one", v, cycles)
	}
}
