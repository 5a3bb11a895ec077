package shell

import (
	"bothhalves/kernelsim/kernel/sched"
)

func burnVerb() *Verb {
	return &Verb{
		Name: "burn", Group: GroupBox, Args: "DURATION",
		Summary: "starts a program that computes for so long",
		Detail: `The program uses DURATION of a CPU's time and ends. It runs when the machine
runs: burn starts it and returns.`,
		Flags: []Flag{{Name: "cpu", Arg: "N", Help: "bind it to a CPU"}},
		Run:   runBurn,
	}
}

func runBurn(c *Call) error {
	if len(c.Args) != 1 {
		return c.Misuse("wants one DURATION")
	}
	d, err := c.duration(c.Args[0])
	if err != nil {
		return err
	}
	cpus := c.Session.affinity
	if c.Has("cpu") {
		n, err := c.cpu("-cpu: ", c.Flag("cpu", ""))
		if err != nil {
			return err
		}
		cpus = []int{n}
	}
	if r := c.Machine().Report(); r != nil {
		return c.ran(r)
	}
	if err := c.someOnline(cpus); err != nil {
		return err
	}
	boot := c.Machine().CPUs()[0]
	sched.Spawn(boot, "burn", sched.Attr{User: true, CPUs: cpus}, func(t *sched.Task) { sched.Compute(t, d) })
	return nil
}
