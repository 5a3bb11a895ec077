package hotplug_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace/view"
)

func boot(t *testing.T, cfg machine.Config) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func setOnline(t *testing.T, m *machine.Machine, n int, on bool) {
	t.Helper()
	if err := m.SetOnline(n, on); err != nil {
		t.Fatalf("CPU %d, online %v: %v", n, on, err)
	}
}

// messages are the lines of the log that have a text.
func messages(m *machine.Machine, text string) (list []string) {
	for _, l := range m.Dmesg() {
		if strings.Contains(l.Text, text) {
			list = append(list, l.Text)
		}
	}
	return list
}

func TestRefusals(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	for _, x := range []struct {
		n    int
		on   bool
		want *errno.Errno
	}{{0, false, errno.EBUSY}, {1, true, errno.EINVAL}, {0, true, errno.EINVAL}, {2, false, errno.EINVAL}, {-1, false, errno.EINVAL}} {
		if err := m.SetOnline(x.n, x.on); !errors.Is(err, x.want) {
			t.Errorf("CPU %d, online %v: %v, want %v", x.n, x.on, err, x.want)
		}
	}
	setOnline(t, m, 1, false)
	if err := m.SetOnline(1, false); !errors.Is(err, errno.EINVAL) {
		t.Errorf("a second time: %v", err)
	}
}

// Tasks that may run elsewhere go on there; one that may not is told of, and
// goes on all the same; one that sleeps wakes in time.
func TestTasksLeave(t *testing.T) {
	for _, params := range []string{"", "preempt=full"} {
		m := boot(t, machine.Config{CPUs: 4, Append: params})
		c := m.CPUs()[0]
		var woke sim.Time
		sched.Spawn(c, "sleeper", sched.Attr{CPUs: []int{3}}, func(task *sched.Task) {
			hrtimer.USleep(task, 20*sim.Millisecond)
			woke = task.CPU().Now()
		})
		start := m.Now()
		if err := errors.Join(m.Burn(3, 30*sim.Millisecond), m.Burn(-1, 30*sim.Millisecond), m.Run(2*sim.Millisecond)); err != nil {
			t.Fatal(err)
		}
		setOnline(t, m, 3, false)
		if err := m.Run(100 * sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		for _, task := range m.Tasks() {
			if task.Comm == "burn" || task.Comm == "sleeper" {
				t.Errorf("%q: %s has not ended: %s on CPU %d", params, task, task.State.Letter(), task.CPU().ID)
			}
		}
		if late := woke - start - 20*sim.Millisecond; late < 0 || late > 5*sim.Millisecond {
			t.Errorf("%q: the sleeper woke %v late", params, late)
		}
		if got := messages(m, "no longer affine to cpu3"); len(got) != 1 || !strings.Contains(got[0], "(burn)") {
			t.Errorf("%q: the log says %q", params, got)
		}
		setOnline(t, m, 3, true)
		if err := errors.Join(m.Burn(3, sim.Millisecond), m.RunIdle()); err != nil {
			t.Errorf("%q: %v", params, err)
		}
	}
}

// While a processor is away its threads rest, and nothing counts for it.
func TestAway(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 4})
	fs := procfs.New(m)
	look := func(path string) string {
		text, err := fs.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	setOnline(t, m, 2, false)
	for path, want := range map[string]string{"online": "0-1,3\n", "offline": "2\n", "present": "0-3\n", "possible": "0-3\n", "cpu2/online": "0\n"} {
		if got := look("/sys/devices/system/cpu/" + path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if text := look("/proc/stat"); strings.Contains(text, "cpu2 ") || !strings.Contains(text, "cpu3 ") {
		t.Errorf("/proc/stat: %s", text)
	}
	if head, _, _ := strings.Cut(look("/proc/interrupts"), "\n"); !slices.Equal(strings.Fields(head), []string{"CPU0", "CPU1", "CPU3"}) {
		t.Errorf("/proc/interrupts: %q", head)
	}
	for _, gone := range []string{"topology/core_id", "cache/index0/level"} {
		if _, err := fs.Read("/sys/devices/system/cpu/cpu2/" + gone); !errors.Is(err, errno.ENOENT) {
			t.Errorf("%s: %v", gone, err)
		}
	}
	if got := look("/sys/devices/system/cpu/cpu3/topology/core_siblings_list"); got != "0-1,3\n" {
		t.Errorf("the others of the package are %q", got)
	}
	resting := 0
	for _, task := range m.Tasks() {
		if strings.HasSuffix(task.Comm, "/2") && task.State == sched.Parked {
			resting++
		}
	}
	if resting != 3 {
		t.Errorf("%d threads rest, want cpuhp, migration and ksoftirqd", resting)
	}
	total := m.Ring().Total()
	if err := m.Run(20 * sim.Second); err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Ring().From(total) {
		if r.CPU == 2 {
			t.Fatalf("a processor that is away says %s", view.Line(r, m.Ring().Names()))
		}
	}
}

// A processor whose vectors have no room elsewhere must stay, and works on.
func TestNoRoom(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2, Append: "modprobe.blacklist=msix", Devices: []board.Device{{Kind: "msix", Vectors: 380, BDF: plainSlot}}})
	vectors := func(f func(c *cpu.CPU, d *pci.Dev)) {
		t.Helper()
		if err := errors.Join(m.Do("driver", func(c *cpu.CPU) { f(c, dev(c, plainSlot)) }), m.RunIdle()); err != nil {
			t.Fatal(err)
		}
	}
	got := 0
	vectors(func(c *cpu.CPU, d *pci.Dev) {
		pci.EnableDevice(c, d)
		if _, err := pci.AllocIRQVectors(c, d, 380, 380, pci.IRQMSIX); err != nil {
			t.Error(err)
		}
		for k := range 380 {
			n, _ := pci.IRQVector(d, k)
			if irq.Request(c, n, handled, 0, "many", d) == nil {
				got++
			}
		}
	})
	if got != 380 {
		t.Fatalf("%d requests", got)
	}
	before := procfsText(t, m)
	if err := m.SetOnline(1, false); !errors.Is(err, errno.ENOSPC) {
		t.Fatalf("unplugged: %v", err)
	}
	if l := messages(m, "Cannot disable CPU"); len(l) != 1 || !strings.HasPrefix(l[0], "CPU 1 has ") {
		t.Errorf("the log says %q", l)
	}
	if after := procfsText(t, m); after != before {
		t.Error("something has changed:\n" + firstDifference(before, after))
	}
	if err := errors.Join(m.Burn(1, sim.Millisecond), m.RunIdle()); err != nil {
		t.Error(err)
	}
	vectors(func(c *cpu.CPU, d *pci.Dev) {
		for k := range 380 {
			n, _ := pci.IRQVector(d, k)
			if _, err := irq.Free(c, n, d); err != nil {
				t.Error(err)
			}
		}
	})
	setOnline(t, m, 1, false)
}

