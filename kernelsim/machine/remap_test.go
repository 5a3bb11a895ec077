package machine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
)

// remapped boots a machine with a remapping unit.
func remapped(t *testing.T, cfg machine.Config, parts ...machine.Part) *machine.Machine {
	t.Helper()
	cfg.Append = strings.TrimSpace("intremap=on " + cfg.Append)
	return boot(t, cfg, parts...)
}

// irte is an entry of the table, as it lies in memory.
func irte(m *machine.Machine, index int) iommureg.IRTE {
	table := bus.Addr(m.Bus().Read(iommureg.Base+iommureg.IRTA, 8)&iommureg.PageMask) + bus.Addr(index*iommureg.IRTESize)
	return iommureg.IRTE{Low: m.Bus().Read(table, 8), High: m.Bus().Read(table+8, 8)}
}

// indexOf is the entry that a message names.
func indexOf(t *testing.T, addr uint64, data uint32) int {
	t.Helper()
	req, ok := iommureg.Decode(addr, data)
	if !ok || addr&(1<<4) == 0 {
		t.Fatalf("address %#x data %#x is no message in the remappable format", addr, data)
	}
	return int(req.Index())
}

// signal makes a function write the message of an entry of its table.
func signal(t *testing.T, m *machine.Machine, b pcie.BDF, k int) {
	t.Helper()
	if err := m.Do("signal", func(*cpu.CPU) { m.Board().PCI.Func(b).MSIX().Notify(k) }); err != nil {
		t.Fatal(err)
	}
	if err := m.RunIdle(); err != nil {
		t.Fatal(err)
	}
}

// TestRemappedDelivery: in every mode each message of a device and each pin
// has an entry that says what the kernel's books say, and what the device
// sends arrives where it says; moved to another processor too, without a write
// to the device.
func TestRemappedDelivery(t *testing.T) {
	for _, cfg := range []machine.Config{
		{}, {Board: board.Q35}, {CPUs: 9}, {X2APIC: true},
		{CPUs: 20, X2APIC: true}, {CPUs: 20, X2APIC: true, Append: "x2apic_phys"},
	} {
		const b = pcie.BDF(5 << 3)
		cfg.CPUs = max(cfg.CPUs, 2)
		cfg.Devices = []board.Device{{Kind: "msix", BDF: b, Vectors: 6}, {Kind: "nvme", BDF: 6 << 3}}
		m := remapped(t, cfg)
		name := fmt.Sprintf("%s %d CPUs x2apic=%v %q", cfg.Board, cfg.CPUs, cfg.X2APIC, cfg.Append)
		checkEntries(t, m, name)
		for k := range 6 {
			before := m.Board().PCI.Func(b).MSIX().Entry(k)
			for _, to := range []int{-1, cfg.CPUs - 1, 0} {
				n, on := moveEntry(t, m, b, k, to)
				d := m.Interrupts()[slices.IndexFunc(m.Interrupts(), func(d *irq.Desc) bool { return d.IRQ == n })]
				came := d.Count(on)
				signal(t, m, b, k)
				if d.Count(on) != came+1 {
					t.Errorf("%s: entry %d, moved to %d: CPU %d counts %d, want %d", name, k, to, on, d.Count(on), came+1)
				}
			}
			if after := m.Board().PCI.Func(b).MSIX().Entry(k); after != before {
				t.Errorf("%s: entry %d changed from %+v to %+v", name, k, before, after)
			}
		}
		checkEntries(t, m, name)
		if log := says(m, "DRHD: handling"); len(log) > 0 {
			t.Errorf("%s: %q", name, log)
		}
	}
}

