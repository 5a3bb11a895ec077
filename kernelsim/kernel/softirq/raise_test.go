package softirq_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/trace"
)

// The names as /proc/softirqs prints them.
func TestNames(t *testing.T) {
	want := []string{"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"}
	if len(want) != int(softirq.NumSoftIRQs) {
		t.Fatalf("%d softirqs", softirq.NumSoftIRQs)
	}
	for i, name := range want {
		if got := softirq.Nr(i).String(); got != name {
			t.Errorf("softirq %d is %q, want %q", i, got, name)
		}
	}
	if got := softirq.NumSoftIRQs.String(); got != "?" {
		t.Errorf("what is none is called %q", got)
	}
}

// Where a softirq is raised decides who runs it: the way out of the interrupt,
// the end of the section, the running loop, or the thread.
func TestWhoRunsARaise(t *testing.T) {
	off := func(fn func(c *cpu.CPU, nr softirq.Nr)) func(c *cpu.CPU) {
		return func(c *cpu.CPU) {
			flags := c.SaveFlags()
			fn(c, softirq.NetRX)
			c.RestoreFlags(flags)
		}
	}
	bit, irqOff, any := off(softirq.RaiseBit), off(softirq.RaiseIRQOff), raise(softirq.NetRX)
	inTask := func(fn func(c *cpu.CPU)) func(r *rig) {
		return func(r *rig) { r.task(func(t *sched.Task) { fn(t.CPU()) }) }
	}
	inIRQ := func(fn func(c *cpu.CPU)) func(r *rig) {
		return func(r *rig) {
			r.handler = fn
			r.interrupt()
		}
	}
	bhOff := func(fn func(c *cpu.CPU)) func(c *cpu.CPU) {
		return func(c *cpu.CPU) {
			softirq.BHDisable(c)
			fn(c)
			if softirq.Pending(c) != 1<<softirq.NetRX {
				t.Errorf("with bottom halves disabled %#x is pending", softirq.Pending(c))
			}
			softirq.BHEnable(c)
		}
	}
	inSoftIRQ := func(fn func(c *cpu.CPU)) func(r *rig) {
		return func(r *rig) {
			r.actions[softirq.NetTX] = fn
			inIRQ(raise(softirq.NetTX))(r)
		}
	}
	for _, tt := range []struct {
		name string
		do   func(r *rig)
		want string
	}{
		{"task, raise_softirq", inTask(any), "+3 W K k<3 3>"},
		{"task, raise_softirq_irqoff", inTask(irqOff), "+3 W K k<3 3>"},
		{"task, twice", inTask(raise(softirq.NetRX, softirq.NetRX)), "+3 W +3 K k<3 3>"},
		{"hard interrupt, raise_softirq", inIRQ(any), "+3 i<3 3>"},
		{"hard interrupt, raise_softirq_irqoff", inIRQ(irqOff), "+3 i<3 3>"},
		{"hard interrupt, __raise_softirq_irqoff", inIRQ(bit), "+3 i<3 3>"},
		{"bottom halves off, raise_softirq", inTask(bhOff(any)), "+3 t<3 3>"},
		{"bottom halves off, __raise_softirq_irqoff", inTask(bhOff(bit)), "+3 t<3 3>"},
		{"preemption off, raise_softirq", inTask(func(c *cpu.CPU) {
			preempt.Disable(c)
			any(c)
			preempt.Enable(c)
		}), "+3 W K k<3 3>"},
		{"softirq, raise_softirq", inSoftIRQ(any), "+2 i<2 +3 2> i<3 3>"},
		{"softirq, __raise_softirq_irqoff", inSoftIRQ(bit), "+2 i<2 +3 2> i<3 3>"},
		// Nobody is woken, and the loop does not run: the next interrupt's
		// way out finds it.
		{"task, __raise_softirq_irqoff", func(r *rig) {
			inTask(bit)(r)
			r.want("+3")
			r.interrupt()
		}, "+3 i<3 3>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, machine.Config{})
			tt.do(r)
			r.want(tt.want)
		})
	}
}

// A raise is traced before it counts, with interrupts off, and what is pending
// is one processor's.
func TestRaiseIsLocal(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.handler = func(c *cpu.CPU) {
		softirq.RaiseIRQOff(c, softirq.NetRX)
		softirq.RaiseIRQOff(c, softirq.HI)
		if softirq.Pending(c) != 1<<softirq.NetRX|1<<softirq.HI {
			t.Errorf("pending %#x", softirq.Pending(c))
		}
		if other := r.m.CPUs()[0]; softirq.Pending(other) != 0 {
			t.Errorf("pending %#x on the other processor", softirq.Pending(other))
		}
	}
	before := softirq.Count(r.c, softirq.NetRX)
	r.interrupt()
	for _, x := range r.m.Ring().From(r.from) {
		if x.Kind == trace.SoftIRQRaise && x.Flags&trace.IRQsOff == 0 {
			t.Error("a softirq was raised with interrupts on")
		}
	}
	if n := softirq.Count(r.c, softirq.NetRX) - before; n != 1 {
		t.Errorf("NET_RX counted %d times", n)
	}
	if n := softirq.Count(r.m.CPUs()[0], softirq.NetRX); n != 0 {
		t.Errorf("NET_RX counted %d times on the other processor", n)
	}
	if softirq.Pending(r.c) != 0 {
		t.Errorf("pending %#x afterwards", softirq.Pending(r.c))
	}
}

// raise_softirq leaves IF as it was.
func TestRaiseKeepsIF(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.task(func(t *sched.Task) {
		c := t.CPU()
		softirq.Raise(c, softirq.NetRX)
		on := c.IF()
		c.CLI()
		softirq.Raise(c, softirq.NetRX)
		off := c.IF()
		c.STI()
		if !on || off {
			r.Errorf("IF %v with interrupts on, %v with interrupts off", on, off)
		}
	})
}
