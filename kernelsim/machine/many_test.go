package machine_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// says returns the lines of dmesg that hold one of the words.
func says(m *machine.Machine, words ...string) (list []string) {
	for _, l := range m.Dmesg() {
		for _, w := range words {
			if strings.Contains(l.Text, w) {
				list = append(list, l.Text)
				break
			}
		}
	}
	return list
}

// Which driver names the processors, what the log says of it, and what becomes
// of the 256th processor, whose APIC ID means everybody in eight bits.
func TestAPICModes(t *testing.T) {
	for _, x := range []struct {
		name   string
		cfg    machine.Config
		driver string
		online int
		log    []string
	}{
		{"flat", machine.Config{CPUs: 8}, "flat", 8, nil},
		{"physical flat", machine.Config{CPUs: 9}, "physical flat", 9, []string{"Switched APIC routing to physical flat."}},
		{"x2apic without remapping", machine.Config{CPUs: 2, X2APIC: true}, "flat", 2,
			[]string{"x2apic: IRQ remapping doesn't support X2APIC mode"}},
		{"x2apic not wanted", machine.Config{CPUs: 2, X2APIC: true, Append: "nox2apic"}, "flat", 2, nil},
		{"255", machine.Config{CPUs: 255}, "physical flat", 255, []string{"Switched APIC routing to physical flat."}},
		{"256 of eight bits", machine.Config{CPUs: 256}, "physical flat", 255,
			[]string{"ACPI: x2apic entry ignored", "Switched APIC routing to physical flat."}},
		{"256 left in x2APIC mode", machine.Config{CPUs: 256, X2APIC: true}, "physical flat", 255, []string{
			"x2apic: enabled by BIOS, switching to x2apic ops", "Setting APIC routing to cluster x2apic.",
			"x2apic: IRQ remapping doesn't support X2APIC mode", "x2apic disabled",
			"Switched APIC routing to physical flat.", "smpboot: native_cpu_up: bad cpu 255"}},
		{"256 and remapping", machine.Config{CPUs: 256, X2APIC: true, Append: "intremap=on"}, "cluster x2apic", 256, []string{
			"x2apic: enabled by BIOS, switching to x2apic ops", "Setting APIC routing to cluster x2apic."}},
		{"256 in physical mode", machine.Config{CPUs: 256, X2APIC: true, Append: "intremap=on x2apic_phys"}, "physical x2apic", 256, []string{
			"x2apic: enabled by BIOS, switching to x2apic ops", "Setting APIC routing to physical x2apic."}},
		{"x2apic and remapping", machine.Config{CPUs: 4, X2APIC: true, Append: "intremap=on"}, "cluster x2apic", 4, []string{
			"x2apic enabled", "Switched APIC routing to cluster x2apic."}},
		{"remapping of xapic", machine.Config{CPUs: 4, Append: "intremap=on"}, "flat", 4, nil},
	} {
		if testing.Short() && x.cfg.CPUs > 16 && x.driver != "cluster x2apic" {
			continue // one of that size is enough for the race detector
		}
		m := boot(t, x.cfg)
		c := m.CPUs()[0]
		up := apic.Online(c)
		if apic.Mode(c) != x.driver || up.Count() != x.online {
			t.Errorf("%s: %s with %d CPUs, want %s with %d", x.name, apic.Mode(c), up.Count(), x.driver, x.online)
		}
		if got := says(m, "x2apic: ", "x2apic entry", "x2apic disabled", "x2apic enabled", "APIC routing", "bad cpu"); !slices.Equal(got, x.log) {
			t.Errorf("%s: the log says\n%q, want\n%q", x.name, got, x.log)
		}
	}
}

// An interrupt from outside reaches the last of many, and the first alone.
func TestInterruptAmongMany(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 255})
	before := entry.StatsOf(m.CPUs()[3]).Call
	for _, n := range []int{0, 254} {
		if err := m.Interrupt(n, 0xfb); err != nil {
			t.Fatal(err)
		}
		if err := m.RunIdle(); err != nil {
			t.Fatal(err)
		}
		if got := entry.StatsOf(m.CPUs()[n]).Call; got != 1 {
			t.Errorf("CPU %d took %d calls", n, got)
		}
	}
	if got := entry.StatsOf(m.CPUs()[3]).Call; got != before {
		t.Errorf("CPU 3 took %d calls", got)
	}
	if m.Interrupt(255, 0xfb) == nil {
		t.Error("a CPU that is not there was interrupted")
	}
}

// With noapic the virtual wire stays: the 8259A pair reaches the first CPU
// through LINT0, and every pin of the IOAPIC stays masked (recorded in
// intx/noapic-xtpic).
func TestNoAPIC(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2, Append: "noapic"})
	for n, want := range []string{"LVT0\t 0x00000700", "LVT0\t 0x00010700"} {
		if dump := m.APIC(n).Dump(); !strings.Contains(dump, want) {
			t.Errorf("CPU %d: want %s in\n%s", n, want, dump)
		}
	}
	if n := strings.Count(m.Board().IOAPIC.Dump(), "0x0000000000010000"); n != 24 {
		t.Errorf("%d pins are masked, want all 24", n)
	}
	if got := says(m, "APIC: ", "IO-APIC", "TIMER"); !slices.Equal(got, []string{"APIC: Switch to symmetric I/O mode setup",
		"Not enabling interrupt remapping due to skipped IO-APIC setup"}) {
		t.Errorf("the log says %q", got)
	}
}

// Until 4.15 the flat driver asked for lowest priority, and 4.9 has its timer
// at 0xef.
func TestOldDrivers(t *testing.T) {
	for kernel, want := range map[string][2]string{
		"4.9":  {"pin 2  0x0100000000000930 ", "LVTT\t 0x000000ef"},
		"4.20": {"pin 2  0x0100000000000830 ", "LVTT\t 0x000000ec"},
	} {
		m := boot(t, machine.Config{CPUs: 2, Kernel: kernel})
		if dump := m.Board().IOAPIC.Dump(); !strings.Contains(dump, want[0]) {
			t.Errorf("%s: want %s in\n%s", kernel, want[0], dump)
		}
		if dump := m.APIC(1).Dump(); !strings.Contains(dump, want[1]) {
			t.Errorf("%s: want %s in\n%s", kernel, want[1], dump)
		}
	}
}

// From a device's write to the handler and back nothing is allocated, nor by
// an IPI and the timer.
func TestInterruptPathDoesNotAllocate(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	taken := 0
	if err := entry.Request(m.CPUs()[0], 0x41, "counter", func(*cpu.CPU, cpu.Vector) { taken++ }); err != nil {
		t.Fatal(err)
	}
	device := sim.Event{Name: "device"}
	device.Fire = func(sim.Time) { m.Bus().DMAWriteFrom(nil, 0xfee00000, 4, 0x41) }
	round := func(c *cpu.CPU) {
		for range 1000 {
			m.Engine().Arm(&device, c.Now())
			apic.SendReschedule(c, 1)
			for range 5 {
				c.Spend(cost.UserWork)
			}
		}
	}
	var before, after runtime.MemStats
	sched.KThreadOn(m.CPUs()[0], 0, "counter", func(k *sched.Task) {
		round(k.CPU())
		runtime.ReadMemStats(&before)
		round(k.CPU())
		runtime.ReadMemStats(&after)
	})
	if err := m.Run(20 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if n := after.Mallocs - before.Mallocs; taken != 2000 || n > 2 {
		t.Errorf("%d interrupts, %d allocations in the second 1000", taken, n)
	}
}
