package explore_test

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/internal/explore"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// counter is two processors that add one to a number, each in some way.
type counter struct {
	n, read [2]int
	lock    bool
}

// machine runs a function on each of two processors, then lets them sleep.
func machine(x *counter, body func(c *cpu.CPU)) *explore.Model {
	eng, price := sim.New(2), cost.Default()
	m := &explore.Model{Engine: eng, Check: func() error { return nil }}
	for n := range 2 {
		c := cpu.New(cpu.Setup{Proc: eng.Proc(n), Price: &price, Ring: trace.NewRing(1024)})
		m.CPUs = append(m.CPUs, c)
	}
	for _, c := range m.CPUs {
		c.Peers = m.CPUs
		c.Start(eng.NewCoroutine(func() {
			body(c)
			for {
				c.Halt()
			}
		}))
	}
	m.State = func(to []byte) []byte {
		lock := byte(0)
		if x.lock {
			lock = 1
		}
		return append(to, byte(x.n[0]), byte(x.read[0]), byte(x.read[1]), lock)
	}
	m.End = func() error {
		if x.n[0] != 2 {
			return errors.New("an addition was lost")
		}
		return nil
	}
	return m
}

// TestLostUpdate: of all orders of two reads and two writes those are found
// that lose one.
func TestLostUpdate(t *testing.T) {
	r := explore.Run(func() *explore.Model {
		x := &counter{}
		return machine(x, func(c *cpu.CPU) {
			x.read[c.ID] = x.n[0]
			c.Spend(cost.Instruction)
			x.n[0] = x.read[c.ID] + 1
			c.Spend(cost.Instruction)
		})
	}, explore.Options{States: 1000})
	if r.Failure == nil || !strings.Contains(r.Failure.Error(), "an addition was lost") {
		t.Fatalf("%v: %v", r, r.Failure)
	}
	if !strings.Contains(r.Failure.Path[0], "CPU 0: instruction in explore_test.TestLostUpdate") {
		t.Errorf("the path is %q", r.Failure.Path)
	}
}

// TestOneInstruction: what reads and writes at once loses nothing, whatever the
// order; both ways to tell states apart say so.
func TestOneInstruction(t *testing.T) {
	for _, exact := range []bool{false, true} {
		r := explore.Run(func() *explore.Model {
			x := &counter{}
			return machine(x, func(c *cpu.CPU) {
				c.Spend(cost.Instruction)
				x.n[0]++
				c.Spend(cost.Instruction)
			})
		}, explore.Options{States: 1000, Exact: exact})
		if r.Failure != nil || r.Ends != 1 || r.States < 9 {
			t.Errorf("%v: %v", r, r.Failure)
		}
	}
}

// TestWaitsForEver: a processor that nobody will ever let go on is found, one
// that somebody does is not.
func TestWaitsForEver(t *testing.T) {
	for _, freed := range []bool{true, false} {
		r := explore.Run(func() *explore.Model {
			x := &counter{n: [2]int{1, 0}, lock: true}
			return machine(x, func(c *cpu.CPU) {
				if c.ID == 0 {
					c.Spend(cost.Instruction)
					x.lock, x.n[0] = !freed, 2
					return
				}
				for x.lock {
					c.Spend(cost.CPURelax)
				}
			})
		}, explore.Options{States: 1000})
		if found := r.Failure != nil && strings.Contains(r.Failure.Error(), "CPU 1 waits for ever"); found == freed {
			t.Errorf("%v: %v", r, r.Failure)
		}
	}
}

// TestEvents: something from outside comes at every time at which it can.
func TestEvents(t *testing.T) {
	r := explore.Run(func() *explore.Model {
		x := &counter{}
		came := false
		m := machine(x, func(c *cpu.CPU) {
			c.Spend(cost.Instruction)
			x.n[0]++
		})
		m.Events = []explore.Event{{Name: "bell", Ready: func() bool { return !came }, Fire: func() { came = true; x.read[0] = x.n[0] }}}
		m.Check = func() error {
			if came && x.read[0] == 1 {
				return errors.New("it rang in between")
			}
			return nil
		}
		return m
	}, explore.Options{States: 1000})
	if r.Failure == nil || !strings.Contains(r.Failure.Error(), "it rang in between\n") || !strings.Contains(r.Failure.Error(), "event: bell") {
		t.Errorf("%v: %v", r, r.Failure)
	}
}

// TestLimit: what was not explored to its end must not pass.
func TestLimit(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it ends")
		}
	}()
	explore.Run(func() *explore.Model {
		x := &counter{}
		m := machine(x, func(c *cpu.CPU) {
			for range 20 {
				x.n[0]++
				c.Spend(cost.Instruction)
			}
		})
		m.End = m.Check
		return m
	}, explore.Options{States: 10})
}