// moveEntry moves a message's interrupt to a processor, if it is not -1, and
// says which one it is and where it goes now.
func moveEntry(t *testing.T, m *machine.Machine, b pcie.BDF, k, to int) (n irq.Number, on int) {
	t.Helper()
	err := m.Do("move", func(c *cpu.CPU) {
		n, _ = pci.IRQVector(pci.Find(c, b), k)
		if to >= 0 {
			if err := irq.SetAffinity(c, n, cpumask.Of(to)); err != nil {
				t.Error(err)
			}
		}
		if _, on, _ = vector.Of(c, n); to >= 0 && on != to {
			t.Errorf("interrupt %d is on CPU %d right after the write, want %d", n, on, to)
		}
	})
	if err == nil {
		err = m.RunIdle()
	}
	if err != nil {
		t.Fatal(err)
	}
	return n, on
}

// checkEntries compares the table in memory with the kernel's books.
func checkEntries(t *testing.T, m *machine.Machine, name string) {
	t.Helper()
	seen := map[int]bool{}
	check := func(n irq.Number, index int, source uint16) {
		c := m.CPUs()[0]
		v, on, _ := vector.Of(c, n)
		want := uint32(on)
		switch {
		case strings.Contains(name, "x2apic=true") && !strings.Contains(name, "x2apic_phys"):
			want = uint32(on>>4<<16 | 1<<(on&15))
		case strings.Contains(name, "x2apic=true"):
		case m.Config().CPUs > 8:
			want = uint32(on) << 8
		default:
			want = 1 << on << 8
		}
		e := irte(m, index)
		if !e.Present() || e.Vector() != uint8(v) || e.Dest() != want || e.SID() != source || e.Level() {
			t.Errorf("%s: interrupt %d has vector %#x of CPU %d; entry %d is %s %s", name, n, uint8(v), on, index,
				iommureg.IRTELow().String(e.Low), iommureg.IRTEHigh().String(e.High))
		}
		if seen[index] {
			t.Errorf("%s: entry %d has two interrupts", name, index)
		}
		seen[index] = true
	}
	for _, f := range m.Board().Functions() {
		for k := range f.Func.MSIX().Len() {
			n := irq.Number(-1)
			for _, d := range m.Interrupts() {
				if d.Requested() && d.ChipName() == "IR-PCI-MSI" && d.HWIRQ == uint64(f.Func.BDF())<<11|uint64(k) {
					n = d.IRQ
				}
			}
			if e := f.Func.MSIX().Entry(k); n >= 0 {
				check(n, indexOf(t, uint64(e.Addr), e.Data), uint16(f.Func.BDF()))
			}
		}
	}
	for _, d := range m.Interrupts() {
		if d.Requested() && d.ChipName() == "IR-IO-APIC" {
			e := uint64(m.Board().IOAPIC.Entry(int(d.HWIRQ)))
			if e>>48&1 == 0 || e&0xff != d.HWIRQ {
				t.Errorf("%s: pin %d holds %#x", name, d.HWIRQ, e)
			}
			check(d.IRQ, int(e>>49)|int(e>>11&1)<<15, 0xff00)
		}
	}
	if len(seen) < 12 {
		t.Errorf("%s: only %d entries compared", name, len(seen))
	}
}

