package irq_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/trace"
	"bothhalves/kernelsim/trace/view"
)

// The two recorded boots with threadirqs.
func threadedBoot(t *testing.T, name string) *machine.Machine {
	t.Helper()
	cfg := machine.Config{CPUs: 4, Append: "threadirqs pci=nomsi", Devices: []board.Device{{Kind: "e1000e", BDF: 2 << 3}}}
	if name == "msix-virtio" {
		cfg.Append, cfg.Devices = "threadirqs", []board.Device{{Kind: "virtio-net", BDF: 2 << 3, Vectors: 10}}
	}
	return boot(t, cfg)
}

func recordedFile(t *testing.T, name, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "threadirqs", name, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRecordedThreads: which interrupts have threads, under which names, in
// which order, and how urgent they are and where they may run: fields 18, 40
// and 41 of /proc/PID/stat, and Cpus_allowed_list of /proc/PID/status.
func TestRecordedThreads(t *testing.T) {
	stat := regexp.MustCompile(`\d+ \((.*)\) S (-?\d+) 0 \d+ (\d+) (\d+)\n.*Cpus_allowed_list:\t(\S+)`)
	for _, name := range []string{"intx-e1000e", "msix-virtio"} {
		var want, got []string
		for _, f := range stat.FindAllStringSubmatch(recordedFile(t, name, "irq-threads.stat"), -1) {
			want = append(want, fmt.Sprint(f[1][:min(15, len(f[1]))], " ", f[2], " ", f[3], " ", f[4], " on ", f[5]))
		}
		m := threadedBoot(t, name)
		for _, task := range sched.Tasks(m.CPUs()[0]) {
			if strings.HasPrefix(task.Comm, "irq/") {
				policy := map[sched.Policy]int{sched.FIFO: 1}[task.Policy]
				got = append(got, fmt.Sprint(task.Comm, " ", task.Prio()-100, " ", task.RTPrio, " ", policy, " on ", allowed(task)))
			}
		}
		if d := cmp.Diff(want, got); len(want) < 7 || d != "" {
			t.Errorf("%s (-recorded +got):\n%s", name, d)
		}
	}
}

// allowed is Cpus_allowed_list of a machine with four processors.
func allowed(task *sched.Task) string {
	var m irq.Mask
	for n := range 4 {
		if task.Allowed(n) {
			m.Add(n)
		}
	}
	return m.String()
}

// frame lets the network card want to signal k, and lets all that comes of it
// happen.
func frame(t *testing.T, m *machine.Machine, k int) {
	t.Helper()
	var failed error
	err := m.Bench(func() { failed = m.Board().Event(2<<3, k, false) })
	if err := errors.Join(err, failed, m.RunIdle()); err != nil {
		t.Fatal(err)
	}
}

// TestRecordedThreadAffinity: after a write to smp_affinity the thread stays
// where it is until its interrupt has moved and it runs again.
func TestRecordedThreadAffinity(t *testing.T) {
	for _, tt := range []struct {
		name string
		n    irq.Number
	}{{"intx-e1000e", 10}, {"msix-virtio", 25}} {
		m := threadedBoot(t, tt.name)
		if tt.name == "intx-e1000e" {
			tt.n = irq.Number(m.PCIDevs()[len(m.PCIDevs())-1].IRQ)
		}
		d := irq.ToDesc(m.CPUs()[0], tt.n)
		prefix := fmt.Sprintf("irq/%d-", tt.n)
		var task *sched.Task
		for _, th := range sched.Tasks(m.CPUs()[0]) {
			if strings.HasPrefix(th.Comm, prefix) {
				task = th
			}
		}
		got := "Cpus_allowed_list:\t" + allowed(task) + "\n"
		if err := m.Do("sh", func(c *cpu.CPU) { _ = irq.SetAffinity(c, tt.n, cpumask.Of(2)) }); err != nil {
			t.Fatal(err)
		}
		got += "Cpus_allowed_list:\t" + allowed(task) + "\n"
		for range 4 {
			frame(t, m, 1)
		}
		got += fmt.Sprintf("/proc/irq/%d/effective_affinity_list:%s\n", tt.n, d.Effective)
		got += "Cpus_allowed_list:\t" + allowed(task) + "\n"
		want := recordedFile(t, tt.name, "06-thread-affinity")
		if tt.name == "intx-e1000e" { // another pin than on the recording's board
			want = strings.ReplaceAll(want, "/10/", fmt.Sprintf("/%d/", tt.n))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-recorded +got):\n%s", tt.name, d)
		}
	}
}

