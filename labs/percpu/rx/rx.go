// Package rx is the plumbing of the driver rxcount: a vector, a thread, a
// per-CPU counter, and a file that shows it. What counts one packet is handed
// in: it is a student's function in one task, a faulty one in another.
package rx

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// Vector is the driver's interrupt vector.
const Vector cpu.Vector = 0x41

// Packets counts the packets that were received on each CPU.
var Packets = percpu.NewWordIn[uint64]("rxcount", "rx_packets", 0)

// seen is the driver's own record of what happened, to compare with.
var seen = percpu.Shared[[machine.MaxCPUs]uint64]("rxcount_seen")

// A Driver says how one rxcount differs from another.
type Driver struct {
	Count     func(c *cpu.CPU)               // counts one packet
	Show      func(c *cpu.CPU, n int) uint64 // what CPU n has counted; nil: its copy
	Audit     bool                           // the file shows what should have been counted, too
	KeepsIRQ  bool                           // rmmod leaves the vector taken
	AfterRead func(c *cpu.CPU)               // what reading the file does besides
}

// Module is the driver as modprobe loads it.
func (d Driver) Module() machine.Module {
	return machine.Module{
		Name:  "rxcount",
		Init:  d.init,
		Exit:  d.exit,
		Files: []machine.File{{Name: "rxcount", Read: d.read, Write: d.write}},
	}
}

func (d Driver) init(c *cpu.CPU) error {
	*seen.Of(c) = [machine.MaxCPUs]uint64{}
	return entry.Request(c, Vector, "rxcount", d.interrupt)
}

func (d Driver) exit(c *cpu.CPU) {
	if !d.KeepsIRQ {
		entry.Free(c, Vector)
	}
}

// interrupt is the handler: one packet came.
func (d Driver) interrupt(c *cpu.CPU, _ cpu.Vector) { d.packet(c) }

func (d Driver) packet(c *cpu.CPU) {
	seen.Of(c)[c.ID]++
	d.Count(c)
}

// read prints what was counted.
func (d Driver) read(c *cpu.CPU) string {
	var b strings.Builder
	events, counted, elsewhere := uint64(0), uint64(0), 0
	for n, p := range c.Peers {
		v := Packets.Peek(p)
		if d.Show != nil {
			v = d.Show(c, n)
		}
		fmt.Fprintf(&b, "cpu %d: %d", n, v)
		if d.Audit {
			fmt.Fprintf(&b, " of %d", seen.Of(c)[n])
		}
		if v != seen.Of(c)[n] {
			elsewhere++
		}
		b.WriteString("\n")
		events, counted = events+seen.Of(c)[n], counted+v
	}
	fmt.Fprintf(&b, "total: %d\n", counted)
	if d.Audit {
		fmt.Fprintf(&b, "lost: %d\nwrong rows: %d\n", int64(events-counted), elsewhere)
	}
	if d.AfterRead != nil {
		d.AfterRead(c)
	}
	return b.String()
}

// write takes "poll N": a thread on CPU 0 finds N packets without an
// interrupt; "move N": a thread finds N packets while another one sends it
// from CPU to CPU.
func (d Driver) write(c *cpu.CPU, text string) error {
	var what string
	var n int
	if _, err := fmt.Sscanf(text, "%s %d", &what, &n); err != nil || n < 1 || n > 10000 {
		return errno.EINVAL
	}
	switch what {
	case "poll":
		sched.KThreadOn(c, 0, "rxpoll", func(t *sched.Task) { d.poll(t, n) })
	case "move":
		worker := sched.Spawn(c, "rxpoll", sched.Attr{CPUs: []int{0}}, func(t *sched.Task) { d.poll(t, n) })
		sched.KThreadOn(c, 0, "rxmove", func(t *sched.Task) { move(t, worker) })
	default:
		return errno.EINVAL
	}
	return nil
}

// poll finds packets one after the other.
func (d Driver) poll(t *sched.Task, n int) {
	for range n {
		d.packet(t.CPU())
		sched.CondResched(t)
	}
}

// move sends a thread to the next CPU, and the next, until it is gone.
func move(t, who *sched.Task) {
	c := t.CPU()
	for to := 0; who.State != sched.Dead; to = (to + 1) % len(c.Peers) {
		if sched.SetAffinity(t.CPU(), who, []int{to}) != nil {
			return
		}
		hrtimer.USleep(t, 900*sim.Nanosecond)
	}
}
