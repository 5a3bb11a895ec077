package samples_test

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/samples"
	"bothhalves/kernelsim/sim"
)

// run boots, loads a sample, lets an interrupt come after a while if irq is
// set, and returns the sample's file and how the run ended.
func run(t *testing.T, cfg machine.Config, name string, irq sim.Time) (string, error) {
	t.Helper()
	m, err := machine.Boot(cfg, samples.Parts()...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Modprobe(name); err != nil {
		return "", err
	}
	if irq > 0 {
		if err := m.Run(irq); err != nil {
			return "", err
		}
		if err := m.Interrupt(1, 0x40); err != nil {
			t.Fatal(err)
		}
	}
	err = m.RunIdle()
	text := ""
	for _, f := range m.Loaded()[0].Files {
		if err := m.Do("cat", func(c *cpu.CPU) { text += f.Read(c) }); err != nil {
			t.Fatal(err)
		}
	}
	return text, err
}

func TestCounts(t *testing.T) {
	tests := []struct {
		sample string
		cfg    machine.Config
		irq    sim.Time
		want   string // a line of the file
		wrong  bool   // the line must not be there
	}{
		{sample: "count_shared", cfg: machine.Config{CPUs: 4}, want: "counted 4000", wrong: true},
		{sample: "count_shared", cfg: machine.Config{CPUs: 1}, want: "counted 1000"},
		{sample: "count_locked", cfg: machine.Config{CPUs: 4, Seed: 3}, want: "counted 4000"},
		{sample: "count_percpu", cfg: machine.Config{CPUs: 4}, want: "counted 4000"},
		{sample: "count_percpu", cfg: machine.Config{CPUs: 4, Seed: 9}, want: "counted 4000"},
		{sample: "count_irq", cfg: machine.Config{CPUs: 2}, irq: 5 * sim.Microsecond, want: "counted 11", wrong: true},
		{sample: "count_irq", cfg: machine.Config{CPUs: 2}, irq: 20 * sim.Microsecond, want: "counted 11"},
	}
	for _, tt := range tests {
		got, err := run(t, tt.cfg, tt.sample, tt.irq)
		if err != nil {
			t.Errorf("%s: %v", tt.sample, err)
		}
		if strings.Contains(got, tt.want+"\n") == tt.wrong {
			t.Errorf("%s %+v: %q in the file is %v:\n%s", tt.sample, tt.cfg, tt.want, !tt.wrong, got)
		}
	}
}

// A pair of counters splits on a preemptible kernel for some seeds, and never
// on one that asks.
func TestPair(t *testing.T) {
	splits := func(params string) (n int) {
		for seed := uint64(1); seed <= 10; seed++ {
			text, err := run(t, machine.Config{CPUs: 3, Seed: seed, Append: params}, "count_pair", 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(text, "\n")[1:] {
				if f := strings.Fields(line); len(f) == 4 && f[1] != f[3] {
					n++
				}
			}
		}
		return n
	}
	if n := splits("preempt=full"); n == 0 {
		t.Error("preempt=full: no seed of 10 split the pair")
	}
	if n := splits(""); n != 0 {
		t.Errorf("voluntary preemption: %d lines do not agree", n)
	}
	if _, err := run(t, machine.Config{CPUs: 2}, "count_pair", 0); err == nil {
		t.Error("count_pair loads on two CPUs; its thread has nowhere to go")
	}
}

func TestCareless(t *testing.T) {
	for name, rule := range map[string]string{"count_raw": "per-CPU access while preemptible", "count_stale": "stale CPU"} {
		_, err := run(t, machine.Config{CPUs: 2}, name, 0)
		var r *oops.Report
		if !errors.As(err, &r) || r.Rule != rule {
			t.Errorf("%s ended with %v, want a report of %q", name, err, rule)
		}
	}
}
