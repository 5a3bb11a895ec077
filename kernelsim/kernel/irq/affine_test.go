package irq

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/affinity"
)

// toldChip writes down what it is told.
type toldChip struct {
	*messageChip
	log   []string
	busy  bool
	flags ChipFlag
}

func (ch *toldChip) say(text string, args ...any) {
	ch.log = append(ch.log, fmt.Sprintf(text, args...))
}
func (ch *toldChip) Flags() ChipFlag        { return ch.flags }
func (ch *toldChip) Mask(*cpu.CPU, *Data)   { ch.say("mask") }
func (ch *toldChip) Unmask(*cpu.CPU, *Data) { ch.say("unmask") }
func (ch *toldChip) SetAffinity(_ *cpu.CPU, _ *Data, m Mask, force bool) (bool, error) {
	if ch.busy {
		return false, errno.EBUSY
	}
	ch.say("to %s", m)
	return false, nil
}

// told runs something with an interrupt whose chip writes down what it is
// told, and returns that.
func told(t *testing.T, flags ChipFlag, do func(d *Desc, c *cpu.CPU, ch *toldChip)) (text string, d *Desc) {
	t.Helper()
	var ch *toldChip
	b, failed := alone(setting{flow: HandleEdge, chip: func(b *bench) Chip {
		ch = &toldChip{messageChip: &messageChip{b}, flags: flags}
		return ch
	}}, func(b *bench, c *cpu.CPU) {
		affinity.SetTopology(c, affinity.Numa(2, 2))
		do(b.d, c, ch)
	})
	if failed != nil {
		t.Error(failed)
	}
	return strings.Join(ch.log, ", "), b.d
}

// TestCanSetAffinity: who may move an interrupt.
func TestCanSetAffinity(t *testing.T) {
	for set, want := range map[State][2]bool{0: {true, true}, PerCPU: {}, NoBalancing: {}, AffinityManaged: {true, false}} {
		_, d := told(t, 0, func(d *Desc, c *cpu.CPU, _ *toldChip) { d.Set(set) })
		if got := [2]bool{d.canSetAffinity(), d.CanSetAffinity()}; got != want {
			t.Errorf("state %#x: %v, want %v", set, got, want)
		}
		if d.SetChip(NoChip{}); d.canSetAffinity() {
			t.Error("a chip that cannot")
		}
	}
}

// TestSetupAffinity: where an interrupt goes at its start.
func TestSetupAffinity(t *testing.T) {
	one, both, away := cpumask.Of(1), cpumask.FirstN(2), cpumask.Of(7)
	for _, tt := range []struct {
		name  string
		set   State
		mask  Mask
		node  bool // node 1 has its CPU, the interrupt is of it
		want  string
		keeps bool // what was said
	}{
		{"nothing was said", 0, one, false, "to 0-1", false},
		{"somebody has said where", AffinitySet, one, false, "to 1", true},
		{"it is managed", AffinityManaged, one, false, "to 1", false},
		{"nobody is there", AffinitySet, away, false, "to 0-1", false},
		{"near its device", 0, both, true, "to 1", false},
		{"fixed", NoBalancing, one, false, "", false},
	} {
		got, d := told(t, 0, func(d *Desc, c *cpu.CPU, _ *toldChip) {
			d.Set(tt.set)
			d.Affinity, d.Node = tt.mask, affinity.NoNode
			if tt.node {
				affinity.AddToNode(c, 1)
				d.Node = 1
			}
			d.setupAffinity(c)
		})
		want := strings.NewReplacer("to 0-1", "to "+both.String(), "to 1", "to "+one.String()).Replace(tt.want)
		if got != want || d.has(AffinitySet) != tt.keeps {
			t.Errorf("%s: %q, want %q; AFFINITY_SET %v", tt.name, got, want, d.has(AffinitySet))
		}
	}
	got, _ := told(t, 0, func(d *Desc, c *cpu.CPU, _ *toldChip) {
		affinity.SetDefault(c, away)
		d.setupAffinity(c)
	})
	if got != "to "+both.String() {
		t.Errorf("the default is away: %q", got)
	}
}

