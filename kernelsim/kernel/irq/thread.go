package irq

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/wait"
)

// A ThreadFn is a driver's function for the interrupt's thread (the thread_fn
// of request_threaded_irq): it may sleep, unless the thread was forced upon
// it. Context: process context, in the thread t.
type ThreadFn func(t *sched.Task, n Number, dev any) Return

// threadFlag is what an action's thread has been told (IRQTF_*,
// kernel/irq/internals.h).
type threadFlag uint8

const (
	runThread    threadFlag = 1 << iota // there is something to do
	warned                              // of a thread that does not exist
	moved                               // the interrupt goes elsewhere now
	forcedThread                        // threadirqs made it
	ready                               // it has begun
)

// did reports whether the thread has been told that.
func (a *Action) did(f threadFlag) bool { return a.threadFlags&f != 0 }

// take models test_and_clear_bit of thread_flags.
func (a *Action) take(f threadFlag) bool {
	was := a.did(f)
	a.threadFlags &^= f
	return was
}

// threadsDesc is what a descriptor knows of its actions' threads.
type threadsDesc struct {
	threadsOneshot uint64 // the masks of those for which the line stays masked
	threadsActive  int    // how many have something to do
	threadsHandled int    // how often one has said Handled
	threadsIdle    wait.Queue
}

var threadsLock = lock.NewClass("&desc->wait_for_threads")

// ForceThreads models setup_forced_irqthreads, the parameter threadirqs: from
// now on handlers run in threads wherever that can be. Context: boot.
func ForceThreads(c *cpu.CPU) { shared.Of(c).force = true }

// defaultPrimary models irq_default_primary_handler: the handler of a request
// that has a thread alone.
func defaultPrimary(*cpu.CPU, Number, any) Return { return WakeThread }

// forcedSecondary models irq_forced_secondary_handler, nestedPrimary
// irq_nested_primary_handler: nobody calls them.
func forcedSecondary(c *cpu.CPU, n Number, _ any) Return {
	printk.Printk(c, printk.Warning, "Secondary action handler called for irq %d", n)
	return None
}

func nestedPrimary(c *cpu.CPU, n Number, _ any) Return {
	printk.Printk(c, printk.Warning, "Primary handler called for nested irq %d", n)
	return None
}

// arrangeThreads is what __setup_irq does about threads before it looks at
// the line: an action with a function for one gets one.
func (d *Desc) arrangeThreads(c *cpu.CPU, a *Action) {
	if d.settings&NestedThread != 0 {
		a.Handler = nestedPrimary // its parent's thread calls its function
		return
	}
	if d.settings&NeverThreaded == 0 && shared.Of(c).force {
		forceThread(a)
	}
	if a.Thread == nil {
		return
	}
	d.newThread(c, a, "irq/%d-%s")
	if a.secondary != nil {
		d.newThread(c, a.secondary, "irq/%d-s-%s")
	}
}

// forceThread models irq_setup_forced_threading: the handler becomes the
// thread's function. A function that was there before becomes that of a
// second thread, which the first one wakes.
func forceThread(a *Action) {
	if a.Flags&(NoThread|PerCPUFlag|OneShotFlag) != 0 || a.byDefault {
		return
	}
	a.Flags |= OneShotFlag
	if a.Thread != nil {
		a.secondary = &Action{Handler: forcedSecondary, Thread: a.Thread, Dev: a.Dev, Name: a.Name, second: true}
	}
	h := a.Handler
	a.threadFlags |= forcedThread
	a.Thread = func(t *sched.Task, n Number, dev any) Return { return h(t.CPU(), n, dev) }
	a.Handler, a.byDefault = defaultPrimary, true
}

// newThread models setup_irq_thread: where it is to run it finds out itself.
func (d *Desc) newThread(c *cpu.CPU, a *Action, format string) {
	a.thread = sched.KThreadCreate(c, fmt.Sprintf(format, d.IRQ, a.Name), func(t *sched.Task) { d.irqThread(t, a) })
	a.threadFlags |= moved
}

// startThread models wake_up_and_wait_for_irq_thread_ready.
func (d *Desc) startThread(t *sched.Task, a *Action) {
	if a != nil && a.thread != nil {
		sched.WakeUpProcess(t.CPU(), a.thread)
		d.waitFor(t, func() bool { return a.did(ready) })
	}
}

// waitFor models wait_event(desc->wait_for_threads, cond). While the kernel
// boots there is nobody to sleep.
func (d *Desc) waitFor(t *sched.Task, cond func() bool) {
	if t.Policy == sched.Idle {
		sched.WaitEarly(t, cond)
		return
	}
	d.threadsIdle.Event(t, cond)
}

// stopThreads ends an action's threads. They finish what they have begun.
func (a *Action) stopThreads(t *sched.Task) {
	if a.thread == nil {
		return
	}
	sched.KThreadStopWait(t, a.thread)
	if a.secondary != nil {
		sched.KThreadStopWait(t, a.secondary.thread)
	}
}

