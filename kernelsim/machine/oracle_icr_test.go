package machine_test

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// An icrLog keeps the writes to both halves of the ICR, of all processors, in
// the form of the recorded traces: "0x300 0x000c4500".
type icrLog struct{ writes []string }

// attach listens between each core and its local APIC.
func (l *icrLog) attach(m *machine.Machine) {
	for _, c := range m.CPUs() {
		c.Attach(&listener{c.APIC, l}, c.Platform)
	}
}

type listener struct {
	cpu.LocalAPIC
	log *icrLog
}

func (x *listener) MMIOWrite(off uint32, size int, v uint64) {
	if off == 0x300 || off == 0x310 {
		x.log.writes = append(x.log.writes, fmt.Sprintf("%#x 0x%08x", off, v))
	}
	x.LocalAPIC.MMIOWrite(off, size, v)
}

// An ipi is one interprocessor interrupt as it was commanded: the destination
// is -1 where no write to the upper half came before.
type ipi struct {
	dest int64
	low  uint32
}

func (x ipi) String() string { return fmt.Sprintf("0x310=%#x 0x300=0x%08x", x.dest, x.low) }

// ipis pairs the writes.
func ipis(writes []string) (list []ipi) {
	dest := int64(-1)
	for _, w := range writes {
		var off, v uint32
		if _, err := fmt.Sscanf(w, "0x%x 0x%x", &off, &v); err != nil {
			continue
		}
		if off == 0x310 {
			dest = int64(v)
			continue
		}
		if v>>18&3 != 0 {
			dest = -1 // a shorthand: the field does not count
		}
		list = append(list, ipi{dest, v})
		dest = -1
	}
	return list
}

// starts are those that reset and start processors: delivery mode INIT or
// start-up.
func starts(list []ipi) []ipi {
	return slices.DeleteFunc(slices.Clone(list), func(x ipi) bool { return x.low>>8&7 != 5 && x.low>>8&7 != 6 })
}

// compareStart compares the writes that start each processor: the firmware's
// two, and four commands for each AP.
func compareStart(o *oracle, r oracleRun, log *icrLog) {
	want := starts(ipis(strings.Split(strings.TrimSpace(r.file(o.t, "icr")), "\n")))
	got := starts(ipis(log.writes))
	if len(got) != len(want) {
		o.t.Errorf("%s: %d commands start processors, recorded %d", r.name, len(got), len(want))
		return
	}
	for i := range want {
		o.Compare(fmt.Sprintf("ICR start: %s command %d destination", r.name, i), fmt.Sprint(got[i].dest), fmt.Sprint(want[i].dest))
		o.Compare(fmt.Sprintf("ICR start: %s command %d", r.name, i), got[i].String(), want[i].String())
	}
}

// form is an IPI without whom it goes to: how many it names, and the command.
func form(x ipi) string {
	switch {
	case x.dest < 0:
		return fmt.Sprintf("shorthand 0x%08x", x.low)
	case x.low&(1<<11) != 0:
		return fmt.Sprintf("%d bits 0x%08x", bits.OnesCount32(uint32(x.dest)), x.low)
	}
	return fmt.Sprintf("ID 0x%08x", x.low)
}

// forms are the different forms of IPIs that start nobody.
func forms(list []ipi) (out []string) {
	for _, x := range list {
		if x.low>>8&7 == 0 && !slices.Contains(out, form(x)) {
			out = append(out, form(x))
		}
	}
	slices.Sort(out)
	return out
}

// compareIPIs lets the machine send what the recorded kernel sent: rescheduling
// interrupts, calls of a function on one CPU and on all. Every recorded form
// must be among ours, and for the same number of CPUs we may have no other.
func compareIPIs(o *oracle, r oracleRun, m *machine.Machine, log *icrLog) {
	want := forms(ipis(strings.Split(strings.TrimSpace(r.file(o.t, "icr")), "\n")))
	log.writes = nil
	ran := 0
	sched.KThreadOn(m.CPUs()[0], 0, "caller", func(t *sched.Task) {
		for n := range m.CPUs()[1:] {
			c := t.CPU()
			apic.SendReschedule(c, n+1)
			preempt.Disable(c)
			apic.CallOn(c, n+1, func(*cpu.CPU) { ran++ }, true)
			preempt.Enable(c)
		}
		preempt.Disable(t.CPU())
		apic.CallAll(t.CPU(), func(*cpu.CPU) { ran++ }, true)
		preempt.Enable(t.CPU())
	})
	if err := m.Run(sim.Millisecond); err != nil {
		o.t.Fatal(err)
	}
	if n := 2 * (len(m.CPUs()) - 1); ran != n {
		o.t.Errorf("%s: %d calls ran, want %d", r.name, ran, n)
	}
	got := forms(ipis(log.writes))
	for _, f := range want {
		o.Compare(fmt.Sprintf("ICR form: %s", r.name), fmt.Sprint(f, slices.Contains(got, f)), fmt.Sprint(f, true))
	}
	o.t.Logf("%s: recorded forms %q, ours %q", r.name, want, got)
}
