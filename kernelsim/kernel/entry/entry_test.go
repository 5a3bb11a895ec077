package entry_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

func boot(t *testing.T, cpus int) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(machine.Config{CPUs: cpus})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func raise(t *testing.T, m *machine.Machine, n int, v cpu.Vector) {
	t.Helper()
	if err := m.Interrupt(n, v); err != nil {
		t.Fatal(err)
	}
	if err := m.RunIdle(); err != nil {
		t.Fatal(err)
	}
}

// A module's handler runs as a hard interrupt, with interrupts off, between
// the two records of its vector, and is counted on its CPU.
func TestModuleVector(t *testing.T) {
	const vector cpu.Vector = 0x55
	m := boot(t, 2)
	c := m.CPUs()[1]
	calls := 0
	handler := func(here *cpu.CPU, v cpu.Vector) {
		calls++
		if here != c || v != vector || here.IF() || !preempt.InHardIRQ(here) || !preempt.InInterrupt(here) || preempt.InSoftIRQ(here) || preempt.InNMI(here) {
			t.Errorf("handler on CPU %d for vector %#x: IF=%v count=%#x", here.ID, v, here.IF(), preempt.Count(here))
		}
	}
	if err := entry.Request(c, vector, "mine", handler); err != nil || entry.Owner(c, vector) != "mine" {
		t.Fatal(err)
	}
	from := m.Ring().Total()
	raise(t, m, 1, vector)
	var kinds []trace.Kind
	for _, r := range m.Ring().From(from) {
		kinds = append(kinds, r.Kind)
	}
	if calls != 1 || !slices.Equal(kinds, []trace.Kind{trace.VectorEntry, trace.VectorExit}) {
		t.Errorf("%d calls, records %v", calls, kinds)
	}
	if entry.StatsOf(c).Vector[vector] != 1 || entry.StatsOf(m.CPUs()[0]).Vector[vector] != 0 {
		t.Error("the interrupt is counted on the wrong CPU")
	}
	entry.Free(c, vector)
	raise(t, m, 1, vector)
	if calls != 1 || entry.Owner(c, vector) != "" {
		t.Error("a vector that was freed still has its handler")
	}
}

func TestRequestRefuses(t *testing.T) {
	m := boot(t, 1)
	c := m.CPUs()[0]
	nop := func(*cpu.CPU, cpu.Vector) {}
	if err := entry.Request(c, 0x40, "first", nop); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		v    cpu.Vector
		h    entry.Handler
		want error
	}{{0x40, nop, errno.EBUSY}, {0x1f, nop, errno.EINVAL}, {0, nop, errno.EINVAL}, {0xec, nop, errno.EINVAL}, {0xff, nop, errno.EINVAL},
		{0x41, nil, errno.EINVAL}, {0x20, nop, errno.EINVAL}, {0x80, nop, errno.EINVAL}, {0x21, nop, errno.EBUSY}, {0x51, nop, nil}, {0xeb, nop, nil}} {
		if err := entry.Request(c, tt.v, "second", tt.h); !errors.Is(err, tt.want) {
			t.Errorf("vector %#x: %v, want %v", tt.v, err, tt.want)
		}
	}
	if entry.Owner(c, 0x40) != "first" {
		t.Error("a refused request took the vector")
	}
}

// What nobody handles is told: a device's vector in dmesg, a system vector as
// spurious.
func TestUnhandled(t *testing.T) {
	m := boot(t, 2)
	raise(t, m, 1, 0x33)
	raise(t, m, 0, 0xed)
	raise(t, m, 0, 0xff)
	var log strings.Builder
	for _, l := range m.Dmesg() {
		log.WriteString(l.Text + "\n")
	}
	for _, want := range []string{"__common_interrupt: 1.51 No irq handler for vector\n", "Spurious interrupt (vector 0xed) on CPU#0. Acked\n",
		"Spurious APIC interrupt (vector 0xFF) on CPU#0, should never happen.\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("dmesg lacks %q", want)
		}
	}
	if a, b := entry.StatsOf(m.CPUs()[0]).Spurious, entry.StatsOf(m.CPUs()[1]).Spurious; a != 2 || b != 0 {
		t.Errorf("spurious interrupts %d and %d, want 2 and 0", a, b)
	}
}

// An NMI gets in with interrupts off, and is counted.
func TestNMI(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 1, Append: "watchdog_thresh=0"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	before := entry.StatsOf(m.CPUs()[0]).NMI
	if err := m.Do("deaf", func(c *cpu.CPU) {
		sched.Compute(sched.Current(c), 20*sim.Millisecond) // ticks come, so the watchdog is content
		c.CLI()
		c.NMI()
		for range 50 {
			c.Spend(cost.UserWork)
		}
		if n := entry.StatsOf(c).NMI - before; n != 1 || c.IF() {
			t.Errorf("%d NMIs with IF clear, IF=%v afterwards", n, c.IF())
		}
		c.STI()
	}); err != nil {
		t.Fatal(err)
	}
}

// An interrupt from its arrival to its IRET allocates nothing, and neither
// does an IPI to another CPU.
func TestInterruptsAllocateNothing(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 2, TraceLimit: 1024})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var local, remote float64
	sched.KThreadOn(m.CPUs()[0], 0, "measurer", func(k *sched.Task) {
		c := k.CPU()
		turn := func() {
			if m.Interrupt(0, entry.Reschedule) != nil {
				t.Error("no interrupt")
			}
			c.Spend(cost.Instruction)
		}
		ipi := func() {
			c.Hooks.Reschedule(c, 1)
			c.Spend(cost.UserWork)
			c.Spend(cost.UserWork)
		}
		for range 1000 {
			turn()
			ipi()
		}
		local, remote = testing.AllocsPerRun(500, turn), testing.AllocsPerRun(500, ipi)
	})
	if err := m.Run(sim.Second); err != nil {
		t.Fatal(err)
	}
	if local != 0 || remote != 0 {
		t.Errorf("%v allocations an interrupt, %v an IPI", local, remote)
	}
	if n := entry.StatsOf(m.CPUs()[1]).Reschedule; n < 1500 {
		t.Errorf("%d reschedule IPIs arrived of 1500", n)
	}
}
