package nvme_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"bothhalves/kernelsim/drivers/nvme"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/blkmq"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// inKernel lets f run as a process.
func inKernel(t *testing.T, m *machine.Machine, f func(c *cpu.CPU)) {
	t.Helper()
	if err := m.Do("test", f); err != nil {
		t.Fatal(err)
	}
}

// books are who has which vectors and interrupts.
func books(c *cpu.CPU) string {
	text := vector.Debug(c)
	for _, d := range irq.Descs(c) {
		text += fmt.Sprintf("%d %v %s %x %s\n", d.IRQ, d.Names(), d.ChipName(), d.State, d.Affinity)
	}
	return text
}

// TestFailures: whichever request or piece of memory the driver does not get,
// it gives back what it has, and the next try works.
func TestFailures(t *testing.T) {
	m := disk(t, machine.Config{}, 4, "on")
	heap := &heap{m: m}
	inKernel(t, m, func(c *cpu.CPU) {
		dev := pci.Find(c, at)
		if err := pci.Unbind(c, dev); err != nil {
			t.Fatal(err)
		}
		before := books(c)
		for n := 1; n <= 6; n++ {
			irq.FailRequest(c, n, errno.EBUSY)
			d := nvme.New(nvme.Config{Alloc: heap.alloc, Free: heap.free})
			if err := pci.Bind(c, d, dev); !errors.Is(err, errno.EBUSY) || d.Ready() || books(c) != before {
				t.Fatalf("request %d: %v; ready %v; leaks:\n%s\nwas\n%s", n, err, d.Ready(), books(c), before)
			}
			if _, err := d.Open(sched.Current(c)); !errors.Is(err, errno.ENODEV) {
				t.Fatalf("request %d: and yet it opens: %v", n, err)
			}
		}
		d := nvme.New(nvme.Config{Alloc: heap.alloc, Free: heap.free})
		if err := pci.Bind(c, d, dev); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= 11; n++ { // two rings for each queue, a page for Identify
			heap.fail = n
			if _, err := d.Open(sched.Current(c)); !errors.Is(err, errno.ENOMEM) || len(heap.taken) != 0 || d.Disk() != nil {
				t.Fatalf("piece %d: %v; %d pieces are left", n, err, len(heap.taken))
			}
		}
		heap.fail = 0
		first, err := d.Open(sched.Current(c))
		again, err2 := d.Open(sched.Current(c))
		if err != nil || err2 != nil || first != again || len(heap.taken) != 11 {
			t.Fatalf("%v %v; %d pieces", err, err2, len(heap.taken))
		}
		if err := pci.Unbind(c, dev); err != nil || books(c) != before || len(heap.taken) != 0 {
			t.Fatalf("%v; %d pieces are left; leaks:\n%s\nwas\n%s", err, len(heap.taken), books(c), before)
		}
	})
}

// A heap hands memory to a driver, and fails when it is told to.
type heap struct {
	m     *machine.Machine
	next  bus.Addr
	fail  int
	taken []string
}

func (h *heap) alloc(name string, size uint64) (bus.Addr, error) {
	if h.fail--; h.fail == 0 {
		return 0, errno.ENOMEM
	}
	a := max(h.next, 0x1000_0000_0000)
	h.next = a + bus.Addr(size)
	ram := bus.NewRAM(a, size)
	if _, err := ram.Add(a, size); err != nil {
		return 0, err
	}
	h.taken = append(h.taken, name)
	return a, h.m.Bus().Map(name, a, size, ram, 0)
}

func (h *heap) free(name string) {
	h.m.Bus().Unmap(name)
	h.taken = slices.DeleteFunc(h.taken, func(n string) bool { return n == name })
}

// TestParameters: a parameter that makes no sense keeps the module away.
func TestParameters(t *testing.T) {
	for append, ok := range map[string]bool{"nvme.io_queue_depth=2": true, "nvme.io_queue_depth=1": false, "nvme.io_queue_depth=4096": false,
		"nvme.io_queue_depth=x": false, "nvme.use_threaded_interrupts=1": true, "nvme.use_threaded_interrupts=yes": false,
		"nvme.noacpi=1": true, "nvme.poll_queues=": true} {
		m := disk(t, machine.Config{CPUs: 2, Append: append}, 2, "")
		if got := len(m.Disks()) == 1; got != ok {
			t.Errorf("%s: a disk: %v", append, got)
		}
	}
}

// TestErrors: what the controller does not accept reaches the owner.
func TestErrors(t *testing.T) {
	m := disk(t, machine.Config{}, 4, "on")
	inKernel(t, m, func(c *cpu.CPU) {
		task := sched.Current(c)
		d, err := m.Disks()[0].Open(task)
		if err != nil || d.Sectors != 131072 {
			t.Fatal(err, d)
		}
		r := d.Alloc(task)
		ended := false
		r.End = func(c *cpu.CPU, r *blkmq.Request) { ended = r.Status == 0 }
		d.Submit(task, r)
		hrtimer.USleep(task, sim.Millisecond)
		if !ended {
			t.Error("a request for the first sector has not ended well")
		}
	})
}
