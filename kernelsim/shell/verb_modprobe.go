package shell

import (
	"slices"
	"strings"

	"bothhalves/kernelsim/kernel/errno"
)

func modprobeVerb() *Verb {
	return &Verb{
		Name: "modprobe", Group: GroupBox, Args: "MODULE",
		Summary: "loads a kernel module: a sample, or a lab's driver",
		Run:     runModprobe, Runs: true,
	}
}

func runModprobe(c *Call) error {
	m := c.Machine()
	if len(c.Args) != 1 {
		return c.Misuse("wants one MODULE; there are: %s", orNone(m.Modules()))
	}
	if name := c.Args[0]; !slices.Contains(m.Modules(), name) {
		hint := didYouMean(name, m.Modules())
		if hint == "" {
			hint = "; this machine has " + orNone(m.Modules())
		}
		return c.Fail(name+": "+errno.ENOENT.Error()+hint, nil)
	}
	return c.ran(m.Modprobe(c.Args[0]))
}

// orNone joins names; "none" stands for no names.
func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
