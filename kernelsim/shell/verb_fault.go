package shell

import "bothhalves/kernelsim/kernel/errno"

func faultVerb() *Verb {
	return &Verb{
		Name: "fault", Group: GroupBench, Args: "request-irq -at N [-errno NAME] | list | clear",
		Summary: "makes something fail that is to come",
		Detail: `request-irq: the Nth request_irq from now on fails once, with ENOMEM or another
error that it can have. A later one takes the place of an earlier one. list shows what
is still to come, clear takes it back.`,
		Words: []string{"request-irq", "list", "clear"},
		Flags: []Flag{
			{Name: "at", Arg: "N", Help: "which request, 1 is the next one", With: "request-irq", Told: true},
			{Name: "errno", Arg: "NAME", Help: "ENOMEM or EBUSY (default ENOMEM)", With: "request-irq", Told: true},
		},
		Run: runFault,
	}
}

func runFault(c *Call) error {
	if len(c.Args) != 1 {
		return c.Misuse("wants one of request-irq, list and clear")
	}
	if err := c.oneOf(c.Args[0]); err != nil {
		return err
	}
	m := c.Machine()
	if m.Bare() {
		return c.Misuse("%s: no kernel runs on this machine", c.Args[0])
	}
	switch c.Args[0] {
	case "list":
		if n, err := m.FailingRequest(); n > 0 {
			c.Printf("request-irq -at %d -errno %s\n", n, err.Name)
		}
	case "clear":
		m.FailRequest(0, nil)
	default:
		return c.faultRequest()
	}
	return nil
}

// faultRequest arms the fault.
func (c *Call) faultRequest() error {
	if !c.Has("at") {
		return c.Misuse("request-irq wants -at N")
	}
	n, err := c.number("-at", c.Flag("at", ""), 1, 1<<20)
	if err != nil {
		return err
	}
	switch name := c.Flag("errno", ""); name {
	case "", errno.ENOMEM.Name:
		c.Machine().FailRequest(n, errno.ENOMEM)
	case errno.EBUSY.Name:
		c.Machine().FailRequest(n, errno.EBUSY)
	default:
		return c.Misuse("-errno: %s: not ENOMEM or EBUSY", name)
	}
	return nil
}
