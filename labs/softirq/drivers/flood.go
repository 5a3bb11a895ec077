package drivers

import (
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/labs/softirq/wire"
)

// Flood is the module flood: a card with two queues (a metronome), whose
// driver leaves the packets to NET_RX, a service that answers a request every
// millisecond, and a program that computes whatever it gets.
func Flood() machine.Module {
	return machine.Module{Name: "flood", Init: startFlood, Exit: stopFlood, Files: []machine.File{
		{Name: "flood/load", Read: showFlood, Write: beginFlood},
		{Name: "cpuset/service", Read: showCPUs(service), Write: setCPUs(service)},
		{Name: "cpuset/batch", Read: showCPUs(batch), Write: setCPUs(batch)},
	}}
}

// The load: a packet for each queue, what it takes to receive one, how many a
// queue can hold, and for how long all of it goes on.
const (
	packetGap   = 12 * sim.Microsecond
	packetTakes = 7 * sim.Microsecond
	ringSize    = 64
	perPass     = 16
	requestGap  = sim.Millisecond
	answerTakes = 150 * sim.Microsecond
	floodTime   = 100 * sim.Millisecond
)

// The targets.
const (
	latencyTarget = 300 * sim.Microsecond
	batchTarget   = 10 * sim.Millisecond
	threadTarget  = 10 * sim.Millisecond
)

// A queue is one of the card's.
type queue struct {
	index             int
	irq               irq.Number
	on                int // the processor where its softirq was raised last
	waiting           int
	received, dropped int
}

// A program is one of the two tasks of the load.
type program int

const (
	service program = iota
	batch
)

// flood is what all share.
type flood struct {
	dev     *pci.Dev
	queues  [2]queue
	cpus    [2][]int // of the programs; nil: all
	began   bool
	answers []sim.Time // how long each took
	done    sim.Time   // what the batch has computed
}

var floods = percpu.Shared[flood]("softirq_flood")

// The registers of the metronome (kernelsim/hw/metronome).
const (
	beatPeriod  bus.Addr = 0x00
	beatEntries bus.Addr = 0x08
	beatCount   bus.Addr = 0x10
	beatOf      bus.Addr = 0x40
)

func (f *flood) register(at bus.Addr) bus.Addr { return bus.Addr(f.dev.Resources[0].Start) + at }

func startFlood(c *cpu.CPU) error {
	f := floods.Of(c)
	*f = flood{}
	for _, d := range pci.Devs(c) {
		if d.Vendor == 0x1234 && d.Device == 0x0006 {
			f.dev = d
		}
	}
	if f.dev == nil {
		return fmt.Errorf("flood: no card: boot with -device metronome: %w", errno.ENODEV)
	}
	pci.EnableDevice(c, f.dev)
	pci.SetMaster(c, f.dev)
	if _, err := pci.AllocIRQVectors(c, f.dev, len(f.queues), len(f.queues), pci.IRQMSIX); err != nil {
		return err
	}
	softirq.Open(c, softirq.NetRX, f.receive)
	for k := range f.queues {
		q := &f.queues[k]
		q.index, q.on = k, -1
		q.irq, _ = pci.IRQVector(f.dev, k) // it was given
		if err := irq.Request(c, q.irq, f.interrupt, 0, fmt.Sprintf("card-rx-%d", k), q); err != nil {
			return err
		}
		if err := irq.SetAffinity(c, q.irq, cpumask.Of(0)); err != nil { // as a machine that was set up in a hurry
			return err
		}
	}
	return nil
}

func stopFlood(c *cpu.CPU) {
	f := floods.Of(c)
	bus.WriteQ(c, f.register(beatCount), 0)
	for k := range f.queues {
		_, _ = irq.Free(c, f.queues[k].irq, &f.queues[k]) // it was requested
	}
	pci.FreeIRQVectors(c, f.dev)
	softirq.Open(c, softirq.NetRX, nothing)
}

// interrupt is the handler of a queue: it takes what has come into the ring,
// and leaves it to the softirq.
func (f *flood) interrupt(c *cpu.CPU, _ irq.Number, dev any) irq.Return {
	q := dev.(*queue)
	f.fill(c, q)
	q.on = c.ID
	softirq.RaiseIRQOff(c, softirq.NetRX)
	return irq.Handled
}

// fill puts into the ring what has come since it was asked last. What finds
// the ring full is lost.
func (f *flood) fill(c *cpu.CPU, q *queue) {
	q.waiting += int(bus.ReadQ(c, f.register(beatOf+8*bus.Addr(q.index))) >> 32)
	if q.waiting > ringSize {
		q.dropped += q.waiting - ringSize
		q.waiting = ringSize
	}
}

