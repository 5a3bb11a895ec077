package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A noisy is one of the devices of the module quiet.
type noisy struct {
	name    string
	vector  cpu.Vector
	skips   int // its driver forgets the EOI of this one; 0: of none
	sent    int
	handled int
	half    int // handled by the time that half of all messages were sent
}

// quiets is what the devices did, and who erred.
type quiets struct {
	list    []*noisy // the eight that play, then those that were added
	culprit *noisy
	heard   bool // the last message of an added one
	undo    []func(c *cpu.CPU)
}

var quiet = percpu.Shared[quiets]("quiet_devices")

const (
	quietCPU = 1  // where all devices' messages go
	rounds   = 12 // how many messages each sends
	playing  = 8  // devices
)

// noisyDevices are the devices in the order of their names.
func noisyDevices() []*noisy {
	return []*noisy{
		{name: "audio", vector: 0x35}, {name: "disk0", vector: 0x52}, {name: "disk1", vector: 0x63},
		{name: "gpu", vector: 0xa1}, {name: "net0", vector: 0x5d}, {name: "net1", vector: 0x54, skips: 4},
		{name: "sensor", vector: 0x78}, {name: "usb", vector: 0x41},
	}
}

// Quiet is a module with eight devices, whose interrupts all go to one CPU.
// The driver of one of them forgets an EOI, once.
func Quiet() machine.Module {
	return machine.Module{Name: "quiet", Init: startQuiet, Exit: stopQuiet, Files: []machine.File{
		{Name: "quiet/counters", Read: showQuiet}, {Name: "quiet/eoi", Read: showQuiet, Write: endOne},
		{Name: "quiet/ninth", Read: showNinth, Write: ninth}}}
}

func startQuiet(c *cpu.CPU) error {
	if len(c.Peers) <= quietCPU {
		return errno.ENODEV
	}
	q := quiet.Of(c)
	*q = quiets{}
	for _, d := range noisyDevices() {
		if err := q.add(c, d); err != nil {
			stopQuiet(c)
			return err
		}
	}
	sched.Spawn(c, "devices", sched.Attr{CPUs: []int{0}}, func(t *sched.Task) { q.play(t) })
	return nil
}

// add gives a device its vector, until the module goes.
func (q *quiets) add(c *cpu.CPU, d *noisy) error {
	giveBack, err := own(c, d.vector, func(c *cpu.CPU) { q.interrupt(c, d) })
	if err == nil {
		q.list, q.undo = append(q.list, d), append(q.undo, giveBack)
	}
	return err
}

func stopQuiet(c *cpu.CPU) {
	q := quiet.Of(c)
	for _, giveBack := range q.undo {
		giveBack(c)
	}
	*q = quiets{}
}

// interrupt is every driver's handler. The fault is a return in the middle.
func (q *quiets) interrupt(c *cpu.CPU, d *noisy) {
	d.handled++
	work(c)
	if d.handled == d.skips {
		q.culprit = d
		return
	}
	apic.EOI(c)
}

// play is the devices: one after the other sends its message. It ends with the
// module.
func (q *quiets) play(t *sched.Task) {
	for n := range rounds {
		for i := 0; i < min(playing, len(q.list)); i++ {
			d := q.list[i]
			if n == rounds/2 {
				d.half = d.handled
			}
			d.sent++
			apic.Send(t.CPU(), quietCPU, d.vector)
			sched.MSleep(t, 10*sim.Microsecond)
		}
	}
}

func showQuiet(c *cpu.CPU) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-8s %-7s %5s %8s\n", "device", "vector", "sent", "handled")
	for _, d := range quiet.Of(c).list {
		fmt.Fprintf(&b, "%-8s %#02x    %5d %8d\n", d.name, uint8(d.vector), d.sent, d.handled)
	}
	return b.String()
}

// endOne lets the CPU write one EOI.
func endOne(c *cpu.CPU, _ string) error {
	apic.CallOn(c, quietCPU, apic.EOI, true)
	for range 10 {
		work(c)
	}
	return nil
}

// ninth takes "CPU VECTOR": one more device sends one message, or one of the
// eight does so to another CPU.
func ninth(c *cpu.CPU, text string) error {
	n, v := 0, uint8(0)
	if _, err := fmt.Sscan(text, &n, &v); err != nil || n < 0 || n >= len(c.Peers) {
		return errno.EINVAL
	}
	q := quiet.Of(c)
	d := q.find(cpu.Vector(v))
	if d == nil {
		d = &noisy{name: "ninth", vector: cpu.Vector(v)}
		if err := q.add(c, d); err != nil {
			return err
		}
	}
	was := d.handled
	d.sent++
	apic.Send(c, n, d.vector)
	for range 3 {
		work(c)
	}
	q.heard = d.handled > was
	return nil
}

func (q *quiets) find(v cpu.Vector) *noisy {
	for _, d := range q.list {
		if d.vector == v {
			return d
		}
	}
	return nil
}

func showNinth(c *cpu.CPU) string {
	if quiet.Of(c).heard {
		return "heard: yes\n"
	}
	return "heard: no\n"
}

// QuietTruth is a module that tells what is wrong with quiet. A script loads
// it; who loads it by hand has only spoiled the task.
func QuietTruth() machine.Module {
	return machine.Module{Name: "quiettruth", Files: []machine.File{{Name: "quiettruth", Read: quietTruth}}}
}

// quietTruth compares the counters with those at half time.
func quietTruth(c *cpu.CPU) string {
	q := quiet.Of(c)
	var blocked, arriving []uint8
	for _, d := range q.list[:min(playing, len(q.list))] {
		if d.handled == d.half {
			blocked = append(blocked, uint8(d.vector))
		} else {
			arriving = append(arriving, uint8(d.vector))
		}
	}
	name := "nobody"
	if q.culprit != nil {
		name = q.culprit.name
	}
	return fmt.Sprintf("culprit: %s\nblocked: %s\narriving: %s\n", name, list(blocked), list(arriving))
}