func handled(*cpu.CPU, irq.Number, any) irq.Return { return irq.Handled }

// procfsText is what shows where processors and interrupts are.
func procfsText(t *testing.T, m *machine.Machine) (text string) {
	t.Helper()
	fs := procfs.New(m)
	for _, path := range []string{"/sys/devices/system/cpu/online", "/proc/interrupts"} {
		s, err := fs.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(s) {
			if !strings.Contains(l, "ocal timer") && !strings.Contains(l, "unction call") && !strings.Contains(l, "escheduling") {
				text += l
			}
		}
	}
	for _, d := range m.Interrupts() {
		text += fmt.Sprintln(d.IRQ, d.State, d.Effective)
	}
	return text
}

// An interrupt may come at any moment of its processor's death: it is never
// lost, whether it arrives before, is found in the request register, or goes to
// the new place.
func TestNoneIsLost(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2, Append: "modprobe.blacklist=msix", Devices: []board.Device{{Kind: "msix", Vectors: 1, BDF: plainSlot}}})
	var n irq.Number
	calls := 0
	do := func(f func(c *cpu.CPU)) {
		t.Helper()
		if err := errors.Join(m.Do("driver", f), m.RunIdle()); err != nil {
			t.Fatal(err)
		}
	}
	signal := func() {
		if err := m.Board().Event(plainSlot, 0, false); err != nil {
			t.Error(err)
		}
	}
	do(func(c *cpu.CPU) {
		if err := take(c, plainSlot, 1); err != nil {
			t.Error(err)
		}
		n, _ = pci.IRQVector(dev(c, plainSlot), 0)
		if err := irq.Request(c, n, func(*cpu.CPU, irq.Number, any) irq.Return { calls++; return irq.Handled }, 0, "one", t); err != nil {
			t.Error(err)
		}
	})
	step := 11
	if testing.Short() {
		step = 101
	}
	length, twice, tries := uint64(step), 0, 0
	for k := uint64(1); k <= length; k += uint64(step) {
		do(func(c *cpu.CPU) { _ = irq.SetAffinity(c, n, irq.Mask{}.With(1)) })
		for !irq.ToDesc(m.CPUs()[0], n).Effective.Has(1) {
			if err := errors.Join(m.Bench(signal), m.RunIdle()); err != nil {
				t.Fatal(err)
			}
		}
		calls = 0
		start := m.Events()
		m.AtDecision(start+k, signal)
		setOnline(t, m, 1, false)
		length = m.Events() - start
		if err := m.RunIdle(); err != nil {
			t.Fatal(err)
		}
		if calls == 0 && k <= length {
			t.Fatalf("a signal at decision %d of %d is lost", k, length)
		}
		tries++
		if calls > 1 {
			twice++
		}
		setOnline(t, m, 1, true)
	}
	t.Logf("%d moments out of %d; %d times the handler ran twice", tries, length, twice)
	if tries < 20 {
		t.Errorf("only %d moments", tries)
	}
}

