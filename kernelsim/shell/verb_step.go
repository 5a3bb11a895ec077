package shell

import (
	"errors"
	"fmt"

	"bothhalves/kernelsim/machine"
)

func stepVerb() *Verb {
	return &Verb{
		Name: "step", Group: GroupBench, Args: "[N]",
		Summary: "runs the next N moves of the machine and prints each",
		Detail: `A move is a charge of time on a CPU, or an event that fires. After each of them
another CPU or an interrupt may get in: these are the points that a seed moves,
that back counts, and at which cut lets something happen.`,
		Run: runStep, Runs: true,
	}
}

// stepChunk is how many moves are made before their lines are printed.
const stepChunk = 1024

func runStep(c *Call) error {
	n := 1
	if len(c.Args) > 1 {
		return c.Misuse("%s: one number at a time", c.Args[1])
	}
	if len(c.Args) == 1 {
		var err error
		if n, err = c.number("N", c.Args[0], 1, unlimited); err != nil {
			return err
		}
	}
	for asked := n; n > 0; n -= stepChunk {
		lines, err := c.Machine().Step(min(n, stepChunk))
		for _, line := range lines {
			c.Printf("%s\n", line)
		}
		if err != nil && len(lines) < min(n, stepChunk) && asked > stepChunk && c.Machine().Report() == nil && !errors.Is(err, machine.ErrInterrupted) {
			return c.Fail(fmt.Sprintf("only %d of %d events: nothing more happens within 10s of virtual time", asked-n+len(lines), asked), nil)
		}
		if err != nil {
			return c.ran(err)
		}
	}
	return nil
}
