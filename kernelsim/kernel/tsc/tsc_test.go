package tsc_test

import (
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pit"
	"bothhalves/kernelsim/kernel/tsc"
	"bothhalves/kernelsim/sim"
)

// TestPortB: what the recorded machine's port reads in the report of an NMI
// that nobody knows ("reason 21"; the refresh bit makes it 31 half the time).
func TestPortB(t *testing.T) {
	eng := sim.New(1)
	defer eng.Close()
	b := bus.New()
	if err := pit.New(eng, func(bool) {}).Map(b.Ports()); err != nil {
		t.Fatal(err)
	}
	c := cpu.New(cpu.Setup{Proc: eng.Proc(0)})
	tsc.EarlyInit(c) // without a board there is nothing to do
	c.Attach(nil, b)
	c.Out(0x61, 1, 0x02) // the firmware left the speaker on
	tsc.EarlyInit(c)
	if got := c.Now(); got != 0 {
		t.Errorf("it took %v", got)
	}
	seen := map[uint32]bool{}
	for range 100 {
		if _, err := eng.Run(eng.Now() + 7*sim.Microsecond); err != nil {
			t.Fatal(err)
		}
		seen[c.In(0x61, 1)] = true
	}
	if len(seen) != 2 || !seen[0x21] || !seen[0x31] {
		t.Errorf("port 0x61 reads %v, want 21 and 31", seen)
	}
}