// TestPreferred: a managed interrupt keeps away from isolated processors if
// another one is there; others do not care.
func TestPreferred(t *testing.T) {
	both := cpumask.FirstN(2)
	for _, tt := range []struct {
		isolated Mask
		managed  bool
		want     Mask
	}{
		{cpumask.Of(1), true, cpumask.Of(0)},
		{cpumask.Of(1), false, both},
		{both, true, both},
		{Mask{}, true, both},
	} {
		var got Mask
		told(t, 0, func(d *Desc, c *cpu.CPU, _ *toldChip) {
			affinity.Isolate(c, tt.isolated)
			if tt.managed {
				d.Set(AffinityManaged)
			}
			got = d.preferred(c, both)
		})
		if got != tt.want {
			t.Errorf("isolated %s, managed %v: %s, want %s", tt.isolated, tt.managed, got, tt.want)
		}
	}
}

// TestMoveLater: what a move does, now and when the interrupt comes.
func TestMoveLater(t *testing.T) {
	one := cpumask.Of(1)
	to := "to " + one.String()
	for _, tt := range []struct {
		name        string
		set, clear  State
		busy        bool
		mask        Mask
		now, later  string
		waits, goes bool // after the request; after the interrupt it is there
	}{
		{"later", 0, 0, false, one, "", "mask, " + to + ", unmask", true, true},
		{"masked already", Masked, 0, false, one, "", to, true, true},
		{"disabled", Disabled, 0, false, one, "", "", true, false},
		{"at once", MovePCNTXT, 0, false, one, to, to, false, true},
		{"the chip is busy", MovePCNTXT, 0, true, one, "", "mask, unmask", true, false},
		{"not in use", AffinityOnActivate, Activated, false, one, "", "", false, true},
		{"nobody is there", 0, 0, false, cpumask.Of(7), "", "mask, unmask", true, false},
	} {
		var now string
		var waits bool
		later, d := told(t, 0, func(d *Desc, c *cpu.CPU, ch *toldChip) {
			d.Set(tt.set)
			d.Clear(tt.clear)
			ch.busy = tt.busy
			if err := SetAffinity(c, d.IRQ, tt.mask); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			now, waits = strings.Join(ch.log, ", "), d.has(SetAffinityPending)
			if shown := d.ShownAffinity(); shown != tt.mask {
				t.Errorf("%s: %s is shown", tt.name, shown)
			}
			MovePending(c, &d.Data)
		})
		if now != tt.now || later != tt.later || waits != tt.waits || (d.Affinity == tt.mask) != tt.goes || !d.has(AffinitySet) {
			t.Errorf("%s: now %q, later %q, waits %v, affinity %s", tt.name, now, later, waits, d.Affinity)
		}
		if still := tt.busy || tt.set == Disabled; d.has(SetAffinityPending) != still || d.pending.Empty() == still {
			t.Errorf("%s: waits still: %v, %s", tt.name, d.has(SetAffinityPending), d.pending)
		}
	}
}

// TestStartOrder: the affinity comes before or after the start, as the chip
// wants it; who shuts down masks, once.
func TestStartOrder(t *testing.T) {
	to := "to " + cpumask.FirstN(2).String()
	for flags, want := range map[ChipFlag]string{0: "unmask, " + to + ", mask", AffinityPreStartup: to + ", unmask, mask"} {
		got, d := told(t, flags, func(d *Desc, c *cpu.CPU, _ *toldChip) {
			d.Node = affinity.NoNode
			d.Clear(Started)
			d.Set(Disabled | Masked)
			d.startup(c, false)
			if d.depth != 0 || !d.has(Started) || d.has(Disabled|Masked) {
				t.Errorf("state %#x, depth %d", d.State, d.depth)
			}
			d.shutdown(c)
			d.depth = 5
			d.shutdown(c)
		})
		if got != want || d.has(Started) || !d.has(Disabled) || d.depth != 5 {
			t.Errorf("%q, want %q; state %#x, depth %d", got, want, d.State, d.depth)
		}
	}
}

// TestStartManaged: a managed interrupt starts where its processors are, and
// waits if they are away.
func TestStartManaged(t *testing.T) {
	one := cpumask.Of(1)
	for mask, want := range map[Mask]string{one: "to " + one.String() + ", unmask", cpumask.Of(7): ""} {
		got, d := told(t, 0, func(d *Desc, c *cpu.CPU, _ *toldChip) {
			d.Clear(Started)
			d.Set(Disabled | Masked | AffinityManaged | ManagedShutdown)
			d.Affinity = mask
			d.startup(c, true)
		})
		if got != want || d.has(Started) != (want != "") || d.has(ManagedShutdown) != (want == "") {
			t.Errorf("%s: %q, want %q; state %#x", mask, got, want, d.State)
		}
	}
}
