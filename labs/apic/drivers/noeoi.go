package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A noisy is one of the devices of the module quiet.
type noisy struct {
	name    string
	vector  cpu.Vector
	sent    int
	handled int
	half    int // handled by the time that half of all messages were sent
	skips   int // its driver forgets the EOI of this one; 0: of none
}

// quiets is what the devices did, and who erred.
type quiets struct {
	list    []noisy
	culprit *noisy
	heard   bool // the ninth device
}

var quiet = percpu.Shared[quiets]("quiet_devices")

// quietCPU is where all devices' messages go.
const quietCPU = 1

// noisyDevices are the devices in the order of their names.
func noisyDevices() []noisy {
	return []noisy{
		{name: "audio", vector: 0x35}, {name: "disk0", vector: 0x52}, {name: "disk1", vector: 0x63},
		{name: "gpu", vector: 0xa1}, {name: "net0", vector: 0x5d}, {name: "net1", vector: 0x54, skips: 4},
		{name: "sensor", vector: 0x78}, {name: "usb", vector: 0x41},
	}
}

// Quiet is a module with eight devices, whose interrupts all go to one CPU.
// The driver of one of them forgets an EOI, once.
func Quiet() machine.Module {
	return machine.Module{Name: "quiet", Init: startQuiet, Files: []machine.File{
		{Name: "quiet/counters", Read: showQuiet}, {Name: "quiet/eoi", Read: showQuiet, Write: endOne},
		{Name: "quiet/ninth", Read: showNinth, Write: ninth}}}
}

func startQuiet(c *cpu.CPU) error {
	q := quiet.Of(c)
	*q = quiets{list: noisyDevices()}
	for i := range q.list {
		d := &q.list[i]
		own(c, d.vector, func(c *cpu.CPU) { q.interrupt(c, d) })
	}
	sched.Spawn(c, "devices", sched.Attr{CPUs: []int{0}}, func(t *sched.Task) { q.play(t) })
	return nil
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

// rounds is how many messages each device sends.
const rounds = 12

// play is the devices: one after the other sends its message.
func (q *quiets) play(t *sched.Task) {
	for n := range rounds {
		for i := range q.list {
			d := &q.list[i]
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
		fmt.Fprintf(&b, "%-8s %-7s %5d %8d\n", d.name, fmt.Sprintf("%#02x", uint8(d.vector)), d.sent, d.handled)
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

// ninth takes "CPU VECTOR": one more device sends one message.
func ninth(c *cpu.CPU, text string) error {
	n, v := 0, uint8(0)
	if _, err := fmt.Sscan(text, &n, &v); err != nil || n < 0 || n >= len(c.Peers) || v < uint8(entry.FirstExternal) || v >= uint8(idt.ReleaseOf(c).Timer) {
		return errno.EINVAL
	}
	q := quiet.Of(c)
	q.heard = false
	own(c, cpu.Vector(v), func(c *cpu.CPU) {
		q.heard = true
		apic.EOI(c)
	})
	apic.Send(c, n, cpu.Vector(v))
	for range 3 {
		work(c)
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
	for _, d := range q.list {
		if d.handled == d.half {
			blocked = append(blocked, uint8(d.vector))
		} else {
			arriving = append(arriving, uint8(d.vector))
		}
	}
	name, vector := "nobody", cpu.Vector(0)
	if q.culprit != nil {
		name, vector = q.culprit.name, q.culprit.vector
	}
	return fmt.Sprintf("culprit: %s\nvector: %#02x\nblocked: %s\narriving: %s\n", name, uint8(vector), list(blocked), list(arriving))
}
