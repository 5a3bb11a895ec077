package machine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/drivers/standin"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
)

// books is everything that could leak: the matrix and the descriptors.
func books(c *cpu.CPU) string {
	text := vector.Debug(c)
	for _, d := range irq.Descs(c) {
		text += fmt.Sprintf("%d %v %s %x %s\n", d.IRQ, d.Names(), d.ChipName(), d.State, d.Affinity)
	}
	return text
}

// onDevice boots a machine with one device and lets f have its function,
// without a driver.
func onDevice(t *testing.T, dev board.Device, f func(c *cpu.CPU, d *pci.Dev)) *machine.Machine {
	t.Helper()
	dev.BDF = 5 << 3
	return inKernel(t, []board.Device{dev}, func(c *cpu.CPU) {
		d := pci.Find(c, dev.BDF)
		if err := pci.Unbind(c, d); err != nil {
			t.Fatal(err)
		}
		pci.EnableDevice(c, d)
		pci.SetMaster(c, d)
		f(c, d)
	})
}

// TestAllocContract goes through the table of what pci_alloc_irq_vectors
// answers (drivers/pci/msi/msi.c).
func TestAllocContract(t *testing.T) {
	pre := func(n, m int) *affinity.Affinity { return &affinity.Affinity{PreVectors: n, PostVectors: m} }
	tests := []struct {
		entries     int
		least, most int
		flags       pci.VectorFlags
		a           *affinity.Affinity
		want        int
		err         *errno.Errno
	}{
		{8, 1, 8, pci.IRQMSIX, nil, 8, nil},
		{8, 1, 32, pci.IRQMSIX, nil, 8, nil},
		{8, 8, 8, pci.IRQMSIX, nil, 8, nil},
		{8, 9, 32, pci.IRQMSIX, nil, 0, errno.ENOSPC},
		{8, 4, 3, pci.IRQMSIX, nil, 0, errno.ERANGE},
		{8, 0, 0, pci.IRQMSIX, nil, 0, errno.EINVAL},
		{8, 0, 3, pci.IRQMSIX, nil, 3, nil},
		{8, 1, 8, 0, nil, 0, errno.ENOSPC},
		{8, 1, 8, pci.IRQMSI, nil, 0, errno.EINVAL}, // it has none
		{8, 1, 8, pci.IRQLegacy, nil, 0, errno.ENOSPC},
		{1, 1, 1, pci.IRQAllTypes, nil, 1, nil},
		{2048, 1, 2048, pci.IRQMSIX, nil, 2048, nil}, // promises cost nothing
		{2048, 2000, 4096, pci.IRQMSIX, nil, 2048, nil},
		{8, 1, 8, pci.IRQMSIX | pci.IRQAffinity, nil, 4, nil}, // no more than processors
		{8, 2, 8, pci.IRQMSIX | pci.IRQAffinity, pre(1, 1), 6, nil},
		{8, 2, 8, pci.IRQMSIX | pci.IRQAffinity, pre(2, 1), 0, errno.ENOSPC}, // pre and post above least
		{8, 7, 8, pci.IRQMSIX | pci.IRQAffinity, pre(1, 1), 0, errno.ENOSPC},
		{8, 1, 8, pci.IRQMSIX, pre(1, 0), 8, nil}, // a warning, and ignored
	}
	for i, tt := range tests {
		onDevice(t, board.Device{Kind: "msix", Vectors: tt.entries}, func(c *cpu.CPU, d *pci.Dev) {
			before := books(c)
			n, err := pci.AllocIRQVectorsAffinity(c, d, tt.least, tt.most, tt.flags, tt.a)
			if n != tt.want || (err == nil) != (tt.err == nil) || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("case %d: %d, %v; want %d, %v", i, n, err, tt.want, tt.err)
			}
			if _, err := pci.IRQVector(d, tt.want); err == nil && tt.want > 0 {
				t.Errorf("case %d: there is a vector %d", i, tt.want)
			}
			if n > 0 {
				if _, err := pci.AllocIRQVectors(c, d, 1, 1, pci.IRQMSIX); !errors.Is(err, errno.EINVAL) {
					t.Errorf("case %d: a second time: %v", i, err)
				}
				pci.FreeIRQVectors(c, d)
			}
			if after := books(c); after != before {
				t.Errorf("case %d leaks:\n%s", i, after)
			}
			if d.MSIXEnabled || d.Read16(c, d.MSIXCap+2)&0xc000 != 0 {
				t.Errorf("case %d leaves MSI-X on", i)
			}
		})
	}
}

