// Package drivers holds what the lab's tasks load into the machine: modules
// that hold a student's part to the rules, and devices whose drivers err.
package drivers

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"
)

// Arbiter plugs an arbiter in, with the module arbiter, which holds another
// one of its kind to the rules.
func Arbiter(make func() lapicreg.Arbiter) []machine.Part {
	play := func(c *cpu.CPU, text string) error {
		seed, err := strconv.ParseUint(strings.TrimSpace(text), 0, 64)
		if err != nil {
			return errno.EINVAL
		}
		*played.Of(c) = playArbiter(make(), seed)
		return nil
	}
	show := func(c *cpu.CPU) string { return *played.Of(c) }
	return []machine.Part{machine.WithArbiter(make), machine.WithModule(machine.Module{Name: "arbiter",
		Files: []machine.File{{Name: "arbiter", Read: show, Write: play}}})}
}

// played is what the last game gave.
var played = percpu.Shared[string]("arbiter_game")

// steps is how long a game is.
const steps = 1500

// playArbiter does a random sequence of things to an arbiter, and the same to
// the rules.
func playArbiter(a lapicreg.Arbiter, seed uint64) string {
	r, before := &rules{}, &rules{}
	dice := dice(seed*0x9e3779b97f4a7c15 | 1)
	for n := range steps {
		before.copy(r)
		did, fault := step(a, r, &dice)
		if fault == "" {
			fault = r.differs(a)
		}
		if fault != "" {
			return fmt.Sprintf("step %d: %s\nbefore it: %s\n%s\n", n+1, did(), before, fault)
		}
	}
	return fmt.Sprintf("as by the rules: %d of %d steps\n", steps, steps)
}

// dice are a xorshift generator.
type dice uint64

func (d *dice) roll(n uint64) uint64 {
	x := uint64(*d)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*d = dice(x)
	return (x >> 11) % n
}

// vector is one from 16 on; few classes, so that they meet.
func (d *dice) vector() uint8 { return uint8(0x10 + d.roll(15)*0x10 + d.roll(4)*5) }

// step does one thing to both, and compares what they return. did says what it
// was, for who needs to know.
func step(a lapicreg.Arbiter, r *rules, d *dice) (did func() string, fault string) {
	switch d.roll(8) {
	case 0, 1, 2:
		v, level := d.vector(), d.roll(3) == 0
		a.Accept(v, level)
		r.accept(v, level)
		return func() string { return fmt.Sprintf("Accept(%#02x, %t)", v, level) }, ""
	case 3, 4, 5:
		v, ok := a.Acknowledge(r.tpr)
		want, there := r.acknowledge()
		return func() string { return fmt.Sprintf("Acknowledge(%#02x)", r.tpr) }, compare(answer(v, ok), answer(want, there))
	case 6:
		v, level, ok := a.EOI()
		want, wantLevel, there := r.eoi()
		return func() string { return "EOI()" },
			compare(answer(v, ok)+trigger(level, ok), answer(want, there)+trigger(wantLevel, there))
	}
	r.tpr = uint8(d.roll(16)<<4 | d.roll(16))
	return func() string { return fmt.Sprintf("TPR is %#02x now", r.tpr) }, ""
}

// compare words a difference.
func compare(got, want string) string {
	if got == want {
		return ""
	}
	return "it returns " + got + ", by the rules " + want
}

// answer is a vector and whether there is one.
func answer(v uint8, ok bool) string {
	if !ok {
		return "none"
	}
	return fmt.Sprintf("%#02x", v)
}

func trigger(level, ok bool) string {
	switch {
	case !ok:
		return ""
	case level:
		return ", level"
	}
	return ", edge"
}
