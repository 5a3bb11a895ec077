// Package kernelsim_test holds the law of the simulator's source: which
// package may import which, and the habits that determinism and readability
// rest on. A failure names file and line, what is wrong and what to do.
package kernelsim_test

import (
	"os"
	"runtime"
	"testing"

	"bothhalves/kernelsim/internal/habits"
)

// importOrder is the import order of everything below kernelsim, present and
// to come, in the notation of Go's go/build/deps_test.go:
//
//	a, b < c    c may import a and b, and all that they may import
//
// Names in CAPITALS are groups. A package that does not stand here fails the
// test: place it as low as it can stand.
const importOrder = `
	# Floor 0: no hardware, no kernel.
	NONE < cost, oops, reg, trace < sim < FLOOR0;
	FLOOR0 < trace/view;
	NONE < internal/habits, internal/recorded;
	reg < internal/sheet;

	# Floor 1: hardware, which does not know the kernel. Driver and device
	# share an abi package (register offsets, descriptor layouts) alone.
	FLOOR0 < hw/lapic/lapicreg, hw/ioapic/ioapicreg, hw/i8259/i8259reg;
	FLOOR0 < hw/enadev/enaabi, hw/nvme/nvmeabi, hw/iommu/iommureg, hw/pcie/pcireg;
	FLOOR0 < hw/cpu/gatereg < hw/cpu < hw/bus, internal/explore;
	hw/bus, hw/pcie/pcireg < hw/pcie, hw/wire;
	hw/bus, hw/lapic/lapicreg < hw/lapic;
	hw/bus, hw/ioapic/ioapicreg, hw/lapic/lapicreg < hw/ioapic;
	hw/bus, hw/i8259/i8259reg < hw/i8259;
	hw/bus < hw/pit;
	hw/pcie < hw/legacy, hw/edu, hw/pattern, hw/metronome;
	hw/pcie, hw/iommu/iommureg, hw/lapic/lapicreg < hw/iommu;
	hw/pcie, hw/wire, hw/enadev/enaabi < hw/enadev;
	hw/pcie, hw/nvme/nvmeabi < hw/nvme;

	# What the kernel sees of the hardware: a processor, accessors, functions
	# on a bus and the manuals' tables. Never a device itself.
	hw/cpu, hw/cpu/gatereg, hw/bus, hw/pcie, hw/pcie/pcireg, hw/lapic/lapicreg, hw/ioapic/ioapicreg, hw/i8259/i8259reg,
	hw/iommu/iommureg < SILICON;

	# Floor 2.
	FLOOR0 < kernel/errno, kernel/cpumask;
	SILICON < kernel/tsc;
	SILICON, kernel/errno < kernel/percpu;
	kernel/percpu < kernel/percpu/firstchunk, kernel/percpu/chunk, kernel/percpu/image, kernel/memblock;
	kernel/percpu < kernel/printk, kernel/preempt;
	kernel/printk < kernel/lock;
	kernel/preempt < kernel/lock < kernel/sched;

	kernel/sched, kernel/percpu/chunk < kernel/percpu/dyn;

	# Floor 3. Where Linux calls up, its order is followed: the timer wheel
	# and the _bh forms stand above softirq.
	FLOOR0 < kernel/softirq/softirqabi < kernel/softirq;
	kernel/sched < kernel/wait, kernel/mutex < kernel/softirq < kernel/tasklet, kernel/hrtimer;
	kernel/hrtimer < kernel/timer < kernel/workqueue;
	kernel/cpumask < kernel/workqueue < kernel/percpu/dyn;
	kernel/tasklet, kernel/timer < kernel/rcu < kernel/tick;
	FLOOR0 < kernel/idt/idtabi;
	kernel/printk, kernel/preempt, kernel/idt/idtabi < kernel/idt;
	kernel/cpumask < kernel/apic/icrabi;
	kernel/sched, kernel/idt, kernel/apic/icrabi < kernel/apic;
	FLOOR0 < kernel/irq/irqabi < kernel/irq;
	kernel/workqueue, kernel/tasklet, kernel/apic < kernel/irq/affinity < kernel/irq < kernel/vector;
	kernel/cpumask, kernel/errno < kernel/vector/matrix < kernel/vector;
	kernel/vector < kernel/irqremap < kernel/pci;
	kernel/pci, kernel/wait < kernel/blkmq;
	kernel/vector, kernel/tick, kernel/workqueue, kernel/idt < kernel/entry;
	kernel/workqueue, kernel/entry < kernel/hotplug;
	kernel/timer < kernel/skb < kernel/napi < kernel/gro, kernel/steer < kernel/netdev;
	kernel/workqueue, kernel/netdev < kernel/net/ip < kernel/net/udp < kernel/net/sock;
	kernel/hotplug, kernel/pci, kernel/blkmq, kernel/net/sock, kernel/tsc < KERNEL;

	# Floor 4: a driver knows the kernel and its device's abi.
	KERNEL, hw/enadev/enaabi < drivers/ena;
	KERNEL, hw/nvme/nvmeabi < drivers/nvme;
	KERNEL < drivers/standin;
	KERNEL < drivers/irqctl;
	drivers/ena !< hw/enadev;
	hw/enadev !< drivers/ena;

	# The board: every default device, wired. The bare machine is a board
	# without a kernel.
	hw/lapic, hw/ioapic, hw/i8259, hw/pit, hw/legacy, hw/edu, hw/pattern, hw/metronome, hw/iommu, hw/enadev, hw/nvme < board;

	# The machine alone knows every default part. It hands out a report of
	# what ended it, in text too.
	FLOOR0 < report;
	report, kernel/percpu/firstchunk, kernel/percpu/dyn, kernel/percpu/image, kernel/memblock, trace/view, KERNEL,
	drivers/ena, drivers/nvme, drivers/standin, drivers/irqctl,
	board
	< machine;

	# Views of a machine, modules that sessions can load, and programs that
	# run on it: one makes work for a disk, the others know files alone.
	machine < procfs, samples;
	KERNEL < tools/fio;
	NONE < tools/irqbalance;
	NONE < tools/libproc/fake, tools/libproc < tools/top, tools/mpstat, tools/ps;
	procfs, samples, tools/fio, tools/irqbalance, tools/top, tools/mpstat, tools/ps < shell < cmd/ksim/capture < cmd/ksim;

	# For tests: a manual's sentences, typed at the shell.
	shell < internal/conform;

	hw/lapic !< KERNEL;
	hw/ioapic !< KERNEL;
	hw/enadev !< KERNEL;
	kernel/percpu/firstchunk !< kernel/percpu;
`

