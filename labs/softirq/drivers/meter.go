package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"

	"bothhalves/labs/softirq/meter"
	"bothhalves/labs/softirq/wire"
)

// A MeterDriver is a student's driver of the meter: what is called where.
type MeterDriver struct {
	Interrupt irq.Handler
	Thread    irq.ThreadFn
	Tasklet   func(c *cpu.CPU, d *meter.Device)
	Work      func(t *sched.Task, d *meter.Device)
	Remove    func(t *sched.Task, d *meter.Device)
}

// Meter is the module meter: the device, on CPU 1, with a student's driver.
func Meter(drv MeterDriver) machine.Module {
	return machine.Module{Name: "meter", Init: drv.start, Exit: drv.stop, Files: []machine.File{
		{Name: "meter/device", Read: showMeter, Write: doMeter},
		{Name: "meter/removal", Read: drv.removals},
	}}
}

var meters = percpu.Shared[*meter.Device]("softirq_meter")

func (drv MeterDriver) start(c *cpu.CPU) error {
	if len(c.Peers) < 3 {
		return fmt.Errorf("meter: boot with -cpus 3 or more: %w", errno.ENODEV)
	}
	d, err := meter.New(c, 1)
	if err != nil {
		return err
	}
	*meters.Of(c) = d
	tasklet.Setup(&d.Tasklet, "meter_tasklet", func(c *cpu.CPU, _ *tasklet.Tasklet) { drv.Tasklet(c, d) })
	workqueue.Init(&d.Work, "meter_work", func(t *sched.Task, _ *workqueue.Work) { drv.Work(t, d) })
	return irq.RequestThreaded(c, d.IRQ(), drv.Interrupt, drv.Thread, 0, "meter", d)
}

func (drv MeterDriver) stop(c *cpu.CPU) { drv.remove(sched.Current(c)) }

// remove lets the driver go. Nothing may come behind it.
func (drv MeterDriver) remove(t *sched.Task) {
	d := *meters.Of(t.CPU())
	drv.Remove(t, d)
	if irq.ToDesc(t.CPU(), d.IRQ()).Requested() {
		_, _ = irq.Free(t.CPU(), d.IRQ(), d) // it is requested
	}
	d.Gone(t.CPU())
}

// doMeter takes "measure [N [MICROSECONDS]]", "alarm", "both" and
// "audio".
func doMeter(c *cpu.CPU, text string) error {
	d := *meters.Of(c)
	var what string
	n, gap := 1, 100
	got, _ := fmt.Sscan(text, &what, &n, &gap)
	switch {
	case got > 0 && what == "measure" && n > 0 && n <= 1000 && gap > 0 && gap <= 100_000:
		for range n {
			d.Measure(c)
			wire.Spend(c, sim.Time(gap)*sim.Microsecond)
		}
	case got == 1 && what == "alarm":
		d.RaiseAlarm(c)
	case got == 1 && what == "both":
		d.Measure(c)
		d.RaiseAlarm(c)
	case got == 1 && what == "audio":
		audio(c, 8*sim.Millisecond)
	default:
		return fmt.Errorf("meter: %q: measure [N [MICROSECONDS]], alarm, both or audio: %w", strings.TrimSpace(text), errno.EINVAL)
	}
	return nil
}

func showMeter(c *cpu.CPU) string {
	d := *meters.Of(c)
	return fmt.Sprintf("measured %d, lost in the register %d, taken %d, decoded %d, stored %d\n"+
		"decoded after %d us at most\nalarms %d, valve closed for %d, for nothing %d times, after %d us at most\n",
		d.Counts.Measured, d.Overrun, d.Counts.Taken, d.Counts.Decoded, d.Stored,
		d.SlowestDecoded/sim.Microsecond, d.Alarms, d.Closed, d.ForNothing, d.SlowestClosed/sim.Microsecond)
}

// audio is a program that is more urgent than ordinary ones, on the device's
// processor.
func audio(c *cpu.CPU, d sim.Time) {
	sched.Spawn(c, "audio", sched.Attr{CPUs: []int{1}, Policy: sched.FIFO, RTPrio: 10, User: true}, func(t *sched.Task) {
		sched.Compute(t, d)
	})
}

// removals removes the driver again and again, at other moments of its work,
// while the device goes on measuring.
func (drv MeterDriver) removals(c *cpu.CPU) string {
	t := sched.Current(c)
	const turns = 60
	for k := range turns {
		if wrong := drv.removal(t, k); wrong != "" {
			return fmt.Sprintf("removal %d: %s\n", k+1, wrong)
		}
		if err := drv.start(t.CPU()); err != nil {
			return err.Error() + "\n"
		}
	}
	return fmt.Sprintf("%d times removed: all that was taken was stored, and nothing came behind\n", turns)
}

// removal removes the driver at another moment each time. It says what is
// wrong.
func (drv MeterDriver) removal(t *sched.Task, k int) string {
	d := *meters.Of(t.CPU())
	turn := sim.Time(k / 5)
	stop := false
	switch c := t.CPU(); k % 5 {
	case 0: // one measurement has just been made
		d.Measure(c)
		wire.Spend(c, turn*300)
	case 1: // and has been taken
		d.Measure(c)
		wire.Spend(c, turn*8*sim.Microsecond)
	case 2: // the work waits for a worker, and that for a program
		audio(c, 400*sim.Microsecond)
		wire.Spend(c, 20*sim.Microsecond)
		d.Measure(c)
		wire.Spend(c, 70*sim.Microsecond+turn*8*sim.Microsecond)
	case 3: // the tasklet waits: somebody has disabled it for a moment
		tasklet.DisableNoSync(c, &d.Tasklet)
		sched.KThreadOn(c, 2, "setting", func(t *sched.Task) {
			wire.Spend(t.CPU(), 200*sim.Microsecond)
			tasklet.Enable(t.CPU(), &d.Tasklet)
		})
		d.Measure(c)
		wire.Spend(c, turn*10*sim.Microsecond)
	default: // there is no end of them
		measuring(c, d, &stop)
		wire.Spend(c, (150+turn*17)*sim.Microsecond)
	}
	drv.remove(t)
	taken, stored := d.Counts.Taken, d.Stored
	wire.Spend(t.CPU(), 500*sim.Microsecond)
	stop = true
	wire.Spend(t.CPU(), 100*sim.Microsecond)
	switch {
	case stored != taken:
		return fmt.Sprintf("%d measurements had been taken, and %d were stored", taken, stored)
	case d.Tasklet.Scheduled():
		return "the tasklet is left scheduled"
	}
	return ""
}

// measuring lets the device measure every 35 microseconds, for 3 milliseconds
// or until it is stopped.
func measuring(c *cpu.CPU, d *meter.Device, stop *bool) {
	sched.KThreadOn(c, 2, "measuring", func(t *sched.Task) {
		for end := t.CPU().Now() + 3*sim.Millisecond; !*stop && t.CPU().Now() < end; {
			d.Measure(t.CPU())
			wire.Spend(t.CPU(), 35*sim.Microsecond)
		}
	})
}