// TestRecordedFunctions: what happens to the line between an interrupt and the
// end of its forced thread, as the function tracer saw it. The driver's handler
// is known by the softirq that it raises.
func TestRecordedFunctions(t *testing.T) {
	steps := map[string]string{"mask_ioapic_irq": "mask", "apic_ack_edge": "ack", "ioapic_ack_level": "eoi",
		"softirq_raise": "handler", "unmask_ioapic_irq": "unmask", "pci_msi_mask_irq": "mask", "pci_msi_unmask_irq": "unmask"}
	for _, tt := range []struct {
		name string
		flow irq.FlowHandler
		chip irq.ChipFlag
		n    int
	}{
		{"intx-e1000e", irq.HandleFastEOI, 0, 4},
		{"msix-virtio", irq.HandleEdge, irq.OneShotSafe, 2},
	} {
		var want []string
		flags, got := "", ""
		for row := range strings.Lines(recordedFile(t, tt.name, "05-function.one")) {
			f := strings.Fields(row)
			if f[4] == "softirq_raise:" {
				flags = f[2]
			}
			if step, ok := steps[strings.TrimSuffix(f[4], ":")]; ok {
				want = append(want, step)
			}
		}
		inTask(t, "threadirqs", func(task *sched.Task) {
			l := newLine(task.CPU(), tt.flow, tt.chip)
			_ = irq.Request(task.CPU(), l.IRQ, func(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
				l.note("handler")
				sched.Record(c, trace.Print, 0, 0, 0, 0)
				for _, r := range c.Ring.From(c.Ring.Total() - 1) {
					got = view.Flags(r)
				}
				return irq.Handled
			}, 0, "eth0", l)
			l.take()
			l.comes(task.CPU())
			settle(task)
			if d := cmp.Diff(want, l.log); len(want) != tt.n || d != "" {
				t.Errorf("%s (-recorded +got):\n%s", tt.name, d)
			}
			if got != flags {
				t.Errorf("%s: the handler's trace flags are %s, recorded %s", tt.name, got, flags)
			}
		})
	}
}

// TestRecordedThreadTrace: the events of one interrupt and of its thread, in
// their order and with their flags, but for times and pids.
func TestRecordedThreadTrace(t *testing.T) {
	numbers := regexp.MustCompile(`pid=\d+|cpu=\d+|\[\d+\] |\s+\d+\.\d+:|swapper/\d|-\d+ |irq=\d+|irq/\d+-|next_comm=(swapper|ksoftirqd)/\d`)
	for _, name := range []string{"intx-e1000e", "msix-virtio"} {
		want := threadEvents(recordedFile(t, name, "01-one.trace"), numbers)
		m := threadedBoot(t, name)
		k := map[string]int{"intx-e1000e": 0, "msix-virtio": 3}[name]
		frame(t, m, k) // with the first one they move to where they are to go
		begin := m.Ring().Total()
		frame(t, m, k)
		var text strings.Builder
		for _, r := range m.Ring().From(begin) {
			text.WriteString(view.Line(r, m.Ring().Names()) + "\n")
		}
		got := threadEvents(text.String(), numbers)
		if d := cmp.Diff(want, got); len(want) != 6 || d != "" {
			t.Errorf("%s (-recorded +got):\n%s", name, d)
		}
	}
}

// threadEvents are the events that an interrupt and its thread have to do with,
// without what differs from boot to boot.
func threadEvents(text string, numbers *regexp.Regexp) (list []string) {
	for row := range strings.Lines(text) {
		if strings.Contains(row, "irq_handler_") || strings.Contains(row, "sched_") && strings.Contains(row, "comm=irq/") {
			list = append(list, strings.Join(strings.Fields(numbers.ReplaceAllString(row, " ")), " "))
		}
	}
	return list
}
