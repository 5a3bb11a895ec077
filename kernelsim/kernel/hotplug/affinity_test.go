package hotplug_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
)

// disk is a machine of four processors and a function with a managed vector for
// processors 0 and 1, and one for 2 and 3. It returns the vectors' interrupts.
func disk(t *testing.T, params string) (*machine.Machine, [2]*irq.Desc) {
	t.Helper()
	m := boot(t, machine.Config{Append: params + " modprobe.blacklist=msix", Devices: []board.Device{{Kind: "msix", Vectors: 3, BDF: managedSlot}}})
	var list [2]*irq.Desc
	process(t, m, func(c *cpu.CPU) {
		if err := take(c, managedSlot, 3); err != nil {
			t.Error(err)
		}
		for k := range list {
			n, _ := pci.IRQVector(dev(c, managedSlot), k+1)
			if err := irq.Request(c, n, handled, 0, fmt.Sprint("queue", k), t); err != nil {
				t.Error(err)
			}
			list[k] = irq.ToDesc(c, n)
		}
	})
	return m, list
}

func process(t *testing.T, m *machine.Machine, f func(c *cpu.CPU)) {
	t.Helper()
	if err := errors.Join(m.Do("test", f), m.RunIdle()); err != nil {
		t.Fatal(err)
	}
}

// A managed interrupt keeps away from isolated processors while another one of
// its own is there, and comes back from one when that other comes.
func TestIsolation(t *testing.T) {
	for _, x := range []struct {
		params string
		want   [2]int // where the two are
		log    string
	}{
		{"", [2]int{1, 3}, ""},
		{"isolcpus=managed_irq,1", [2]int{0, 3}, ""},
		{"isolcpus=managed_irq,1,3", [2]int{0, 2}, ""},
		{"isolcpus=managed_irq,domain,2-3", [2]int{1, 3}, ""},
		{"isolcpus=1", [2]int{1, 3}, ""},
		{"isolcpus=managed_irq,4", [2]int{1, 3}, "Housekeeping: nohz_full= or isolcpus= incorrect CPU range"},
		{"isolcpus=fast,managed_irq,1", [2]int{0, 3}, "isolcpus: Skipped unknown flag fast"},
		{"isolcpus=fa-st,managed_irq,1", [2]int{1, 3}, "isolcpus: Invalid flag fa-st"},
		{"isolcpus=managed_irq,0-3", [2]int{0, 3}, "Housekeeping: must include one present CPU, using boot CPU:0"},
	} {
		m, q := disk(t, x.params)
		settle(t, m)
		if got := [2]int{q[0].Effective.First(), q[1].Effective.First()}; got != x.want {
			t.Errorf("%q: on CPUs %v, want %v", x.params, got, x.want)
		}
		if x.log != "" && !slices.Equal(messages(m, x.log), []string{x.log}) {
			t.Errorf("%q: the log does not say %q", x.params, x.log)
		}
	}
	m, q := disk(t, "isolcpus=managed_irq,3")
	settle(t, m)
	setOnline(t, m, 2, false)
	if !q[1].Effective.Has(3) {
		t.Errorf("without its other processor it is on %s", q[1].Effective)
	}
	setOnline(t, m, 2, true)
	settle(t, m)
	if !q[1].Effective.Has(2) {
		t.Errorf("with a processor that is not isolated it is on %s", q[1].Effective)
	}
}

