package shell

import "bothhalves/kernelsim/sim"

func psVerb() *Verb {
	return &Verb{
		Name: "ps", Group: GroupBox,
		Summary: "lists the tasks",
		Detail: `The columns are those of ps -eo pid,psr,stat,time,comm: PSR is the CPU that the
task is on or was on last.`,
		Run: runPs, ReadOnly: true,
	}
}

func runPs(c *Call) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	c.Printf("%7s %3s %-4s %8s %s\n", "PID", "PSR", "STAT", "TIME", "COMMAND")
	for _, t := range c.Machine().Tasks() {
		if t.PID == 0 {
			continue // ps does not know the idle tasks
		}
		s := int64(t.SumExec() / sim.Second)
		c.Printf("%7d %3d %-4s %02d:%02d:%02d %s\n", t.PID, t.CPU().ID, t.State.Letter(), s/3600, s/60%60, s%60, t.Comm)
	}
	return nil
}
