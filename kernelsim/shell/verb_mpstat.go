package shell

import (
	"slices"
	"strings"

	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/tools/mpstat"
)

func mpstatVerb() *Verb {
	return &Verb{
		Name: "mpstat", Group: GroupBox, Args: "[SECONDS COUNT]",
		Summary: "tells how the CPUs spent their time, and what interrupted them",
		Detail: `This is sysstat's mpstat. Alone it shows the averages since boot; with SECONDS it
waits, COUNT times, and shows each interval and the average of all. -I SUM gives
interrupts a second, CPU each interrupt, SCPU each softirq. A CPU that is off line
is left out. mpstat sees the machine through files under /proc; what sysstat shows
of nodes and topology, and its JSON, is not here.`,
		Flags: []Flag{
			{Name: "u", Help: "the CPUs' time: what is shown without -I"},
			{Name: "I", Arg: "SUM|CPU|SCPU|ALL", Help: "interrupts; several with commas between"},
			{Name: "P", Arg: "ALL|CPUS", Help: "each CPU, or these: a list as in /proc, all for the line of all together"},
		},
		Run: runMpstat, Kernel: true, Runs: true,
	}
}

func runMpstat(c *Call) error {
	o, err := c.mpstatOptions()
	if err != nil {
		return err
	}
	m := c.Machine()
	if r := m.Report(); r != nil && o.Interval > 0 {
		return c.ran(r)
	}
	c.look = o.Interval == 0
	o.Files, o.System, o.Machine = boxFiles{procfs.New(m)}, "Linux "+osRelease+" ("+hostName+")", "x86_64"
	var stopped error
	o.Sleep = func(seconds int) error {
		stopped = m.Run(sim.Time(seconds) * sim.Second)
		return stopped
	}
	err = mpstat.Run(o, c)
	if stopped != nil {
		return c.ran(stopped)
	}
	return c.toolFailed(err)
}

func (c *Call) mpstatOptions() (o mpstat.Options, err error) {
	switch len(c.Args) {
	case 0:
	case 1:
		return o, c.Misuse("%s: without a COUNT it would never end", c.Args[0])
	case 2:
		if o.Interval, err = c.number("SECONDS", c.Args[0], 1, 3600); err != nil {
			return o, err
		}
		if o.Count, err = c.number("COUNT", c.Args[1], 1, 1000); err != nil {
			return o, err
		}
	default:
		return o, c.Misuse("%s: nothing goes behind COUNT", c.Args[2])
	}
	if err = c.mpstatTables(&o); err != nil {
		return o, err
	}
	return o, c.mpstatCPUs(&o)
}

// mpstatTables reads -I and -u.
func (c *Call) mpstatTables(o *mpstat.Options) error {
	if o.CPU = !c.Has("I") || c.Has("u"); !c.Has("I") {
		return nil
	}
	words := []string{"SUM", "CPU", "SCPU", "ALL"}
	for w := range strings.SplitSeq(c.Flag("I", ""), ",") {
		switch w {
		case "SUM":
			o.Sum = true
		case "CPU":
			o.IRQs = true
		case "SCPU":
			o.SoftIRQs = true
		case "ALL":
			o.Sum, o.IRQs, o.SoftIRQs = true, true, true
		default:
			return c.Misuse("-I: %s: not one of %s%s", w, strings.Join(words, ", "), didYouMean(w, words))
		}
	}
	return nil
}

// mpstatCPUs reads -P.
func (c *Call) mpstatCPUs(o *mpstat.Options) (err error) {
	text := c.Flag("P", "")
	if o.All, o.Each = true, c.Has("P"); !o.Each || text == "ALL" {
		return nil
	}
	words := strings.Split(text, ",")
	rest := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "all" })
	o.All, o.CPUs = len(rest) < len(words), []int{}
	if len(rest) > 0 {
		o.CPUs, err = c.cpuList("-P", strings.Join(rest, ","))
	}
	return err
}
