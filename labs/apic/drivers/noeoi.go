package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
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
	last    sim.Time // when it was handled last
}

// quiets is what the devices did.
type quiets struct {
	list  []*noisy // the eight that play, then those that were added
	began sim.Time
	other int  // messages of added devices that came to another CPU
	heard bool // the last message of an added one
	undo  []func(c *cpu.CPU)
}

var quiet = percpu.Shared[quiets]("quiet_devices")

const (
	quietCPU = 1  // where the eight devices' messages go
	rounds   = 12 // how many messages each sends
	playing  = 8  // devices
)

// noisyDevices are the devices in the order of their names. The machine's seed
// chooses the driver with the fault, among those in the middle: some are to be
// blocked, and some to get through.
func noisyDevices(seed uint64) []*noisy {
	list := []*noisy{
		{name: "audio", vector: 0x35}, {name: "disk0", vector: 0x52}, {name: "disk1", vector: 0x63},
		{name: "gpu", vector: 0xa1}, {name: "net0", vector: 0x5d}, {name: "net1", vector: 0x54},
		{name: "sensor", vector: 0x78}, {name: "usb", vector: 0x41},
	}
	middle := []int{4, 1, 6, 5, 2}
	list[middle[seed%5]].skips = 3 + int(seed/5%4)
	return list
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
	*q = quiets{began: c.Now()}
	for _, d := range noisyDevices(c.Seed) {
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
	if c.ID != quietCPU { // an added device's, by a vector that is another's there
		q.other++
		apic.EOI(c)
		return
	}
	d.handled++
	d.last = c.Now()
	work(c)
	if d.handled == d.skips {
		return
	}
	apic.EOI(c)
}

// play is the devices: one after the other sends its message. It ends with the
// module.
func (q *quiets) play(t *sched.Task) {
	for range rounds {
		for i := 0; i < min(playing, len(q.list)); i++ {
			d := q.list[i]
			d.sent++
			apic.Send(t.CPU(), quietCPU, d.vector)
			hrtimer.USleep(t, 10*sim.Microsecond)
		}
	}
}

func showQuiet(c *cpu.CPU) string {
	q := quiet.Of(c)
	var b strings.Builder
	fmt.Fprintf(&b, "%-8s %-7s %5s %8s %9s\n", "device", "vector", "sent", "handled", "last")
	for _, d := range q.list {
		last := "never"
		if d.handled > 0 {
			last = fmt.Sprintf("%d us", (d.last-q.began)/sim.Microsecond)
		}
		fmt.Fprintf(&b, "%-8s %#02x    %5d %8d %9s\n", d.name, uint8(d.vector), d.sent, d.handled, last)
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

// ninth takes "CPU VECTOR": one more device sends one message. On the CPU of
// the eight it cannot have the vector of one of them.
func ninth(c *cpu.CPU, text string) error {
	n, v := 0, uint8(0)
	if _, err := fmt.Sscan(text, &n, &v); err != nil || n < 0 || n >= len(c.Peers) {
		return errno.EINVAL
	}
	q := quiet.Of(c)
	d, err := q.added(c, n, cpu.Vector(v))
	if err != nil {
		return err
	}
	was := q.other + d.handled
	if n == quietCPU {
		d.sent++
	}
	apic.Send(c, n, d.vector)
	for range 3 {
		work(c)
	}
	q.heard = q.other+d.handled > was
	return nil
}

// added is the device with this vector, a new one if there is none.
func (q *quiets) added(c *cpu.CPU, n int, v cpu.Vector) (*noisy, error) {
	for i, d := range q.list {
		if d.vector != v {
			continue
		}
		if n == quietCPU && i < playing {
			return nil, errno.EBUSY
		}
		return d, nil
	}
	d := &noisy{name: "ninth", vector: v}
	return d, q.add(c, d)
}

func showNinth(c *cpu.CPU) string {
	if quiet.Of(c).heard {
		return "heard: yes\n"
	}
	return "heard: no\n"
}