// TestRemappedLife: what a driver gives back is not present any more, the next
// one gets the same entries, and a message that comes too late is a fault that
// the log tells of; so is one of a function that borrows another's entry.
func TestRemappedLife(t *testing.T) {
	const b, other = pcie.BDF(5 << 3), pcie.BDF(6 << 3)
	m := remapped(t, machine.Config{Devices: []board.Device{{Kind: "msix", BDF: b}, {Kind: "msix", BDF: other}}})
	f := m.Board().PCI.Func(b)
	first := f.MSIX().Entry(1)
	index := indexOf(t, uint64(first.Addr), first.Data)
	drv := pci.Driver(nil)
	do := func(f func(c *cpu.CPU)) {
		t.Helper()
		if err := errors.Join(m.Do("sh", f), m.RunIdle()); err != nil {
			t.Fatal(err)
		}
	}
	do(func(c *cpu.CPU) { // as if the other one had been told the handle
		m.Board().PCI.Func(other).DMAWrite(bus.Addr(first.Addr), 4, uint64(first.Data))
	})
	do(func(c *cpu.CPU) {
		drv = pci.DriverOf(pci.Find(c, b))
		if err := pci.Unbind(c, pci.Find(c, b)); err != nil {
			t.Error(err)
		}
		pci.SetMaster(c, pci.Find(c, b))
		f.DMAWrite(bus.Addr(first.Addr), 4, uint64(first.Data))
	})
	if e := irte(m, index); e != (iommureg.IRTE{}) {
		t.Errorf("entry %d is %s after its interrupt was freed", index, iommureg.IRTELow().String(e.Low))
	}
	want := []string{
		"DMAR: DRHD: handling fault status reg 2",
		fmt.Sprintf("DMAR: [INTR-REMAP] Request device [00:06.0] fault index 0x%x [fault reason 0x26] Blocked an interrupt request due to source-id verification failure", index),
		"DMAR: DRHD: handling fault status reg 2",
		fmt.Sprintf("DMAR: [INTR-REMAP] Request device [00:05.0] fault index 0x%x [fault reason 0x22] Present field in the IRTE entry is clear", index),
	}
	if got := says(m, "DMAR: "); !slices.Equal(got, want) {
		t.Errorf("the log says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := m.Bus().Read(iommureg.Base+iommureg.FSTS, 4); got != 0 {
		t.Errorf("fault status %#x", got)
	}
	do(func(c *cpu.CPU) {
		if err := pci.Bind(c, drv, pci.Find(c, b)); err != nil {
			t.Error(err)
		}
	})
	if again := f.MSIX().Entry(1); again.Addr != first.Addr {
		t.Errorf("the second driver's entry 1 has %#x, the first one's had %#x", again.Addr, first.Addr)
	}
}

// TestManyMessages: with remapping one function has several messages of MSI,
// each with a vector and a processor of its own; without, one.
func TestManyMessages(t *testing.T) {
	const b = pcie.BDF(9 << 3)
	plug := machine.WithWired(func(m *machine.Machine) {
		f := pcie.NewFunc(m.Bus(), b, pcie.Header{Name: "many", Vendor: 0x1b36, Device: 5, Class: 0xff0000})
		f.AddMSI(0x50, 3, true, true)
		if err := m.Board().PCI.Attach(f, nil); err != nil {
			t.Error(err)
		}
	})
	for params, most := range map[string]int{"intremap=on": 8, "": 1} {
		m := boot(t, machine.Config{Append: params}, plug)
		f := m.Board().PCI.Func(b)
		came := [8]int{}
		err := m.Do("probe", func(c *cpu.CPU) {
			d := pci.Find(c, b)
			pci.EnableDevice(c, d)
			pci.SetMaster(c, d)
			if _, err := pci.AllocIRQVectors(c, d, most+1, 8, pci.IRQMSI); most < 8 && !errors.Is(err, errno.ENOSPC) {
				t.Errorf("%q: more than %d: %v, want ENOSPC", params, most, err)
			}
			n, err := pci.AllocIRQVectors(c, d, 1, 8, pci.IRQMSI)
			if n != most || err != nil {
				t.Fatalf("%q: %d messages, %v, want %d", params, n, err, most)
			}
			for i := range n {
				virq, _ := pci.IRQVector(d, i)
				h := func(*cpu.CPU, irq.Number, any) irq.Return { came[i]++; return irq.Handled }
				if err := irq.Request(c, virq, h, 0, fmt.Sprint("m", i), d); err != nil {
					t.Error(err)
				}
				if i > 0 {
					err = errors.Join(err, irq.SetAffinity(c, virq, cpumask.Of(i%4)))
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range most {
			if err := errors.Join(m.Do("signal", func(*cpu.CPU) { f.MSI().Notify(i) }), m.RunIdle()); err != nil {
				t.Fatal(err)
			}
			if came[i] != 1 {
				t.Errorf("%q: message %d came %d times", params, i, came[i])
			}
		}
	}
}

// TestRemappedLevel: a line that is a level is ended at its pin, though the
// processor had another vector: it comes again while the device is not served,
// and after a move.
func TestRemappedLevel(t *testing.T) {
	for _, kind := range []string{board.PC, board.Q35} {
		m := remapped(t, machine.Config{Board: kind, Devices: []board.Device{{Kind: "legacy", BDF: 5 << 3}}})
		devs := m.PCIDevs()
		dev := devs[slices.IndexFunc(devs, func(d *pci.Dev) bool { return d.BDF == 5<<3 })]
		for i := range 6 {
			if i == 3 {
				if err := m.Do("move", func(c *cpu.CPU) {
					if err := irq.SetAffinity(c, irq.Number(dev.IRQ), cpumask.Of(3)); err != nil {
						t.Error(err)
					}
				}); err != nil {
					t.Fatal(err)
				}
			}
			m.Bus().Write(bus.Addr(dev.Resources[0].Start+8), 4, 1<<i)
			if err := m.RunIdle(); err != nil {
				t.Fatal(err)
			}
		}
		d := m.Interrupts()[slices.IndexFunc(m.Interrupts(), func(d *irq.Desc) bool { return int(d.IRQ) == dev.IRQ })]
		if d.Total() != 6 || d.Count(3) < 3 || d.ChipName() != "IR-IO-APIC" {
			t.Errorf("%s: %s %d came %d times, on CPU 3 %d; want 6 and 3", kind, d.ChipName(), dev.IRQ, d.Total(), d.Count(3))
		}
	}
}

// TestRemappingNotUsed: without the I/O APIC's set-up the unit stays off, and
// messages go straight to the processors.
func TestRemappingNotUsed(t *testing.T) {
	m := remapped(t, machine.Config{Append: "noapic", Devices: []board.Device{{Kind: "msix", BDF: 5 << 3}}})
	if a := m.Board().PCI.Func(5 << 3).MSIX().Entry(0).Addr; a&(1<<4) != 0 {
		t.Errorf("entry 0 has %#x, a handle", a)
	}
	for _, d := range m.Interrupts() {
		if name := d.ChipName(); strings.Contains(name, "IR-") || name == "DMAR-MSI" {
			t.Errorf("interrupt %d has chip %s", d.IRQ, name)
		}
	}
	signal(t, m, 5<<3, 0)
	if len(says(m, "DRHD: handling")) != 0 {
		t.Error("a fault")
	}
}

// TestRemappedBusy: a second move before the first one's old vector is given
// back waits for the next interrupt, which comes to where the first one led.
func TestRemappedBusy(t *testing.T) {
	const b = pcie.BDF(5 << 3)
	m := remapped(t, machine.Config{Devices: []board.Device{{Kind: "msix", BDF: b}}})
	var d *irq.Desc
	err := m.Do("move", func(c *cpu.CPU) {
		n, _ := pci.IRQVector(pci.Find(c, b), 0)
		d = irq.ToDesc(c, n)
		_, from, _ := vector.Of(c, n)
		one, two := (from+1)%4, (from+2)%4
		if err := errors.Join(irq.SetAffinity(c, n, cpumask.Of(one)), irq.SetAffinity(c, n, cpumask.Of(two))); err != nil {
			t.Error(err)
		}
		if d.State&irq.SetAffinityPending == 0 || d.Effective != cpumask.Of(one) || d.ShownAffinity() != cpumask.Of(two) {
			t.Errorf("state %#x, on %s, may go to %s", d.State, d.Effective, d.ShownAffinity())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	first := d.Effective
	for i := range 3 {
		signal(t, m, b, 0)
		if n := d.Count(first.First()); n != 1 || d.Total() != uint64(i+1) {
			t.Errorf("after %d: CPU %d has %d of %d", i+1, first.First(), n, d.Total())
		}
	}
	if d.Effective == first || d.State&irq.SetAffinityPending != 0 {
		t.Errorf("it is on %s still, state %#x", d.Effective, d.State)
	}
}
