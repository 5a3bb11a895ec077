package shell

import (
	"strconv"

	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/tools/top"
)

func topVerb() *Verb {
	return &Verb{
		Name: "top", Group: GroupBox, Args: "[-1]",
		Summary: "shows how busy each CPU is, and with which tasks",
		Detail: `This is procps-ng's top -b -n 1 -1: one frame, a line for each CPU. top looks at the
machine for 150 ms, which pass, and shows what happened in them: us and sy are
tasks, hi hard interrupts, si softirqs, each as the timer's ticks found it. P is the
CPU on which the task was last. With -n N it goes on; from the second frame on each
shows the time since the one before. Of memory, which is not modelled, there are
no columns. top sees the machine through files under /proc.`,
		Flags: []Flag{
			{Name: "b", Help: "batch mode: there is no other"},
			{Name: "n", Arg: "N", Help: "frames (1)"},
			{Name: "d", Arg: "SECONDS", Help: "between frames: 0.01 to 1000 (3)"},
		},
		Run: runTop, Kernel: true, Runs: true,
	}
}

func runTop(c *Call) error {
	if len(c.Args) > 1 || len(c.Args) == 1 && c.Args[0] != "-1" {
		return c.Misuse("%s: not -1", c.Args[0])
	}
	frames, err := c.FlagInt("n", 1, 1, 1000)
	if err != nil {
		return err
	}
	text := c.Flag("d", "3")
	delay, err := strconv.ParseFloat(text, 64)
	if err != nil || !(delay >= 0.01 && delay <= 1000) {
		return c.Misuse("-d: %s: not a number of seconds between 0.01 and 1000", text)
	}
	m := c.Machine()
	if r := m.Report(); r != nil {
		return c.ran(r)
	}
	o := top.Options{Files: boxFiles{procfs.New(m)}, Frames: frames, Delay: int(delay * 1000)}
	var stopped error
	o.Sleep = func(ms int) error {
		stopped = m.Run(sim.Time(ms) * sim.Millisecond)
		return stopped
	}
	err = top.Run(o, c)
	if stopped != nil {
		return c.ran(stopped)
	}
	return c.toolFailed(err)
}