// irqThread models irq_thread (kernel/irq/manage.c): the function of the
// thread irq/N-name.
func (d *Desc) irqThread(t *sched.Task, a *Action) {
	a.threadFlags |= ready
	d.threadsIdle.WakeUp(t.CPU())
	sched.SetFIFO(t)
	d.checkAffinity(t, a)
	for a.waitForInterrupt(t) {
		d.checkAffinity(t, a)
		if d.serve(t, a) == WakeThread {
			d.wakeSecondary(t.CPU(), a)
		}
		d.threadDone(t.CPU())
	}
}

// waitForInterrupt models irq_wait_for_interrupt: false when the thread is to
// end and has nothing left to do.
func (a *Action) waitForInterrupt(t *sched.Task) bool {
	for {
		sched.SetState(t, sched.Interruptible)
		if run := a.take(runThread); run || t.ShouldStop() {
			sched.SetState(t, sched.Running)
			return run
		}
		sched.Schedule(t.CPU())
	}
}

// checkAffinity models irq_thread_check_affinity: the thread follows its
// interrupt, when it has something to do.
func (d *Desc) checkAffinity(t *sched.Task, a *Action) {
	if !a.take(moved) {
		return
	}
	c := t.CPU()
	d.lock.LockIRQ(c)
	m := d.Effective
	d.lock.UnlockIRQ(c)
	_ = sched.MoveSelf(t, slices.Collect(m.All())...) // else it stays where it is
}

// setThreadAffinity models irq_set_thread_affinity: the threads are told that
// their interrupt goes elsewhere. Context: under the descriptor's lock.
func (d *Desc) setThreadAffinity() {
	for a := d.action; a != nil; a = a.next {
		if a.thread != nil {
			a.threadFlags |= moved
		}
	}
}

// serve models irq_thread_fn and, for a thread that was forced upon a
// driver, irq_forced_thread_fn: its handler relies on what a hard interrupt
// has, so bottom halves and interrupts are off. The softirqs that it raises
// run here, in its thread, as soon as they may.
func (d *Desc) serve(t *sched.Task, a *Action) Return {
	if !a.did(forcedThread) {
		return d.callThread(t, a)
	}
	c := t.CPU()
	softirq.BHDisable(c)
	c.CLI()
	ret := d.callThread(t, a)
	c.STI()
	softirq.BHEnable(c)
	return ret
}

// callThread calls the driver's function, then lets go of the line.
func (d *Desc) callThread(t *sched.Task, a *Action) Return {
	ret := a.Thread(t, d.IRQ, a.Dev)
	if ret == Handled {
		d.threadsHandled++
	}
	d.finalizeOneShot(t, a)
	return ret
}

// finalizeOneShot models irq_finalize_oneshot: of the threads for which the
// line is masked the last one to be through frees it. While the interrupt's
// handlers run on another processor it waits: freed now, the line might be
// masked by the next interrupt, which leaves because of them. Its unlock leaves
// interrupts on, in a forced thread too.
func (d *Desc) finalizeOneShot(t *sched.Task, a *Action) {
	if d.istate&OneShot == 0 || a.second {
		return
	}
	d.lock.LockIRQ(t.CPU())
	for d.has(InProgress) {
		d.lock.UnlockIRQ(t.CPU())
		t.CPU().Spend(cost.CPURelax)
		d.lock.LockIRQ(t.CPU())
	}
	c := t.CPU()
	if !a.did(runThread) { // else it has work already, and its bit is that work's
		d.threadsOneshot &^= a.mask
		if d.canUnmask() {
			d.unmaskThreaded(c)
		}
	}
	d.lock.UnlockIRQ(c)
}

// wakeSecondary models irq_wake_secondary.
func (d *Desc) wakeSecondary(c *cpu.CPU, a *Action) {
	if a.secondary == nil {
		complainOnce(c, noSecondary, "irq %d: the thread of %s returned IRQ_WAKE_THREAD but has no secondary thread", d.IRQ, a.Name)
		return
	}
	d.lock.LockIRQ(c)
	d.wakeThread(c, a.secondary)
	d.lock.UnlockIRQ(c)
}

// threadDone models wake_threads_waitq.
func (d *Desc) threadDone(c *cpu.CPU) {
	d.threadsActive--
	if d.threadsActive == 0 {
		d.threadsIdle.WakeUp(c)
	}
}

// WakeActionThread models irq_wake_thread: the thread of dev's action has
// something to do, without an interrupt. Context: any.
func WakeActionThread(c *cpu.CPU, n Number, dev any) {
	d := ToDesc(c, n)
	if d == nil {
		return
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	for a := d.action; a != nil; a = a.next {
		if a.Dev == dev {
			if a.thread != nil {
				d.wakeThread(c, a)
			}
			return
		}
	}
}
