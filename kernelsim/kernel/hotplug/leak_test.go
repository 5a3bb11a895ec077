package hotplug_test

import (
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// TestNothingLeaks requests and frees interrupts of two functions with 200
// vectors in all on 64 processors, 10,000 times, while they are moved at
// random, arrive, and processors come and go; some requests are made to fail,
// and now and then there are too few vectors. In the end everything is as it
// was. Vectors are allocated and freed while all processors are online: Linux
// itself loses count otherwise (TestAvailableDrifts).
func TestNothingLeaks(t *testing.T) {
	cycles := 10_000
	if testing.Short() {
		cycles = 1_000
	}
	for name, cfg := range map[string]machine.Config{
		"pc":       {},
		"intremap": {Board: board.Q35, Append: "intremap=on "},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.CPUs = 64
			cfg.Append += "modprobe.blacklist=msix"
			cfg.Devices = []board.Device{{Kind: "msix", Vectors: 136, BDF: plainSlot}, {Kind: "msix", Vectors: 64, BDF: managedSlot}}
			m, err := machine.Boot(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			w := &churn{t: t, m: m, fs: procfs.New(m), rnd: rand.New(rand.NewSource(1)), held: map[irq.Number]bool{}}
			w.toggleCPU(63) // the worker is made
			w.toggleCPU(63)
			before := w.everything()
			w.alloc()
			for w.freed < cycles {
				w.round()
			}
			w.finish()
			if after := w.everything(); after != before {
				t.Error("something is left:\n" + firstDifference(before, after))
			}
			t.Logf("%d requests, %d made to fail, %d without a vector, %d freed, %d moves, %d interrupts, %d processors went or came",
				w.requested, w.failed, w.exhausted, w.freed, w.moved, w.served, w.toggled)
			for what, n := range map[string]int{"failed": w.failed, "exhausted": w.exhausted, "moved": w.moved, "served": w.served, "toggled": w.toggled} {
				if n < cycles/500 {
					t.Errorf("%s: %d times only", what, n)
				}
			}
		})
	}
}

const plainSlot, managedSlot = pcie.BDF(5 << 3), pcie.BDF(6 << 3)

// A churn is a machine and what has been done to it.
type churn struct {
	t    *testing.T
	m    *machine.Machine
	fs   *procfs.FS
	rnd  *rand.Rand
	held map[irq.Number]bool // what is requested

	requested, failed, exhausted, freed, moved, served, toggled int
}

// do runs a function as a process.
func (w *churn) do(f func(c *cpu.CPU)) {
	w.t.Helper()
	if err := errors.Join(w.m.Do("churn", f), w.m.RunIdle()); err != nil {
		w.t.Fatal(err)
	}
}

// dev is one of the two functions.
func dev(c *cpu.CPU, b pcie.BDF) *pci.Dev { return pci.Find(c, b) }

// alloc gives both functions all their vectors.
func (w *churn) alloc() {
	w.t.Helper()
	w.do(func(c *cpu.CPU) {
		for _, b := range []pcie.BDF{plainSlot, managedSlot} {
			if err := take(c, b, 1); err != nil {
				w.t.Error(err)
			}
		}
	})
}

// take allocates a function's vectors.
func take(c *cpu.CPU, b pcie.BDF, least int) (err error) {
	d := dev(c, b)
	pci.EnableDevice(c, d)
	pci.SetMaster(c, d)
	if b == managedSlot {
		_, err = pci.AllocIRQVectorsAffinity(c, d, least, 64, pci.IRQMSIX|pci.IRQAffinity, &affinity.Affinity{PreVectors: 1})
	} else {
		_, err = pci.AllocIRQVectors(c, d, least, 136, pci.IRQMSIX)
	}
	return err
}

// drop frees all requests and the vectors.
func (w *churn) drop(c *cpu.CPU) {
	for _, b := range []pcie.BDF{plainSlot, managedSlot} {
		d := dev(c, b)
		for k := range d.Vectors() {
			if n, err := pci.IRQVector(d, k); err == nil && w.held[n] {
				w.free(c, n)
			}
		}
		pci.FreeIRQVectors(c, d)
		pci.DisableDevice(c, d)
	}
}

// round is some steps of a process, then some interrupts, then maybe a
// processor's coming or going, or a time of need.
func (w *churn) round() {
	w.do(func(c *cpu.CPU) {
		for range 50 {
			w.step(c)
		}
	})
	for range 10 {
		w.interrupt()
	}
	switch w.rnd.Intn(12) {
	case 0, 1, 2:
		w.toggleCPU(8 + w.rnd.Intn(56)) // the board's own interrupts are below
	case 3:
		w.allOnline()
		w.do(w.realloc)
	case 4:
		if w.requested > 40*w.exhausted {
			w.allOnline()
			w.do(w.need)
		}
	}
}

