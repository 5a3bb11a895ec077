package pit

import "testing"

// divided is channel 0 in mode 2 with a count of 100, into which 50 was
// written in the middle of the period that ends at pulse 101.
func divided() *channel {
	c := &channel{gate: true}
	c.program(0x34)
	for i, b := range []uint8{100, 0, 50, 0} {
		c.write(b, int64(i/2*30))
	}
	return c
}

// TestReload: a count that was written while the counter ran begins with the
// next period, whoever looks first: a reader, the next count, or the gate.
func TestReload(t *testing.T) {
	c := divided()
	if got := c.value(90); got != 100-89 {
		t.Errorf("in the old period the counter holds %d", got)
	}
	if got := divided().value(131); got != 50-30 {
		t.Errorf("30 pulses into the new period the counter holds %d", got)
	}
	c = divided()
	c.write(30, 131)
	c.write(0, 131)
	if got := c.value(150); got != 50-49 {
		t.Errorf("at the end of the second period the counter holds %d", got)
	}
	if got := c.value(160); got != 30-9 {
		t.Errorf("in the third period the counter holds %d", got)
	}
	c = divided()
	c.setGate(false, 131)
	c.setGate(true, 140)
	if got := c.value(145); got > 50 || got < 44 {
		t.Errorf("a few pulses after the gate rose the counter holds %d", got)
	}
}
