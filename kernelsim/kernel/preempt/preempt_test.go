package preempt_test

import (
	"errors"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

func boot(t *testing.T, params string) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(machine.Config{CPUs: 1, Append: params})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// Each context is its own bit field of preempt_count, and the questions ask
// the right one.
func TestContexts(t *testing.T) {
	type answers struct{ nmi, hard, soft, serving, interrupt, atomic bool }
	ask := func(c *cpu.CPU) answers {
		return answers{preempt.InNMI(c), preempt.InHardIRQ(c), preempt.InSoftIRQ(c), preempt.InServingSoftIRQ(c), preempt.InInterrupt(c), preempt.InAtomic(c)}
	}
	m := boot(t, "")
	if err := m.Do("asker", func(c *cpu.CPU) {
		for _, tt := range []struct {
			add  uint32
			want answers
		}{
			{0, answers{}},
			{preempt.Offset, answers{atomic: true}},
			{3 * preempt.Offset, answers{atomic: true}},
			{preempt.SoftIRQOffset, answers{soft: true, serving: true, interrupt: true, atomic: true}},
			{2 * preempt.SoftIRQOffset, answers{soft: true, interrupt: true, atomic: true}}, // local_bh_disable
			{preempt.HardIRQOffset, answers{hard: true, interrupt: true, atomic: true}},
			{preempt.NMIOffset + preempt.HardIRQOffset, answers{nmi: true, hard: true, interrupt: true, atomic: true}},
		} {
			preempt.Add(c, tt.add)
			if got := ask(c); got != tt.want || preempt.Count(c) != tt.add || preempt.Preemptible(c) != (tt.add == 0) {
				t.Errorf("count %#x: %+v, want %+v", tt.add, got, tt.want)
			}
			preempt.Sub(c, tt.add)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// The need_resched bit stands beside the count and does not change it.
func TestNeedResched(t *testing.T) {
	m := boot(t, "")
	if err := m.Do("asker", func(c *cpu.CPU) {
		preempt.Disable(c)
		preempt.SetNeedResched(c)
		preempt.SetNeedResched(c)
		if !preempt.NeedResched(c) || preempt.Count(c) != 1 {
			t.Errorf("set: %v, count %#x", preempt.NeedResched(c), preempt.Count(c))
		}
		preempt.ClearNeedResched(c)
		if preempt.NeedResched(c) || preempt.Count(c) != 1 {
			t.Errorf("cleared: %v, count %#x", preempt.NeedResched(c), preempt.Count(c))
		}
		preempt.EnableNoResched(c)
	}); err != nil {
		t.Fatal(err)
	}
}

// In a fully preemptible kernel the last preempt_enable lets a waiting task in;
// in a voluntary one it does not.
func TestEnableSwitches(t *testing.T) {
	for params, want := range map[string]string{"preempt=full": "urgent, on", "preempt=voluntary": "on, urgent", "preempt=none": "on, urgent"} {
		m := boot(t, params)
		order := ""
		note := func(s string) {
			if order != "" {
				order += ", "
			}
			order += s
		}
		if err := m.Do("holder", func(c *cpu.CPU) {
			preempt.Disable(c)
			preempt.Disable(c)
			sched.Spawn(c, "urgent", sched.Attr{Policy: sched.FIFO, RTPrio: 1}, func(*sched.Task) { note("urgent") })
			preempt.Enable(c)
			if order != "" {
				t.Errorf("%s: switched with preemption off", params)
			}
			preempt.Enable(c)
			note("on")
			hrtimer.USleep(sched.Current(c), sim.Millisecond)
		}); err != nil {
			t.Fatal(err)
		}
		if order != want {
			t.Errorf("%s: %q, want %q", params, order, want)
		}
	}
}

func TestUnderflow(t *testing.T) {
	m := boot(t, "")
	err := m.Do("careless", func(c *cpu.CPU) { preempt.Enable(c) })
	var r *oops.Report
	if !errors.As(err, &r) || r.Rule != "preempt_count underflow" {
		t.Errorf("preempt_enable without preempt_disable: %v", err)
	}
}

// One preempt_enable too many is found where it happens, in a handler too: it
// must not borrow from the field that says that this is a handler.
func TestUnderflowInAHandler(t *testing.T) {
	for name, enable := range map[string]func(c *cpu.CPU){
		"enable": preempt.Enable, "no resched": preempt.EnableNoResched, "drop": preempt.Drop,
	} {
		m := boot(t, "")
		err := m.Do("handler", func(c *cpu.CPU) {
			preempt.Add(c, preempt.HardIRQOffset)
			enable(c)
		})
		var r *oops.Report
		if !errors.As(err, &r) || r.Rule != "preempt_count underflow" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
