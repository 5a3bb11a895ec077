// Package fio is a program that makes work for a disk, in the manner of fio
// with -ioengine=libaio -direct=1 -group_reporting: some jobs keep some
// requests each under way for a while, then the program tells how many there
// were and how long they took.
package fio

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/blkmq"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// Options are the program's options, by fio's names.
type Options struct {
	RW       string   // read, write, randread, randwrite
	BS       int      // bytes of a request
	IODepth  int      // requests that a job has under way
	NumJobs  int      // processes
	Runtime  sim.Time // how long they go on
	CPUs     []int    // cpus_allowed; nil: all
	Split    bool     // cpus_allowed_policy=split: each job has one of them
	RandSeed uint64
	OpenDisk func(t *sched.Task) (*blkmq.Disk, error)
}

// A Run is a run of the program.
type Run struct {
	o       Options
	main    *sched.Task
	jobs    []*job
	left    int // jobs that have not ended
	over    bool
	err     error
	started sim.Time
	ended   sim.Time
}

// Start makes the program's first process, which opens the disk, starts the
// jobs and waits for them. It runs when the machine runs.
func Start(c *cpu.CPU, o Options) *Run {
	r := &Run{o: o}
	r.main = sched.Spawn(c, "fio", sched.Attr{User: true, CPUs: o.CPUs}, r.run)
	return r
}

// Done reports whether the program has ended.
func (r *Run) Done() bool { return r.over }

// Err is why it failed: the disk could not be opened, or a request failed.
func (r *Run) Err() error { return r.err }

// run is the first process.
func (r *Run) run(t *sched.Task) {
	defer func() { r.over = true }()
	disk, err := r.o.OpenDisk(t)
	if err != nil {
		r.err = err
		return
	}
	r.started = t.CPU().Now()
	r.left = r.o.NumJobs
	for i := range r.o.NumJobs {
		j := newJob(r, disk, i)
		r.jobs = append(r.jobs, j)
		j.task = sched.Spawn(t.CPU(), "fio", sched.Attr{User: true, CPUs: r.o.cpusOf(i)}, j.run)
	}
	for {
		sched.SetState(t, sched.Interruptible)
		if r.left == 0 {
			break
		}
		sched.Schedule(t.CPU())
	}
	sched.SetState(t, sched.Running)
}

// cpusOf is where job i may run.
func (o Options) cpusOf(i int) []int {
	if o.Split && len(o.CPUs) > 0 {
		return o.CPUs[i%len(o.CPUs) : i%len(o.CPUs)+1]
	}
	return o.CPUs
}

// A job is one process with its requests.
type job struct {
	r       *Run
	disk    *blkmq.Disk
	task    *sched.Task
	end     func(c *cpu.CPU, q *blkmq.Request) // ended, made once
	idle    []*slot
	done    []*slot // that have ended and were not looked at
	waiting bool
	failed  bool
	rnd     uint64
	next    uint64 // the block behind the last one
	lat     latencies
}

// A slot is one of the requests that a job may have under way (struct io_u).
type slot struct{ start sim.Time }

func newJob(r *Run, disk *blkmq.Disk, i int) *job {
	j := &job{r: r, disk: disk, rnd: r.o.RandSeed + uint64(i)*0x9e37_79b9_7f4a_7c15}
	j.end = j.ended
	for range r.o.IODepth {
		j.idle = append(j.idle, &slot{})
	}
	j.done = make([]*slot, 0, r.o.IODepth)
	return j
}

// run keeps requests under way until time is up, then waits for the last ones.
func (j *job) run(t *sched.Task) {
	stop := j.r.started + j.r.o.Runtime
	for t.CPU().Now() < stop && !j.failed {
		for len(j.idle) > 0 && !j.failed {
			j.submit(t)
		}
		j.reap(t)
	}
	for len(j.idle) < j.r.o.IODepth {
		j.reap(t)
	}
	j.r.ended = max(j.r.ended, t.CPU().Now())
	if j.r.left--; j.r.left == 0 {
		sched.WakeUpProcess(t.CPU(), j.r.main)
	}
}

// submit models io_submit of one request.
func (j *job) submit(t *sched.Task) {
	s := j.idle[len(j.idle)-1]
	j.idle = j.idle[:len(j.idle)-1]
	s.start = t.CPU().Now()
	q := j.disk.Alloc(t)
	q.Write = j.r.o.RW == "write" || j.r.o.RW == "randwrite"
	q.Sector = j.sector()
	q.End, q.Owner = j.end, s
	j.disk.Submit(t, q)
}

// sector chooses where the next request goes.
func (j *job) sector() uint64 {
	per := uint64(j.r.o.BS / 512)
	blocks := max(j.disk.Sectors/per, 1)
	if j.r.o.RW == "randread" || j.r.o.RW == "randwrite" {
		return j.random() % blocks * per
	}
	j.next++
	return (j.next - 1) % blocks * per
}

// random is splitmix64.
func (j *job) random() uint64 {
	j.rnd += 0x9e37_79b9_7f4a_7c15
	z := j.rnd
	z = (z ^ z>>30) * 0xbf58_476d_1ce4_e5b9
	z = (z ^ z>>27) * 0x94d0_49bb_1331_11eb
	return z ^ z>>31
}

// ended is told of the end of a request (aio_complete). Context: hard
// interrupt.
func (j *job) ended(c *cpu.CPU, q *blkmq.Request) {
	j.done = append(j.done, q.Owner.(*slot))
	if q.Status != 0 && !j.failed {
		j.failed = true
		j.r.err = fmt.Errorf("io_u error on file /dev/%s: %w", j.disk.Name, errno.EIO)
	}
	if j.waiting {
		j.waiting = false
		sched.WakeUpProcess(c, j.task)
	}
}

// reap models io_getevents of one request at least, and what the program does
// with each.
func (j *job) reap(t *sched.Task) {
	for {
		sched.SetState(t, sched.Interruptible)
		j.waiting = len(j.done) == 0
		if !j.waiting {
			break
		}
		sched.Schedule(t.CPU())
	}
	sched.SetState(t, sched.Running)
	for len(j.done) > 0 {
		s := j.done[0]
		j.done = append(j.done[:0], j.done[1:]...)
		j.lat.add(t.CPU().Now() - s.start)
		j.idle = append(j.idle, s)
		sched.Program(t)
	}
}