// Two runs of one seed are the same; another seed goes other ways to the same
// end.
func TestDeterminism(t *testing.T) {
	run := func(seed uint64) (uint64, sim.Time) {
		m := boot(t, machine.Config{CPUs: 4, Seed: seed, Append: "preempt=full", Devices: []board.Device{{Kind: "virtio-net", Vectors: 10}}})
		for n := 1; n < 4; n++ {
			if err := m.Burn(n, 3*sim.Millisecond); err != nil {
				t.Fatal(err)
			}
			setOnline(t, m, n, false)
		}
		for n := 1; n < 4; n++ {
			setOnline(t, m, n, true)
		}
		if err := m.RunIdle(); err != nil {
			t.Fatal(err)
		}
		return m.Events(), m.Now()
	}
	for seed := uint64(1); seed < 12; seed++ {
		events, now := run(seed)
		if e, n := run(seed); e != events || n != now {
			t.Errorf("seed %d: %d events until %v, then %d until %v", seed, events, now, e, n)
		}
	}
}

// Whatever the machine is: all processors but one go, in turn, and come back,
// and each runs a program then.
func TestEveryMachine(t *testing.T) {
	nvme := board.Device{Kind: "nvme", Queues: 4}
	for name, cfg := range map[string]machine.Config{
		"two":       {CPUs: 2},
		"x2apic":    {CPUs: 5, X2APIC: true, TSCDeadline: true, Devices: []board.Device{nvme}},
		"remapping": {CPUs: 9, Board: board.Q35, X2APIC: true, Append: "intremap=on", Devices: []board.Device{nvme}},
		"noapic":    {CPUs: 3, Append: "noapic", Devices: []board.Device{nvme}},
		"nodes":     {CPUs: 12, Nodes: 3, HZ: 1000, Devices: []board.Device{nvme}},
		"threads":   {CPUs: 8, Threads: 2, Append: "threadirqs watchdog_thresh=0", Devices: []board.Device{{Kind: "virtio-net", Vectors: 34}}},
		"percpu":    {CPUs: 4, Append: "percpu_alloc=page preempt=none no_ipi_broadcast=1", Seed: 5},
		"old":       {CPUs: 4, Kernel: "4.9"},
	} {
		m := boot(t, cfg)
		for _, on := range []bool{false, true} {
			for n := 1; n < len(m.CPUs()); n++ {
				setOnline(t, m, n, on)
				if err := m.Run(3 * sim.Millisecond); err != nil {
					t.Fatalf("%s: CPU %d, online %v: %v", name, n, on, err)
				}
			}
		}
		ran := make([]sim.Time, len(m.CPUs()))
		for n := range m.CPUs() {
			ran[n] = sched.TimesOf(m.CPUs()[n], m.Now()).User
			if err := m.Burn(n, 13*sim.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(m.Run(30*sim.Second), m.RunIdle()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for n, c := range m.CPUs() {
			if d := sched.TimesOf(c, m.Now()).User - ran[n]; d < 12*sim.Millisecond { // in whole ticks
				t.Errorf("%s: CPU %d has run its program for %v", name, n, d)
			}
		}
	}
}
