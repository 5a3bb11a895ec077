package kernelsim_test

import (
	"testing"
	"time"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// BenchmarkDeviceInterrupt is a device's event up to the IRET: message, vector,
// descriptor, flow, handler, EOI. Of that, ns/flow is the way from the vector's
// descriptor to the driver's handler and back, without the clock's own time.
// Target: 150 ns for ns/flow, nothing allocated.
func BenchmarkDeviceInterrupt(b *testing.B) {
	b.ReportAllocs()
	m := bench(b, machine.Config{CPUs: 1, Append: "watchdog_thresh=0", Devices: []board.Device{{Kind: "msix", BDF: 5 << 3}}})
	var flow samples
	d, notify := device(b, m)
	inside(b, m, func(t *sched.Task) {
		c := t.CPU()
		for n := range b.N {
			m.Engine().Arm(notify, c.Now())
			for d.Total() == uint64(n) {
				c.Spend(cost.Instruction)
			}
		}
		flags := c.SaveFlags()
		for range 1 << 14 {
			start := time.Now()
			irq.Handle(c, d)
			flow.add(time.Since(start))
		}
		c.RestoreFlags(flags)
	})
	b.ReportMetric(float64(flow.median()-clockCost()), "ns/flow")
}

// device is the interrupt of the bench's device, and the event in which the
// device wants to signal.
func device(tb testing.TB, m *machine.Machine) (*irq.Desc, *sim.Event) {
	tb.Helper()
	const b pcie.BDF = 5 << 3
	n, err := pci.IRQVector(pci.Find(m.CPUs()[0], b), 0)
	if err != nil {
		tb.Fatal(err)
	}
	msix := m.Board().PCI.Func(b).MSIX()
	return irq.ToDesc(m.CPUs()[0], n), &sim.Event{Name: "device", Fire: func(sim.Time) { msix.Notify(0) }}
}

// TestDeviceInterruptAllocatesNothing: from the device's event to the IRET.
func TestDeviceInterruptAllocatesNothing(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 1, Append: "watchdog_thresh=0", TraceLimit: 1 << 10,
		Devices: []board.Device{{Kind: "msix", BDF: 5 << 3}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	d, notify := device(t, m)
	allocs := -1.0
	err = m.Do("bench", func(c *cpu.CPU) {
		allocs = testing.AllocsPerRun(2000, func() {
			before := d.Total()
			m.Engine().Arm(notify, c.Now())
			for d.Total() == before {
				c.Spend(cost.Instruction)
			}
		})
	})
	if err != nil || allocs != 0 || d.Total() < 2000 {
		t.Errorf("%v allocations an interrupt, %d interrupts, %v", allocs, d.Total(), err)
	}
}
