package shell

import (
	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/tools/irqbalance"
)

func irqbalanceVerb() *Verb {
	return &Verb{
		Name: "irqbalance", Group: GroupBox,
		Summary: "deals the interrupts to the CPUs, once",
		Detail: `The program looks at the machine for 10 s, which pass, then writes smp_affinity of
the interrupts that it wants elsewhere, and ends. It sees the machine through files
under /proc and /sys. Interrupts that the kernel manages itself stay where they are;
the others move with the next interrupt.`,
		Flags: []Flag{
			{Name: "-oneshot", Must: true, Help: "once; it does not stay and look again"},
			{Name: "-debug", Help: "print what it finds and where it puts what"},
		},
		Run: runIRQBalance, Kernel: true, Runs: true,
	}
}

// boxFiles are the files of a machine as its programs see them.
type boxFiles struct{ *procfs.FS }

// List is readdir.
func (f boxFiles) List(path string) ([]string, error) { return f.Dirents(path) }

// Write writes to a file that is there.
func (f boxFiles) Write(path, text string) error { return f.FS.Write(path, []byte(text), false) }

func runIRQBalance(c *Call) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	if !c.Has("-oneshot") {
		return c.Misuse("wants --oneshot: there are no daemons on this machine")
	}
	m := c.Machine()
	if r := m.Report(); r != nil {
		return c.ran(r)
	}
	var debug func(string)
	if c.Has("-debug") {
		debug = func(line string) { c.Printf("%s\n", line) }
	}
	sleep := func(seconds int) error { return m.Run(sim.Time(seconds) * sim.Second) }
	return c.ran(irqbalance.Run(boxFiles{procfs.New(m)}, sleep, debug))
}
