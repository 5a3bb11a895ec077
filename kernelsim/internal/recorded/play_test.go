package recorded_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/drivers/standin"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/apic"
	kentry "bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/sim"
)

// tickVector is the interrupt that stands for the clock's: it raises what the
// recorded one did. The stage's own clock is silent.
const (
	tickVector cpu.Vector = 0x42
	stageCPU              = 1
)

// A stage is where flows are played again: the processor 1, without its clock,
// with all softirqs in the script's hands.
type stage struct {
	*world
	script
	ticks []*hit      // that are under way
	came  int         // interrupts that have been through
	other *sched.Task // woken where something was woken that is not followed
	busy  bool        // a program runs
	extra []string    // what was called though no script knows it
	watch func(c *cpu.CPU, what string)
}

// build takes the softirqs over, moves the interrupts to the stage, and silences
// its clock.
func (w *world) build() *stage {
	w.t.Helper()
	s := &stage{world: w}
	for _, n := range w.cards() {
		w.write(fmt.Sprintf("/proc/irq/%d/smp_affinity", n), fmt.Sprintln(1<<stageCPU))
		w.signal(w.owner(n)) // it moves when it comes
	}
	err := w.m.DoOn("stage", []int{stageCPU}, func(c *cpu.CPU) {
		standin.SetBottom(c, func(c *cpu.CPU, n irq.Number) { s.handle(c, int(n)) })
		for nr := softirq.HI; nr < softirq.NumSoftIRQs; nr++ {
			softirq.Open(c, nr, func(c *cpu.CPU) { s.act(c, int(nr)) })
		}
		if err := kentry.Request(c, tickVector, "clock", s.tick); err != nil {
			w.t.Error(err)
		}
		apic.Write(c, 0x320, apic.Read(c, 0x320)|1<<16) // LVT timer: masked
		s.other = sched.Spawn(c, "other", sched.Attr{Policy: sched.FIFO, RTPrio: 1, CPUs: []int{stageCPU}}, s.sleep)
	})
	if err := errors.Join(err, w.m.RunIdle()); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// sleep is a task that has nothing to do.
func (s *stage) sleep(t *sched.Task) {
	for {
		sched.SetState(t, sched.Interruptible)
		sched.Schedule(t.CPU())
	}
}

// cards are the network cards' interrupts.
func (w *world) cards() (list []int) {
	for _, f := range regexp.MustCompile(`(?m)^ *(\d+):.*(virtio\d-(input|output)|eth\d)`).FindAllStringSubmatch(w.read("/proc/interrupts"), -1) {
		list = append(list, number(f[1]))
	}
	return list
}

// tick is the clock's interrupt.
func (s *stage) tick(c *cpu.CPU, _ cpu.Vector) {
	h := s.ticks[0]
	s.ticks = s.ticks[1:]
	s.all(c, h.deeds)
	s.came++
}

// handle is the handler of a card's interrupt.
func (s *stage) handle(c *cpu.CPU, n int) {
	s.see(c, "softirq_raise: vec=3")
	s.all(c, next(s.handlers, n, &s.extra))
	s.came++
}

// act is the action of a softirq. An interrupt that comes late is sent at its
// very end: it arrives when the loop has turned interrupts off.
func (s *stage) act(c *cpu.CPU, vec int) {
	if c.ID != stageCPU {
		return // another processor's clock goes on
	}
	s.see(c, fmt.Sprint("softirq_entry: vec=", vec))
	c.Spend(cost.ProbeLoop)
	deeds := next(s.actions, vec, &s.extra)
	i := slices.IndexFunc(deeds, func(d deed) bool { return d.late })
	if i < 0 {
		i = len(deeds)
	}
	s.all(c, deeds[:i])
	c.Spend(cost.ProbeLoop)
	for _, d := range deeds[i:] {
		s.send(c, d.hit)
	}
}

// see tells who watches.
func (s *stage) see(c *cpu.CPU, what string) {
	if s.watch != nil {
		s.watch(c, what)
	}
}

// next takes the deeds of the next call off a list.
func next(lists map[int][][]deed, key int, extra *[]string) []deed {
	list := lists[key]
	if len(list) == 0 {
		*extra = append(*extra, fmt.Sprint(key))
		return nil
	}
	lists[key] = list[1:]
	return list[0]
}

// all does deeds, in any context.
func (s *stage) all(c *cpu.CPU, deeds []deed) {
	for _, d := range deeds {
		switch {
		case d.raise >= 0:
			flags := c.SaveFlags()
			softirq.RaiseIRQOff(c, softirq.Nr(d.raise))
			c.RestoreFlags(flags)
		case d.wake:
			sched.WakeUpProcess(c, s.other)
		case d.late:
			s.send(c, d.hit)
			c.Spend(cost.ProbeLoop) // the message is under way
		case d.hit != nil:
			s.strike(c, d.hit)
		case d.stall:
			for end := sched.Jiffies(c) + 1; sched.Jiffies(c) < end; {
				c.Spend(cost.ProbeLoop)
			}
		}
	}
}

// strike lets an interrupt come on top of what runs, and waits for its end.
func (s *stage) strike(c *cpu.CPU, h *hit) {
	done := s.came + 1
	s.send(c, h)
	for end := c.Now() + sim.Millisecond; s.came < done && c.Now() < end; {
		c.Spend(cost.CPURelax)
	}
}

// send lets an interrupt come; from outside if c is nil.
func (s *stage) send(c *cpu.CPU, h *hit) {
	switch {
	case h.irq > 0:
		b, k := s.owner(h.irq)
		if err := s.m.Board().Event(b, k, false); err != nil {
			s.t.Error(err)
		}
	case c != nil:
		s.ticks = append(s.ticks, h)
		apic.SendSelf(c, tickVector)
	default:
		s.ticks = append(s.ticks, h)
		_ = s.m.Interrupt(stageCPU, tickVector) // the processor is there
	}
}

// owner is the function and the entry to which an interrupt belongs.
func (w *world) owner(n int) (pcie.BDF, int) {
	for _, d := range w.m.PCIDevs() {
		for k := range d.Vectors() {
			if w.vector(d, k) == n {
				return d.BDF, k
			}
		}
		if d.IRQ == n && d.Vectors() == 0 && d.Pin != 0 {
			return d.BDF, 0
		}
	}
	w.t.Fatalf("%s: nobody has interrupt %d", w.step, n)
	return 0, 0
}

// play does a flow again, and returns what happened on the stage.
func (s *stage) play(f flow) []string {
	s.t.Helper()
	s.script, s.extra, s.ticks = f.script(), nil, nil
	s.busy = f.base() == "task"
	if s.busy {
		s.program(f.depth())
	}
	s.write(tracing+"trace", "")
	for _, h := range s.first {
		if err := errors.Join(s.m.Bench(func() { s.send(nil, h) }), s.m.Run(100*sim.Microsecond)); err != nil {
			s.t.Fatal(err)
		}
	}
	err := s.m.Run(2 * sim.Millisecond)
	s.busy = false
	if err := errors.Join(err, s.m.RunIdle()); err != nil {
		s.t.Fatal(err)
	}
	var list []string
	for _, m := range moments(s.read(tracing + "trace"))[fmt.Sprintf("%03d", stageCPU)] {
		list = append(list, m.String())
	}
	return list
}

// program starts a program on the stage, or, with preemption disabled so many
// times over, one that is in the kernel.
func (s *stage) program(depth int) {
	sched.Spawn(s.m.CPUs()[0], "program", sched.Attr{User: true, CPUs: []int{stageCPU}}, func(t *sched.Task) {
		for range depth {
			preempt.Disable(t.CPU())
		}
		for s.busy {
			sched.Compute(t, 10*sim.Microsecond)
		}
		for range depth {
			preempt.Enable(t.CPU())
		}
	})
	if err := s.m.Run(100 * sim.Microsecond); err != nil {
		s.t.Fatal(err)
	}
}

// compareFlows plays all flows of recordings again, and compares what followed.
func (w *world) compareFlows(events string, files []string) {
	w.t.Helper()
	if w.stage == nil {
		w.stage = w.build()
	}
	s := w.stage
	w.write(tracing+"set_event", strings.ReplaceAll(events, ",", " ")+"\n")
	for _, file := range files {
		all := moments(w.file(file))
		for _, cpu := range slices.Sorted(maps.Keys(all)) {
			for i, f := range cut(all[cpu]) {
				if f.has("irq=1 ") {
					continue // a key: see compareKeys
				}
				w.step = fmt.Sprintf("%s CPU %s", file, cpu)
				what := fmt.Sprintf("flow %d", i)
				w.facts("softirq flows", what, s.play(f), f.texts())
				if len(s.extra) > 0 {
					w.t.Errorf("%s: %s: called without a reason in the recording: %v", w.step, what, s.extra)
				}
			}
		}
	}
}
