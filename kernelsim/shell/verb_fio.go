package shell

import (
	"slices"
	"strings"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/tools/fio"
)

// fioModes are the values of -rw.
var fioModes = []string{"read", "write", "randread", "randwrite"}

func fioVerb() *Verb {
	return &Verb{
		Name: "fio", Group: GroupBox,
		Summary: "makes work for a disk and measures it",
		Detail: `Jobs keep requests under way for a while, as fio's do with -ioengine=libaio
-direct=1 -group_reporting. fio returns when all are done: it prints requests a
second, bytes a second and how long a request took. The disks are /dev/nvme0n1 and
so on, one for each -blk nvme; one does 100,000 requests a second at most.`,
		Flags: []Flag{
			{Name: "filename", Arg: "DEVICE", Must: true, Help: "the disk"},
			{Name: "rw", Arg: "MODE", Help: strings.Join(fioModes, ", ") + " (read)"},
			{Name: "bs", Arg: "BYTES", Help: "of a request: 512, 1k, 2k or 4k (4k)"},
			{Name: "iodepth", Arg: "N", Help: "requests that a job has under way (1)"},
			{Name: "numjobs", Arg: "N", Help: "processes (1)"},
			{Name: "runtime", Arg: "DURATION", Must: true, Help: "how long they go on"},
			{Name: "cpus_allowed", Arg: "CPUS", Help: "where they may run: a list as in /proc (all)"},
			{Name: "cpus_allowed_policy", Arg: "shared|split", Help: "split: each job has one of the CPUs for itself (shared)"},
		},
		Run: runFio, Kernel: true, Runs: true,
	}
}

func runFio(c *Call) error {
	o, name, err := c.fioOptions()
	if err != nil {
		return err
	}
	m := c.Machine()
	if r := m.Report(); r != nil {
		return c.ran(r)
	}
	disk := m.Disk(strings.TrimPrefix(name, "/dev/"))
	if disk == nil || !strings.HasPrefix(name, "/dev/") {
		return c.Fail(name, errno.ENOENT)
	}
	o.OpenDisk, o.RandSeed = disk.Open, m.Config().Seed
	run := fio.Start(m.CPUs()[0], o)
	if err := m.RunTo(o.Runtime+10*sim.Second, run.Done); err != nil {
		return c.ran(err)
	}
	if n, _ := run.Requests(); n == 0 && run.Err() != nil {
		return c.Fail(name, run.Err())
	}
	c.Printf("%s", run.Report())
	if err := run.Err(); err != nil {
		return c.Fail(name, err)
	}
	return nil
}

// fioOptions reads the flags.
func (c *Call) fioOptions() (o fio.Options, name string, err error) {
	if err = c.noArgs(); err != nil {
		return o, "", err
	}
	for _, f := range c.Verb.Flags {
		if f.Must && !c.Has(f.Name) {
			return o, "", c.Misuse("wants -%s %s", f.Name, f.Arg)
		}
	}
	if o.Runtime, err = c.duration(c.Flag("runtime", "")); err != nil {
		return o, "", err
	}
	if o.RW = c.Flag("rw", "read"); !slices.Contains(fioModes, o.RW) {
		return o, "", c.Misuse("-rw: %s: not one of %s%s", o.RW, strings.Join(fioModes, ", "), didYouMean(o.RW, fioModes))
	}
	if o.BS, err = c.blockSize(c.Flag("bs", "4k")); err != nil {
		return o, "", err
	}
	if o.IODepth, err = c.FlagInt("iodepth", 1, 1, 1024); err != nil {
		return o, "", err
	}
	if o.NumJobs, err = c.FlagInt("numjobs", 1, 1, 1024); err != nil {
		return o, "", err
	}
	o.CPUs = c.Session.affinity
	if c.Has("cpus_allowed") {
		if o.CPUs, err = c.cpuList("-cpus_allowed", c.Flag("cpus_allowed", "")); err != nil {
			return o, "", err
		}
	}
	if o.Split, err = c.fioSplit(&o); err == nil {
		err = c.fioOnline(o)
	}
	return o, c.Flag("filename", ""), err
}

// fioOnline refuses CPUs that are off line, as sched_setaffinity does: a
// process needs one that is not.
func (c *Call) fioOnline(o fio.Options) error {
	up := 0
	for _, n := range o.CPUs {
		if sched.Online(c.Machine().CPUs()[n]) {
			up++
		}
	}
	if o.CPUs != nil && (up == 0 || o.Split && up < len(o.CPUs)) {
		return c.Fail("-cpus_allowed: a CPU is off line", errno.EINVAL)
	}
	return nil
}

// fioSplit reads -cpus_allowed_policy: without a list, split deals all CPUs.
func (c *Call) fioSplit(o *fio.Options) (bool, error) {
	switch policy := c.Flag("cpus_allowed_policy", "shared"); policy {
	case "shared":
		return false, nil
	case "split":
		if o.CPUs == nil {
			for _, p := range c.Machine().CPUs() {
				if sched.Online(p) {
					o.CPUs = append(o.CPUs, p.ID)
				}
			}
		}
		return true, nil
	default:
		return false, c.Misuse("-cpus_allowed_policy: %s: shared or split", policy)
	}
}

// blockSize reads the size of a request. One request moves a page at most.
func (c *Call) blockSize(text string) (int, error) {
	sizes := []string{"512", "1k", "2k", "4k", "1024", "2048", "4096"}
	i := slices.Index(sizes, strings.ToLower(text))
	if i < 0 {
		return 0, c.Misuse("-bs: %s: a request of this disk has 512, 1k, 2k or 4k bytes", text)
	}
	return 512 << (i - i/4*3), nil
}