// TestMSI: one message with a register to mask it, a vector at once without
// one; the pin is off meanwhile.
func TestMSI(t *testing.T) {
	onDevice(t, board.Device{Kind: "e1000e"}, func(c *cpu.CPU, d *pci.Dev) {
		if d.MSICap == 0 || d.MessageCount(c) == 0 {
			t.Fatal("the stand-in has no MSI capability")
		}
		before, pin := books(c), d.IRQ
		n, err := pci.AllocIRQVectors(c, d, 1, 4, pci.IRQMSI)
		if n != 1 || err != nil || !d.MSIEnabled || d.IRQ < vector.Pins {
			t.Fatalf("%d, %v, irq %d", n, err, d.IRQ)
		}
		if _, err := pci.AllocIRQVectors(c, d, 1, 1, pci.IRQMSIX); !errors.Is(err, errno.EINVAL) {
			t.Errorf("MSI-X beside MSI: %v", err)
		}
		if err := irq.Request(c, irq.Number(d.IRQ), func(*cpu.CPU, irq.Number, any) irq.Return { return irq.Handled }, 0, "one", d); err != nil {
			t.Fatal(err)
		}
		v, on, _ := vector.Of(c, irq.Number(d.IRQ))
		if low := d.Read32(c, d.MSICap+4); low != 0xfee0_0004|1<<on<<12 || d.Read16(c, d.MSICap+12) != uint16(v) {
			t.Errorf("address %#x data %#x for vector %#x of CPU %d", low, d.Read16(c, d.MSICap+12), v, on)
		}
		irq.Free(c, irq.Number(d.IRQ), d)
		pci.FreeIRQVectors(c, d)
		if after := books(c); after != before || d.IRQ != pin || d.Read16(c, d.MSICap+2)&1 != 0 {
			t.Errorf("irq %d, was %d; leaks:\n%s", d.IRQ, pin, after)
		}
	})
}

// TestFailingRequests: whichever request of a probe fails, the driver unwinds,
// nothing leaks, and the next probe works.
func TestFailingRequests(t *testing.T) {
	for kind, requests := range map[string]int{"virtio-net": 3, "e1000e": 3, "msix": 4, "legacy": 1} {
		onDevice(t, board.Device{Kind: kind}, func(c *cpu.CPU, d *pci.Dev) {
			pci.DisableDevice(c, d)
			before := books(c)
			for n := 1; n <= requests+1; n++ {
				want := []*errno.Errno{errno.ENOMEM, errno.EBUSY}[n%2]
				irq.FailRequest(c, n, want)
				err := pci.Bind(c, standin.New(kind, 0, ""), d)
				if left, _ := irq.Failing(c); n > requests {
					if err != nil || left != 1 {
						t.Fatalf("%s: a fault that comes too late: %v, %d left", kind, err, left)
					}
					irq.FailRequest(c, 0, nil)
					pci.Unbind(c, d)
				} else if !errors.Is(err, want) || d.Driver != "" || left != 0 {
					t.Fatalf("%s: request %d: %v, want %v; driver %q, %d left", kind, n, err, want, d.Driver, left)
				}
				if after := books(c); after != before {
					t.Fatalf("%s: request %d leaks:\n%s\nwas\n%s", kind, n, after, before)
				}
			}
		})
	}
}

// TestRequestContract is who request_irq refuses (kernel/irq/manage.c).
func TestRequestContract(t *testing.T) {
	h := func(*cpu.CPU, irq.Number, any) irq.Return { return irq.None }
	inKernel(t, nil, func(c *cpu.CPU) {
		before := books(c)
		for i, tt := range []struct {
			n     irq.Number
			h     irq.Handler
			flags irq.Flags
			dev   any
			want  *errno.Errno
		}{
			{5, h, irq.Shared, nil, errno.EINVAL}, {5, h, irq.Shared | irq.NoAutoEnable, c, errno.EINVAL},
			{5, h, irq.CondSuspend, c, errno.EINVAL}, {5, h, irq.Shared | irq.CondSuspend | irq.NoSuspend, c, errno.EINVAL},
			{-1, h, 0, c, errno.EINVAL}, {99, h, 0, c, errno.EINVAL}, {5, nil, 0, c, errno.EINVAL},
			{8, h, 0, c, errno.EBUSY}, {8, h, irq.Shared, c, errno.EBUSY}, {9, h, 0, c, errno.EBUSY},
			{9, h, irq.Shared | irq.PerCPUFlag, c, errno.EBUSY},
			{9, h, irq.Shared | irq.OneShotFlag, c, errno.EBUSY}, {8, h, irq.ProbeShared, c, errno.EBUSY},
		} {
			if err := irq.Request(c, tt.n, tt.h, tt.flags, "test", tt.dev); !errors.Is(err, tt.want) {
				t.Errorf("case %d: %v, want %v", i, err, tt.want)
			}
		}
		if _, err := irq.Free(c, 8, c); !errors.Is(err, errno.EINVAL) {
			t.Errorf("another's interrupt is freed: %v", err)
		}
		if after := books(c); after != before {
			t.Errorf("what is refused changes something:\n%s\nwas\n%s", after, before)
		}
		if err := irq.Request(c, 9, h, irq.Shared, "second", c); err != nil {
			t.Error(err)
		}
		if got := strings.Join(irq.ToDesc(c, 9).Names(), ", "); got != "acpi, second" {
			t.Errorf("irq 9 has %s", got)
		}
		if name, err := irq.Free(c, 9, c); name != "second" || err != nil {
			t.Errorf("%s, %v", name, err)
		}
	})
}

