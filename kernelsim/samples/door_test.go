package samples_test

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/samples"
	"bothhalves/kernelsim/sim"
)

// With the door shut the tasklet waits for the end of the section, whenever the
// interrupt comes; with it open the machine finds the deadlock in the first run.
func TestDoor(t *testing.T) {
	cfg := machine.Config{CPUs: 2}
	for at := sim.Microsecond; at < 40*sim.Microsecond; at += 3 * sim.Microsecond {
		text, err := run(t, cfg, "count_bh", at)
		if err != nil || text != "turns 10\ninterrupts 1\n" {
			t.Errorf("count_bh, interrupt after %s: %q %v", at, text, err)
		}
	}
	m, err := machine.Boot(cfg, samples.Parts()...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := errors.Join(m.Modprobe("count_open"), m.Run(5*sim.Microsecond), m.Interrupt(1, 0x40)); err != nil {
		t.Fatal(err)
	}
	err = m.RunIdle()
	var r *oops.Report
	if !errors.As(err, &r) || r.Rule != "lock irq-state" || !strings.Contains(r.Why, "LockBH") {
		t.Errorf("count_open ended with %v, want a report that names LockBH", err)
	}
}
