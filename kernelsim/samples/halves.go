package samples

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// The metronome: who it is, and its registers (kernelsim/hw/metronome).
const (
	metronomeVendor = 0x1234
	metronomeDevice = 0x0006

	metronomePeriod  = 0x00
	metronomeEntries = 0x08
	metronomeBeats   = 0x10
	metronomeBeat    = 0x40
	metronomeMost    = 8
)

// halvesModule is a driver that can leave its work to any bottom half. Its file
// chooses which, lets the device interrupt, and shows what became of it.
func halvesModule() machine.Module {
	return machine.Module{Name: "halves", Init: probeHalves, Exit: removeHalves,
		Files: []machine.File{{Name: "halves", Read: showHalves, Write: commandHalves}, {Name: "halves_compare", Read: showComparison}}}
}

// A halvesState is the driver.
type halvesState struct {
	dev  *pci.Dev // nil while the module is not loaded
	irqs []irq.Number
	settings
	entry   [metronomeMost]entryState
	tasklet tasklet.Tasklet
	work    workqueue.Work
	highpri *workqueue.Workqueue
	runs
}

// settings are what a line mech=… chooses.
type settings struct {
	mech  mechanism
	len   sim.Time // of the work
	sleep sim.Time // in the middle of it
}

// An entryState is what the hard handler of one interrupt has left to do. The
// handler and the bottom half may run on two processors at once; the simulated
// fields are handed over whole.
type entryState struct {
	waits bool
	cpu   *cpu.CPU // to which the interrupt came
	beats uint32   // how many
	first sim.Time // when the first of them was
}

var theHalves = percpu.Shared[halvesState]("halves")

// probeHalves requests an interrupt for each entry of the device. All have a
// thread, which sleeps unless the work is left to it. Context: process context.
func probeHalves(c *cpu.CPU) error {
	h, dev := theHalves.Of(c), find(c, metronomeVendor, metronomeDevice)
	if dev == nil {
		return fmt.Errorf("no metronome is plugged in: boot with -device metronome: %w", errno.ENODEV)
	}
	highpri, err := workqueue.Alloc(c, "halves_highpri", workqueue.WQHighPri, 0)
	if err != nil {
		return err
	}
	*h = halvesState{dev: dev, highpri: highpri, settings: settings{mech: mechanisms()[0], len: 20 * sim.Microsecond}}
	tasklet.Setup(&h.tasklet, "halves_tasklet/halves_bh", func(c *cpu.CPU, _ *tasklet.Tasklet) { h.run(c, share{}) })
	workqueue.Init(&h.work, "halves_work", func(t *sched.Task, _ *workqueue.Work) { h.runTask(t, share{}) })
	softirq.Open(c, softirq.IRQPoll, runHalves)
	if err := h.request(c); err != nil {
		h.release(c)
		return err
	}
	return nil
}

// request gets the vectors and their interrupts.
func (h *halvesState) request(c *cpu.CPU) error {
	pci.EnableDevice(c, h.dev)
	pci.SetMaster(c, h.dev)
	most := min(h.dev.VectorCount(c), metronomeMost)
	n, err := pci.AllocIRQVectors(c, h.dev, 1, most, pci.IRQMSIX)
	if err != nil {
		return err
	}
	for k := range n {
		number, err := pci.IRQVector(h.dev, k)
		if err == nil {
			err = irq.RequestThreaded(c, number, serveHalf, threadHalf, 0, fmt.Sprintf("halves-%d", k), &h.entry[k])
		}
		if err != nil {
			return err
		}
		h.irqs = append(h.irqs, number)
	}
	return nil
}

// removeHalves silences the device and waits until nothing is under way.
func removeHalves(c *cpu.CPU) { theHalves.Of(c).release(c) }

func (h *halvesState) release(c *cpu.CPU) {
	h.write(c, metronomeBeats, 0)
	for k, n := range h.irqs {
		_, _ = irq.Free(c, n, &h.entry[k]) // it was requested
	}
	self := sched.Current(c)
	tasklet.Kill(self, &h.tasklet)
	workqueue.CancelSync(self, &h.work)
	workqueue.Destroy(self, h.highpri)
	pci.FreeIRQVectors(self.CPU(), h.dev)
	softirq.Open(self.CPU(), softirq.IRQPoll, nothing)
	h.dev, h.irqs = nil, nil
}

// nothing is the action of a softirq whose module has gone.
func nothing(*cpu.CPU) {}

func (h *halvesState) register(at bus.Addr) bus.Addr {
	return bus.Addr(h.dev.Resources[0].Start) + at
}

func (h *halvesState) write(c *cpu.CPU, at bus.Addr, v uint64) { bus.WriteQ(c, h.register(at), v) }

// serveHalf is the hard handler: it takes what the device has to tell, and
// leaves the rest to the bottom half.
func serveHalf(c *cpu.CPU, n irq.Number, dev any) irq.Return {
	h, e := theHalves.Of(c), dev.(*entryState)
	k := 0
	for &h.entry[k] != e {
		k++
	}
	v := bus.ReadQ(c, h.register(metronomeBeat+8*bus.Addr(k)))
	if v == 0 {
		return irq.None
	}
	h.take(c, e, v)
	return h.mech.leave(c, h, e)
}

// take notes beats. Those that come while others wait still are merged with
// them.
func (h *halvesState) take(c *cpu.CPU, e *entryState, v uint64) {
	beats := uint32(v >> 32)
	if !e.waits {
		*e = entryState{waits: true, cpu: c, first: since(c.Now(), uint32(v))}
	}
	e.beats += beats
	h.events += int(beats)
}

// since is the time, at most four seconds before now, of which the device
// tells the low half.
func since(now sim.Time, low uint32) sim.Time {
	return now - sim.Time(uint32(now)-low)
}