// TestLegacyLine: a level comes until the device is served, whoever shares the
// line, and each driver is asked.
func TestLegacyLine(t *testing.T) {
	for _, params := range []string{"", "noapic"} {
		m := boot(t, machine.Config{Append: params, Devices: []board.Device{{Kind: "legacy", BDF: 5 << 3}, {Kind: "legacy", BDF: 9 << 3}}})
		devs := m.PCIDevs()
		n := devs[len(devs)-1].IRQ
		for i := range 5 {
			m.Bus().Write(bus.Addr(devs[len(devs)-1-i%2].Resources[0].Start+8), 4, 1<<i) // raise
			if err := m.RunIdle(); err != nil {
				t.Fatal(err)
			}
		}
		d := m.Interrupts()[n]
		if d.Total() != 5 || len(d.Names()) != 2 {
			t.Errorf("%q: irq %d %v came %d times, want 5", params, n, d.Names(), d.Total())
		}
		for _, dev := range devs[len(devs)-2:] {
			if left := m.Bus().Read(bus.Addr(dev.Resources[0].Start), 4); left != 0 {
				t.Errorf("%q: %v still wants %#x", params, dev.BDF, left)
			}
		}
	}
}

// exhaust requests as many interrupts as there are, and says how many that is.
func exhaust(c *cpu.CPU, d *pci.Dev, entries int) (n int, err error) {
	for n = range entries {
		virq, _ := pci.IRQVector(d, n)
		if err := irq.Request(c, virq, func(*cpu.CPU, irq.Number, any) irq.Return { return irq.Handled }, 0, "one", d); err != nil {
			return n, err
		}
	}
	return entries, nil
}

// TestExhaustion: promises are free, vectors are not: request_irq says ENOSPC.
func TestExhaustion(t *testing.T) {
	onDevice(t, board.Device{Kind: "msix", Vectors: 2048}, func(c *cpu.CPU, d *pci.Dev) {
		before := books(c)
		if _, err := pci.AllocIRQVectors(c, d, 2048, 2048, pci.IRQMSIX); err != nil {
			t.Fatal(err)
		}
		n, err := exhaust(c, d, 2048)
		if !errors.Is(err, errno.ENOSPC) || n != 4*201-7 {
			t.Errorf("%d requests, then %v; want %d and ENOSPC", n, err, 4*201-7)
		}
		for i := range n {
			virq, _ := pci.IRQVector(d, i)
			irq.Free(c, virq, d)
		}
		pci.FreeIRQVectors(c, d)
		if after := books(c); after != before {
			t.Errorf("leaks:\n%s\nwas\n%s", after, before)
		}
	})
}

// TestWithoutIOAPIC: the lines are the 8259A pair's, as recorded in intx/
// noapic-xtpic, but for the counts and the network cards.
func TestWithoutIOAPIC(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2, Append: "noapic", Devices: []board.Device{{Kind: "legacy"}}})
	var got []string
	for _, d := range m.Interrupts() {
		if d.Requested() {
			got = append(got, fmt.Sprint(d.IRQ, " ", d.ChipName(), d.Name, " ", strings.Join(d.Names(), ", ")))
		}
	}
	want := []string{"0 XT-PIC timer", "1 XT-PIC i8042", "2 XT-PIC cascade", "3 XT-PIC ttyS1", "4 XT-PIC ttyS0",
		"8 XT-PIC rtc0", "9 XT-PIC acpi", "10 XT-PIC legacy0", "12 XT-PIC i8042"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, recorded %q", got, want)
	}
}
