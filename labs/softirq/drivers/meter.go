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

// doMeter takes "measure [N [MICROSECONDS]]", "alarm" and "audio".
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
	case got == 1 && what == "audio":
		sched.Spawn(c, "audio", sched.Attr{CPUs: []int{1}, Policy: sched.FIFO, RTPrio: 10, User: true}, func(t *sched.Task) {
			sched.Compute(t, 8*sim.Millisecond)
		})
	default:
		return fmt.Errorf("meter: %q: measure [N [MICROSECONDS]], alarm or audio: %w", strings.TrimSpace(text), errno.EINVAL)
	}
	return nil
}

func showMeter(c *cpu.CPU) string {
	d := *meters.Of(c)
	return fmt.Sprintf("measured %d, lost in the register %d, taken %d, decoded %d, stored %d\n"+
		"decoded after %d us at most\nalarms %d, valve closed for %d, after %d us at most\n",
		d.Counts.Measured, d.Overrun, d.Counts.Taken, d.Counts.Decoded, d.Stored,
		d.SlowestDecoded/sim.Microsecond, d.Alarms, d.Closed, d.SlowestClosed/sim.Microsecond)
}

// removals removes the driver again and again, at other moments of its work,
// while the device goes on measuring.
func (drv MeterDriver) removals(c *cpu.CPU) string {
	t := sched.Current(c)
	const turns = 40
	for k := range turns {
		d := *meters.Of(t.CPU())
		stop := false
		sched.KThreadOn(t.CPU(), 2, "measuring", func(t *sched.Task) {
			for ; !stop; wire.Spend(t.CPU(), 35*sim.Microsecond) {
				d.Measure(t.CPU())
			}
		})
		wire.Spend(t.CPU(), sim.Time(150+k*13)*sim.Microsecond)
		drv.remove(t)
		taken, stored := d.Counts.Taken, d.Stored
		wire.Spend(t.CPU(), 500*sim.Microsecond)
		stop = true
		wire.Spend(t.CPU(), 100*sim.Microsecond)
		if stored != taken {
			return fmt.Sprintf("removal %d: %d measurements had been taken, and %d were stored\n", k+1, taken, stored) + drv.back(t)
		}
		if text := drv.back(t); text != "" {
			return text
		}
	}
	return fmt.Sprintf("%d times removed: all that was taken was stored, and nothing came behind\n", turns)
}

// back lets the driver come again; it says what is wrong if it cannot.
func (drv MeterDriver) back(t *sched.Task) string {
	if err := drv.start(t.CPU()); err != nil {
		return err.Error() + "\n"
	}
	return ""
}
