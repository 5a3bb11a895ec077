package shell

import (
	"errors"
	"strings"

	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/tools/ps"
)

func psVerb() *Verb {
	return &Verb{
		Name: "ps", Group: GroupBox, Args: "[aux]",
		Summary: "lists the tasks",
		Detail: `Without flags the columns are those of ps -eo pid,psr,stat,time,comm: PSR is the
CPU that the task is on or was on last. ps sees the machine through files under
/proc. TIME is counted in ticks, so that a task that never has a CPU when the timer
comes has none. The columns:
` + wrap(strings.Join(ps.Names(), " "), 84),
		Flags: []Flag{
			{Name: "e", Help: "all processes, in the columns that other machines show by default"},
			{Name: "ef", Help: "all processes, in full"},
			{Name: "eo", Arg: "COLUMN,…", Help: "all processes, in these columns"},
			{Name: "o", Arg: "COLUMN,…", Help: "the same: there is nobody to leave out"},
		},
		Words: []string{"aux"},
		Run:   runPs, ReadOnly: true, Kernel: true,
	}
}

func runPs(c *Call) error {
	spec, err := c.psColumns()
	if err != nil {
		return err
	}
	err = ps.Run(boxFiles{procfs.New(c.Machine())}, spec, c)
	var unknown ps.Unknown
	if errors.As(err, &unknown) {
		return c.Misuse("%v%s", err, didYouMean(string(unknown), ps.Names()))
	}
	return c.toolFailed(err)
}

// psColumns is what the flags ask for.
func (c *Call) psColumns() (string, error) {
	switch {
	case len(c.flags) > 1 && !(len(c.flags) == 2 && c.Has("e") && c.Has("o")), len(c.Args) > 0 && len(c.flags) > 0:
		return "", c.Misuse("one form at a time")
	case len(c.Args) > 1 || len(c.Args) == 1 && c.Args[0] != "aux":
		return "", c.Misuse("%s: not aux, the one form without a dash", c.Args[0])
	case len(c.Args) == 1:
		return ps.User, nil
	case c.Has("ef"):
		return ps.Full, nil
	case c.Has("eo"), c.Has("o"):
		return c.Flag("eo", c.Flag("o", "")), nil
	case c.Has("e"):
		return ps.Every, nil
	}
	return ps.Default, nil
}

// toolFailed is the error of a program that reads files: what it could not
// read, or that nobody reads its output any more.
func (c *Call) toolFailed(err error) error {
	if err == nil || c.gone != nil {
		return c.gone
	}
	return c.Fail(err.Error(), nil)
}

// wrap breaks a text into lines.
func wrap(text string, width int) string {
	var b strings.Builder
	n := 0
	for _, w := range strings.Fields(text) {
		switch {
		case n == 0:
		case n+1+len(w) > width:
			b.WriteByte('\n')
			n = 0
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(w)
		n += len(w)
	}
	return b.String()
}
