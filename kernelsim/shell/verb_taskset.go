package shell

import (
	"slices"
	"strings"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
)

func tasksetVerb() *Verb {
	return &Verb{
		Name: "taskset", Group: GroupBox, Args: "CMD…",
		Summary: "starts a program bound to some CPUs",
		Detail:  "CPUS is a list as in /proc: 0, 0-2 or 1,3.",
		Flags:   []Flag{{Name: "c", Arg: "CPUS", Must: true, Help: "where it may run"}},
		Run:     runTaskset, Command: true,
	}
}

func runTaskset(c *Call) error {
	switch {
	case !c.Has("c"):
		return c.Misuse("wants -c CPUS")
	case len(c.Args) == 0:
		return c.Misuse("wants a CMD to run")
	}
	cpus, err := c.cpuList("-c", c.Flag("c", ""))
	if err != nil {
		return err
	}
	if err := c.someOnline(cpus); err != nil {
		return err
	}
	inner, err := c.Session.call(c.Args)
	if err != nil {
		return err
	}
	if inner.Verb.Group != GroupBox {
		return c.Fail(c.Args[0]+": it is no program of the machine", nil)
	}
	s := c.Session
	inner.out = c
	was := s.affinity
	s.affinity = cpus
	err = inner.run()
	s.affinity = was
	return err
}

// someOnline refuses a list of CPUs that are all off line, as
// sched_setaffinity does. An empty list means all.
func (c *Call) someOnline(cpus []int) error {
	online := func(n int) bool { return sched.Online(c.Machine().CPUs()[n]) }
	if len(cpus) > 0 && !slices.ContainsFunc(cpus, online) {
		return c.Fail("the CPU is off line", errno.EINVAL)
	}
	return nil
}

// cpuList reads a list of CPUs of the current machine; what is the flag that it
// belongs to.
func (c *Call) cpuList(what, text string) ([]int, error) {
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		lo, hi, isRange := strings.Cut(part, "-")
		from, err := c.cpu(what+": ", lo)
		if err != nil {
			return nil, err
		}
		to := from
		if isRange {
			if to, err = c.cpu(what+": ", hi); err != nil {
				return nil, err
			}
		}
		if to < from {
			return nil, c.Misuse("%s: %s: a range runs upwards", what, part)
		}
		for n := from; n <= to; n++ {
			if !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	return list, nil
}