// vector is one of the vectors.
func (w *churn) vector(c *cpu.CPU) irq.Number {
	d := dev(c, []pcie.BDF{plainSlot, managedSlot}[w.rnd.Intn(2)])
	n, err := pci.IRQVector(d, w.rnd.Intn(max(d.Vectors(), 1)))
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// step requests, frees or moves an interrupt.
func (w *churn) step(c *cpu.CPU) {
	n := w.vector(c)
	switch d := irq.ToDesc(c, n); {
	case w.rnd.Intn(4) == 0 && d.CanSetAffinity():
		if err := irq.SetAffinity(c, n, w.mask(c)); err == nil {
			w.moved++
		}
	case w.held[n]:
		w.free(c, n)
	default:
		w.request(c, n)
	}
}

// mask is some processors, one of them online.
func (w *churn) mask(c *cpu.CPU) (m irq.Mask) {
	for range 1 + w.rnd.Intn(4) {
		m.Add(w.rnd.Intn(64))
	}
	if !m.Intersects(affinity.Online(c)) {
		m.Add(0)
	}
	return m
}

// request requests an interrupt. One in ten is made to fail.
func (w *churn) request(c *cpu.CPU, n irq.Number) {
	fail := w.rnd.Intn(10) == 0
	if fail {
		irq.FailRequest(c, 1, errno.ENOMEM)
	}
	err := irq.Request(c, n, func(*cpu.CPU, irq.Number, any) irq.Return { w.served++; return irq.Handled }, 0, "churn", w)
	w.requested++
	switch {
	case fail && errors.Is(err, errno.ENOMEM):
		w.failed++
	case errors.Is(err, errno.ENOSPC):
		w.exhausted++
	case err == nil && !fail:
		w.held[n] = true
		return
	default:
		w.t.Errorf("request of %d, made to fail: %v: %v", n, fail, err)
	}
	if irq.ToDesc(c, n).Requested() {
		w.t.Errorf("interrupt %d is requested though that failed", n)
	}
}

func (w *churn) free(c *cpu.CPU, n irq.Number) {
	if _, err := irq.Free(c, n, w); err != nil {
		w.t.Error(err)
	}
	delete(w.held, n)
	w.freed++
}

// realloc frees everything and takes it again.
func (w *churn) realloc(c *cpu.CPU) {
	w.drop(c)
	for _, b := range []pcie.BDF{plainSlot, managedSlot} {
		if err := take(c, b, 1); err != nil {
			w.t.Error(err)
		}
	}
}

// need lets somebody else have nearly all vectors for a while: managed ones
// cannot be promised, then requests fail.
func (w *churn) need(c *cpu.CPU) {
	w.drop(c)
	var claimed []cpu.Vector
	for v := cpu.Vector(0x21); v < 0xec; v++ {
		if vector.Claim(c, v) == nil {
			claimed = append(claimed, v)
		}
	}
	for _, b := range []pcie.BDF{managedSlot, plainSlot} {
		if err := take(c, b, 1); err != nil && !errors.Is(err, errno.ENOSPC) {
			w.t.Error(err)
		}
		d := dev(c, b)
		for k := range d.Vectors() {
			if n, err := pci.IRQVector(d, k); err == nil && !w.held[n] {
				w.request(c, n)
			}
		}
	}
	w.drop(c)
	for _, v := range claimed {
		vector.Release(c, v)
	}
	w.realloc(c)
}

// interrupt lets one of the functions signal.
func (w *churn) interrupt() {
	b := []pcie.BDF{plainSlot, managedSlot}[w.rnd.Intn(2)]
	var failed error
	err := w.m.Bench(func() { failed = w.m.Board().Event(b, w.rnd.Intn(64), false) })
	if err := errors.Join(err, failed); err != nil {
		w.t.Fatal(err)
	}
	if w.rnd.Intn(3) == 0 {
		if err := w.m.RunIdle(); err != nil {
			w.t.Fatal(err)
		}
	}
}

// toggleCPU takes a processor down or brings it up.
func (w *churn) toggleCPU(n int) {
	w.t.Helper()
	up := affinity.Online(w.m.CPUs()[0]).Has(n)
	if err := w.m.SetOnline(n, !up); err != nil {
		w.t.Fatal(err)
	}
	w.toggled++
}

// finish lets all processors come back, and frees everything.
func (w *churn) finish() {
	w.allOnline()
	w.do(w.drop)
}

// allOnline lets all processors come back.
func (w *churn) allOnline() {
	for n := range w.m.CPUs() {
		if !affinity.Online(w.m.CPUs()[0]).Has(n) {
			w.toggleCPU(n)
		}
	}
}

// everything is all state that could leak, as text.
func (w *churn) everything() string {
	var b strings.Builder
	c := w.m.CPUs()[0]
	for _, d := range w.m.Interrupts() {
		fmt.Fprintf(&b, "irq %d %s state %#x affinity %s effective %s hint %s names %v\n",
			d.IRQ, d.ChipName(), d.State, d.Affinity, d.Effective, d.Hint(), d.Names())
	}
	b.WriteString(vector.Leftover(c))
	names, err := w.fs.List("/proc/irq")
	fmt.Fprintln(&b, names, err)
	for _, n := range names {
		files, err := w.fs.List("/proc/irq/" + n)
		fmt.Fprintln(&b, n, files, err)
	}
	fmt.Fprintln(&b, "coroutines", w.m.Engine().Coroutines(), "tasks", len(sched.Tasks(c)), "drivers", hotplug.Drivers(c))
	w.remapping(&b)
	return b.String()
}

// remapping writes down which entries of the remapping table are not empty.
func (w *churn) remapping(b *strings.Builder) {
	if w.m.Board().IOMMU == nil {
		return
	}
	irta := w.m.Bus().Read(iommureg.Base+bus.Addr(iommureg.IRTA), 8)
	for i := range uint64(1 << 12) {
		at := bus.Addr(irta&^0xfff + 16*i)
		if low, high := w.m.Bus().Read(at, 8), w.m.Bus().Read(at+8, 8); low|high != 0 {
			fmt.Fprintf(b, "entry %d %#x %#x\n", i, low, high)
		}
	}
}

// firstDifference shows the lines in which two texts differ first.
func firstDifference(a, b string) (text string) {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(x), len(y)) {
		if at(x, i) != at(y, i) {
			text += "before: " + at(x, i) + "\nafter:  " + at(y, i) + "\n"
		}
	}
	return text
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}