// rules are the habits of kernelsim.
func rules(t *testing.T) habits.Rules {
	t.Helper()
	order, err := habits.ParseLattice(importOrder)
	if err != nil {
		t.Fatal(err)
	}
	const oneThread = "there is one thread of control: a plain field is safe"
	const askHost = "let the host supply it through an interface: the simulator also runs in a page"
	const useSeed = "take numbers from the machine's seed: runs must repeat"
	return habits.Rules{
		Order: order,
		Hosts: []string{"cmd"},
		Forbidden: map[string]string{
			"sync":        oneThread,
			"os":          askHost,
			"io/ioutil":   askHost,
			"syscall":     askHost,
			"net":         askHost,
			"testing":     "keep tests in _test.go files",
			"math/rand":   useSeed,
			"crypto/rand": useSeed,
			"context":     "stop a run by an event of its engine",
		},
		Only: map[string][]string{"time": {"Duration", "ParseDuration",
			"Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}},
		// What a package variable may hold beside tables of values: names
		// of slots and classes whose content lives in the machine.
		Makers: []string{"errors.New", "fmt.Errorf", "regexp.MustCompile", "kernel/percpu.", "kernel/lock.", "kernel/mutex.", "kernel/wait."},
		// The list in which declarations of per-CPU variables register
		// themselves before main: the one piece of package state.
		State:   []string{"kernel/percpu.declared"},
		MaxFile: 400, MaxFunc: 80, P90Func: 40,
	}
}

// TestHabits holds all of kernelsim against the import order and the habits.
func TestHabits(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("reads the source tree and the standard library: run it natively")
	}
	tree, err := habits.NewLoader().Load(os.DirFS("."), "bothhalves/kernelsim")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range habits.Check(tree, rules(t)) {
		t.Error("kernelsim/" + f.String())
	}
}
