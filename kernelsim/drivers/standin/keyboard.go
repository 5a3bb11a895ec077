package standin

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/workqueue"
)

// A keyboard is what lies behind the keyboard controller's first port: the
// layers between a key and the console, as far as they leave work for later
// (drivers/tty/vt/keyboard.c, drivers/tty/vt/vt.c, drivers/tty/tty_buffer.c).
type keyboard struct {
	down    bool            // a key is pressed
	leds    tasklet.Tasklet // keyboard_tasklet
	console workqueue.Work  // console_work
	line    workqueue.Work  // of the console's struct tty_bufhead
}

var theKeyboard = percpu.Shared[keyboard]("keyboard")

// The locks of the layers that a key passes, in that order.
var (
	serioLock = lock.Define("&serio->lock")
	eventLock = lock.Define("&dev->event_lock")
	kbdLock   = lock.Define("kbd_event_lock")
)

// initKeyboard models kbd_init, and what vt_console and the tty have of their
// own.
func initKeyboard(c *cpu.CPU) {
	k := theKeyboard.Of(c)
	tasklet.Setup(&k.leds, "keyboard_tasklet/kbd_bh", func(c *cpu.CPU, _ *tasklet.Tasklet) { c.Spend(cost.ProbeLoop) })
	workqueue.Init(&k.console, "console_callback", writeOut)
	workqueue.Init(&k.line, "flush_to_ldisc", writeOut)
}

// writeOut is work for the console, whatever it may be.
func writeOut(t *sched.Task, _ *workqueue.Work) { t.CPU().Spend(cost.ProbeLoop) }

// serveKeyboard models i8042_interrupt, serio_interrupt and input_event. There
// is no controller whose status could be read: each interrupt is taken for a
// key that goes down, or comes up again.
func serveKeyboard(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
	c.Spend(cost.PortIO) // i8042_read_status
	c.Spend(cost.PortIO) // i8042_read_data
	k := theKeyboard.Of(c)
	k.down = !k.down
	serio := serioLock.Of(c).LockIRQSave(c)
	event := eventLock.Of(c).LockIRQSave(c)
	k.event(c)
	if k.down {
		k.character(c)
	}
	eventLock.Of(c).UnlockIRQRestore(c, event)
	serioLock.Of(c).UnlockIRQRestore(c, serio)
	return irq.Handled
}

// event models kbd_event of the scan code: the lamps may have to change, and
// the console to come back from its sleep.
func (k *keyboard) event(c *cpu.CPU) {
	tasklet.Schedule(c, &k.leds)
	workqueue.Schedule(c, &k.console)
}

// character models kbd_event of a key that makes a character (put_queue,
// tty_flip_buffer_push).
func (k *keyboard) character(c *cpu.CPU) {
	kbdLock.Of(c).Lock(c)
	workqueue.Queue(c, workqueue.Unbound(c), &k.line)
	kbdLock.Of(c).Unlock(c)
}