// receive is the action of NET_RX: some packets of each queue of this
// processor.
func (f *flood) receive(c *cpu.CPU) {
	more := false
	for k := range f.queues {
		q := &f.queues[k]
		for n := 0; q.on == c.ID && q.waiting > 0 && n < perPass; n++ {
			q.waiting--
			wire.Spend(c, packetTakes)
			q.received++
		}
		more = more || q.on == c.ID && q.waiting > 0
	}
	if more {
		softirq.Raise(c, softirq.NetRX)
	}
}

// beginFlood takes "start", once. The load is what it is.
func beginFlood(c *cpu.CPU, text string) error {
	f := floods.Of(c)
	switch {
	case strings.TrimSpace(text) != "start":
		return fmt.Errorf("flood: %q: the load is given, start is all that it takes: %w", strings.TrimSpace(text), errno.EPERM)
	case f.began:
		return fmt.Errorf("flood: it has started: %w", errno.EBUSY)
	}
	f.began = true
	bus.WriteQ(c, f.register(beatPeriod), uint64(packetGap))
	bus.WriteQ(c, f.register(beatEntries), 1<<len(f.queues)-1)
	bus.WriteQ(c, f.register(beatCount), uint64(floodTime/packetGap))
	sched.Spawn(c, "service", sched.Attr{User: true, CPUs: f.cpus[service]}, f.serve)
	sched.Spawn(c, "batch", sched.Attr{User: true, CPUs: f.cpus[batch]}, f.compute)
	return nil
}

// serve answers a request every millisecond.
func (f *flood) serve(t *sched.Task) {
	due := t.CPU().Now()
	for end := due + floodTime; due < end; {
		due += requestGap
		if now := t.CPU().Now(); now < due {
			hrtimer.USleepRange(t, due-now, due-now)
		}
		sched.Compute(t, answerTakes)
		f.answers = append(f.answers, t.CPU().Now()-due)
	}
}

// compute is the batch program.
func (f *flood) compute(t *sched.Task) {
	for end := t.CPU().Now() + floodTime; t.CPU().Now() < end; {
		sched.Compute(t, 10*sim.Microsecond)
		f.done += 10 * sim.Microsecond
	}
}

// p99 is the time within which 99 of 100 answers came.
func (f *flood) p99() sim.Time {
	if len(f.answers) == 0 {
		return 0
	}
	list := slices.Sorted(slices.Values(f.answers))
	return list[(len(list)*99+99)/100-1]
}

func showFlood(c *cpu.CPU) string {
	f := floods.Of(c)
	var b strings.Builder
	dropped := 0
	for k := range f.queues {
		q := &f.queues[k]
		dropped += q.dropped
		fmt.Fprintf(&b, "card-rx-%d: received %d, dropped %d, in the ring %d\n", k, q.received, q.dropped, q.waiting)
	}
	var thread sim.Time
	for _, p := range c.Peers {
		thread += softirq.Ksoftirqd(p).SumExec()
	}
	fmt.Fprintf(&b, "service: %d answers, p99 %d us\nbatch: %d ms, ksoftirqd: %d ms\n", len(f.answers), f.p99()/sim.Microsecond, f.done/sim.Millisecond, thread/sim.Millisecond)
	ended := len(f.answers) == int(floodTime/requestGap)
	fmt.Fprintf(&b, "latency kept: %s\nno packet lost: %s\nbatch kept: %s\nno work left to ksoftirqd: %s\n",
		yes(ended && f.p99() <= latencyTarget), yes(f.began && dropped == 0), yes(f.done >= batchTarget), yes(f.began && thread <= threadTarget))
	return b.String()
}

// showCPUs and setCPUs are a program's cpuset.cpus.
func showCPUs(p program) func(c *cpu.CPU) string {
	return func(c *cpu.CPU) string {
		list := floods.Of(c).cpus[p]
		if list == nil {
			return fmt.Sprintf("0-%d\n", len(c.Peers)-1)
		}
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]") + "\n"
	}
}

// setCPUs takes numbers of processors, parted by commas, before the load
// starts.
func setCPUs(p program) func(c *cpu.CPU, text string) error {
	return func(c *cpu.CPU, text string) error {
		f := floods.Of(c)
		if f.began {
			return fmt.Errorf("cpuset: the programs run already: %w", errno.EBUSY)
		}
		var list []int
		for _, w := range strings.Split(strings.TrimSpace(text), ",") {
			n := -1
			if _, err := fmt.Sscanf(w, "%d", &n); err != nil || n < 0 || n >= len(c.Peers) || slices.Contains(list, n) {
				return fmt.Errorf("cpuset: %q: numbers of CPUs, parted by commas: %w", strings.TrimSpace(text), errno.EINVAL)
			}
			list = append(list, n)
		}
		f.cpus[p] = list
		return nil
	}
}