// settle lets each interrupt come a few times, so that moves are made.
func settle(t *testing.T, m *machine.Machine) {
	t.Helper()
	for range 3 {
		for k := range 3 {
			var failed error
			err := m.Bench(func() { failed = m.Board().Event(managedSlot, k, false) })
			if err := errors.Join(err, failed, m.RunIdle()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestDefaultAffinity(t *testing.T) {
	for params, want := range map[string]string{"": "0-3", "irqaffinity=2": "0,2", "irqaffinity=1-2": "0-2", "irqaffinity=2,9": "0,2", "irqaffinity=": "0"} {
		m := boot(t, machine.Config{Append: params})
		c := m.CPUs()[0]
		if got := affinity.Default(c); got.String() != want {
			t.Errorf("%q: %s, want %s", params, got, want)
		}
		if d := irq.ToDesc(c, 9); !d.Affinity.Subset(affinity.Default(c)) || !d.Effective.Subset(d.Affinity) {
			t.Errorf("%q: irq 9 may go to %s and goes to %s", params, d.Affinity, d.Effective)
		}
	}
}

// A notifier hears of changes, once for several that come before it runs; the
// next one takes its place, and a driver that leaves it behind is warned.
func TestNotifier(t *testing.T) {
	m := boot(t, machine.Config{})
	var heard []cpumask.Mask
	released := ""
	notifier := func(name string) *irq.AffinityNotify {
		return &irq.AffinityNotify{Release: func(*irq.AffinityNotify) { released += name },
			Notify: func(_ *sched.Task, n *irq.AffinityNotify, m irq.Mask) {
				if n.IRQ() != 4 {
					t.Errorf("told of interrupt %d", n.IRQ())
				}
				heard = append(heard, m)
			}}
	}
	first := notifier("first ")
	process(t, m, func(c *cpu.CPU) {
		if err := irq.SetAffinityNotifier(c, 999, first); !errors.Is(err, errno.EINVAL) {
			t.Errorf("for no interrupt: %v", err)
		}
		if err := irq.SetAffinityNotifier(c, 4, first); err != nil {
			t.Error(err)
		}
		_ = irq.SetAffinity(c, 4, cpumask.Of(1))
		_ = irq.SetAffinity(c, 4, cpumask.Of(2))
	})
	if len(heard) != 1 || heard[0] != cpumask.Of(2) {
		t.Errorf("heard %v", heard)
	}
	process(t, m, func(c *cpu.CPU) {
		_ = irq.SetAffinity(c, 4, cpumask.Of(3))
		if err := irq.SetAffinityNotifier(c, 4, notifier("second ")); err != nil { // what waits is not told any more
			t.Error(err)
		}
	})
	if len(heard) != 1 || released != "first " {
		t.Errorf("heard %v, released %q", heard, released)
	}
	process(t, m, func(c *cpu.CPU) {
		_ = irq.SetHint(c, 4, cpumask.Of(0))
		if _, err := irq.Free(c, 4, "ttyS0"); err != nil {
			t.Error(err)
		}
	})
	if l := messages(m, "WARNING: "); len(l) != 2 {
		t.Errorf("a notifier and a hint are left behind; the log says %q", l)
	}
	if !irq.ToDesc(m.CPUs()[0], 4).Hint().Empty() {
		t.Error("the hint is still there")
	}
}

// Advice alone moves nothing; with the affinity it does; taken back it leaves
// the affinity.
func TestHints(t *testing.T) {
	m := boot(t, machine.Config{})
	d := irq.ToDesc(m.CPUs()[0], 4)
	before := d.ShownAffinity()
	process(t, m, func(c *cpu.CPU) {
		if err := irq.UpdateHint(c, 999, cpumask.Of(1)); !errors.Is(err, errno.EINVAL) {
			t.Errorf("for no interrupt: %v", err)
		}
		if err := irq.UpdateHint(c, 4, cpumask.Of(1)); err != nil {
			t.Error(err)
		}
	})
	if d.Hint() != cpumask.Of(1) || d.ShownAffinity() != before {
		t.Errorf("advised %s, goes to %s", d.Hint(), d.ShownAffinity())
	}
	process(t, m, func(c *cpu.CPU) { _ = irq.SetHint(c, 4, cpumask.Of(2)) })
	if d.Hint() != cpumask.Of(2) || d.ShownAffinity() != cpumask.Of(2) {
		t.Errorf("advised %s, goes to %s", d.Hint(), d.ShownAffinity())
	}
	process(t, m, func(c *cpu.CPU) { _ = irq.SetHint(c, 4, cpumask.Mask{}) })
	if !d.Hint().Empty() || d.ShownAffinity() != cpumask.Of(2) {
		t.Errorf("advised %s, goes to %s", d.Hint(), d.ShownAffinity())
	}
}
