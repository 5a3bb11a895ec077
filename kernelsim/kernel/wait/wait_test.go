package wait_test

import (
	"slices"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/wait"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

const event cpu.Vector = 0x40

// testWait is the lock class of the tests' queues.
var testWait = lock.NewClass("&test->wait")

// boot returns a machine in which init has run as a module's.
func boot(t *testing.T, cfg machine.Config, init func(c *cpu.CPU)) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg, machine.WithModule(machine.Module{Name: "test",
		Init: func(c *cpu.CPU) error { init(c); return nil }}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	if err := m.Modprobe("test"); err != nil {
		t.Fatal(err)
	}
	return m
}

func advance(t *testing.T, m *machine.Machine, d sim.Time) {
	t.Helper()
	if err := m.Run(d); err != nil {
		t.Fatal(err)
	}
}

// sleepers starts n threads, one a millisecond, that call sleep and then note
// their number.
func sleepers(c *cpu.CPU, n int, got *[]int, sleep func(t *sched.Task)) {
	for i := range n {
		sched.KThread(c, "sleeper", func(t *sched.Task) {
			hrtimer.USleep(t, sim.Time(i+1)*sim.Millisecond)
			sleep(t)
			*got = append(*got, i)
		})
	}
}

func TestWakeUp(t *testing.T) {
	var q wait.Queue
	var all, single []int
	open := false
	isOpen := func() bool { return open }
	m := boot(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		q.Init(c, testWait)
		sleepers(c, 3, &single, func(t *sched.Task) { q.EventExclusive(t, isOpen) })
		sleepers(c, 2, &all, func(t *sched.Task) { q.Event(t, isOpen) })
	})
	wake := func(fn func(c *cpu.CPU)) {
		c := m.CPUs()[0]
		sched.KThread(c, "waker", func(t *sched.Task) { fn(t.CPU()) })
		advance(t, m, 10*sim.Millisecond)
	}
	advance(t, m, 10*sim.Millisecond)
	wake(q.WakeUp)
	if len(all) != 0 || len(single) != 0 || !q.Active() {
		t.Errorf("woken in vain, %v and %v did not go back to sleep", all, single)
	}
	open = true
	wake(q.WakeUp)
	if len(all) != 2 || !slices.Equal(single, []int{1}) { // 0 was woken in vain and stands behind again
		t.Errorf("one wake-up let %v and %v through, want both of the first and one of the second", all, single)
	}
	wake(q.WakeUpAll)
	if !slices.Equal(single, []int{1, 2, 0}) || q.Active() {
		t.Errorf("%v got through, want all in the order of the queue", single)
	}
}

func TestCompletion(t *testing.T) {
	var x wait.Completion
	var got []int
	m := boot(t, machine.Config{CPUs: 2}, func(c *cpu.CPU) {
		x.Init(c)
		sleepers(c, 3, &got, x.Wait)
		if err := entry.Request(c, event, "test", func(c *cpu.CPU, _ cpu.Vector) { x.Complete(c) }); err != nil {
			t.Error(err)
		}
	})
	advance(t, m, 10*sim.Millisecond)
	for want := range 3 {
		if len(got) != want {
			t.Fatalf("%v got through after %d completions", got, want)
		}
		if err := m.Interrupt(1, event); err != nil {
			t.Fatal(err)
		}
		advance(t, m, sim.Millisecond)
	}
	if !slices.Equal(got, []int{0, 1, 2}) || x.Done() {
		t.Errorf("%v got through, done %v", got, x.Done())
	}
}

// TestCompleteFirst: what was done before the wait counts, unless it was taken
// back; and complete_all lets everybody through for ever.
func TestCompleteFirst(t *testing.T) {
	var x wait.Completion
	var got []int
	m := boot(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		x.Init(c)
		x.Complete(c)
		x.Reinit()
		x.Complete(c)
		sleepers(c, 2, &got, x.Wait)
	})
	advance(t, m, 10*sim.Millisecond)
	if !slices.Equal(got, []int{0}) {
		t.Errorf("%v got through, want one", got)
	}
	sched.KThread(m.CPUs()[0], "waker", func(t *sched.Task) {
		x.CompleteAll(t.CPU())
		x.Wait(t)
		x.Wait(t)
		got = append(got, -1)
	})
	advance(t, m, 10*sim.Millisecond)
	slices.Sort(got)
	if !slices.Equal(got, []int{-1, 0, 1}) {
		t.Errorf("%v got through complete_all", got)
	}
}
