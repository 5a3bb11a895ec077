package machine

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/apic/icrabi"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/sim"
)

// A part that sends gets what the kernel sends to itself and to others, with
// the destination mode of the driver in use; in x2APIC mode it is not asked.
func TestSendIPIPart(t *testing.T) {
	const v cpu.Vector = 0x91
	for _, tc := range []struct {
		cfg     Config
		logical bool
		calls   int
	}{
		{Config{CPUs: 3}, true, 2}, {Config{CPUs: 9}, false, 2},
		{Config{CPUs: 3, X2APIC: true, Append: "intremap=on", Board: "q35"}, false, 0},
	} {
		var asked []icrabi.Dest
		send := func(p icrabi.Port, to icrabi.Dest, vec uint8) {
			if cpu.Vector(vec) == v {
				asked = append(asked, to)
			}
			for n := range to.CPUs.All() {
				p.Write(lapicreg.RegICRHigh, p.ID(n)<<24)
				p.Write(lapicreg.RegICR, uint32(vec))
			}
		}
		m, err := Boot(tc.cfg, WithSendIPI(send))
		if err != nil {
			t.Fatal(err)
		}
		var came [3]int
		err = m.Do("test", func(c *cpu.CPU) {
			_ = entry.Request(c, v, "test", func(c *cpu.CPU, _ cpu.Vector) { came[c.ID]++ })
			apic.SendSelf(c, v)
			apic.SendMask(c, cpumask.Of(1, 2), v)
		})
		if err == nil {
			err = m.Run(sim.Millisecond)
		}
		if err != nil || came != [3]int{1, 1, 1} || len(asked) != tc.calls {
			t.Errorf("%+v: %v, came %v, asked %v", tc.cfg, err, came, asked)
		}
		for i, to := range asked {
			if want := []cpumask.Mask{cpumask.Of(0), cpumask.Of(1, 2)}[i]; to.CPUs != want || to.Logical != tc.logical {
				t.Errorf("%+v: asked for %v, want %v, logical %t", tc.cfg, to, want, tc.logical)
			}
		}
		m.Close()
	}
}
