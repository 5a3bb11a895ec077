package recorded_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/internal/recorded"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/pci"
)

// offOn is what the recorded runs did at their end: a processor goes and comes
// back, frames arrive before and after, and the card's driver is unloaded.
const offOn = `
	settle 11-before-offline NIC
	compare 11-before-offline
	arm
	echo 0 > /sys/devices/system/cpu/cpuOFF/online
	log 12-offline.dmesg
	compare 13-offline
	compare 13-hw
	msix 13-nic.msix NIC
	msix 13-nvme.msix NVME
	refused OFF
	noted 13-moved-irq
	arm
	echo 1 > /sys/devices/system/cpu/cpuOFF/online
	trace 14-online.trace
	log 14-online.dmesg
	compare 15-online
	msix 15-nic.msix NIC
	msix 15-nvme.msix NVME
	settle 16-online-after-frames NIC
	compare 16-online-after-frames
	arm
	unbind NIC
	trace 17-nic-unload.trace
	compare 18-unloaded
`

// TestHotplugRuns repeats each run of vectors up to its moves without looking,
// then looks at how a processor goes and comes back.
func TestHotplugRuns(t *testing.T) {
	all := newBook()
	for _, x := range []struct{ name, off, nvme, nic string }{
		{"smp4", "3", "00:03.0", "00:02.0"}, {"smp4-nvme2", "1", "00:03.0", "00:02.0"}, {"smp8", "5", "00:03.0", "00:02.0"},
		{"smt-4x2", "5", "00:03.0", "00:02.0"}, {"smp12-physflat", "9", "00:03.0", "00:02.0"}, {"intremap-q35", "3", "00:02.0", "00:01.0"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, ok := recorded.Find("vectors/" + x.name)
			if !ok {
				t.Fatal("no such run")
			}
			w := &world{t: t, run: r, book: newBook(), seen: map[string]int{}}
			w.boot()
			for _, step := range r.Steps {
				w.blindly(step)
			}
			steps := strings.NewReplacer("OFF", x.off, "NVME", x.nvme, "NIC", x.nic).Replace(offOn)
			for step := range strings.Lines(strings.TrimSpace(steps)) {
				w.hotplugStep(strings.TrimSpace(step))
			}
			t.Log(w.book.report())
			all.add(w.book)
		})
	}
	t.Log(all.report())
	if n := sum(all.compared); n < 8000 {
		t.Errorf("only %d facts compared: the recordings or the steps have lost some", n)
	}
	if sum(all.excused)*20 > sum(all.compared) {
		t.Error("more than 5 % of the facts are excused")
	}
}

// blindly goes a step without looking at anything.
func (w *world) blindly(step string) {
	verb, _, _ := strings.Cut(step, " ")
	switch verb {
	case "compare", "msix", "arm", "trace", "loosetrace", "boottrace", "state", "cpuinfo":
	default:
		w.do(step)
	}
}

// hotplugStep goes a step of offOn.
func (w *world) hotplugStep(step string) {
	w.step = step
	verb, rest, _ := strings.Cut(step, " ")
	args := strings.Fields(rest)
	switch verb {
	case "settle":
		w.settle(args[0], bdf(args[1]))
	case "log":
		w.compareLog(args[0])
	case "refused":
		w.compareRefused(args[0])
	case "noted":
		w.compareNoted(args[0])
	case "unbind":
		w.unbind(bdf(args[0]))
	default:
		w.do(step)
	}
}

// settle lets a function signal each of its interrupts until it has come as
// often as it had at a recorded moment; then the processors on which it came
// must be the recorded ones.
func (w *world) settle(moment string, b pcie.BDF) {
	w.t.Helper()
	text := w.file(moment + ".interrupts")
	d := w.dev(b)
	for again := true; again; {
		again = false
		for k := range d.Vectors() {
			if total(row(w.read("/proc/interrupts"), w.vector(d, k))) < total(row(text, w.vector(d, k))) {
				w.signal(b, k)
				again = true
			}
		}
	}
	for k := range d.Vectors() {
		n := w.vector(d, k)
		w.fact("counts", fmt.Sprint("irq ", n), fmt.Sprint(row(w.read("/proc/interrupts"), n)), fmt.Sprint(row(text, n)))
	}
}

// row is the counts of an interrupt's line in /proc/interrupts.
func row(text string, n int) (counts []int) {
	cpus := strings.Count(text[:strings.IndexByte(text, '\n')], "CPU")
	for l := range strings.Lines(text) {
		if f := strings.Fields(l); f[0] == fmt.Sprintf("%d:", n) {
			for _, v := range f[1 : 1+cpus] {
				var x int
				fmt.Sscan(v, &x)
				counts = append(counts, x)
			}
		}
	}
	return counts
}

func total(list []int) (s int) {
	for _, v := range list {
		s += v
	}
	return s
}

// compareLog compares what the log said last.
func (w *world) compareLog(file string) {
	w.t.Helper()
	want := w.file(file)
	lines := strings.Split(strings.TrimSpace(want), "\n")
	stamp := regexp.MustCompile(`^\[ *[\d.]+\] `)
	log := w.m.Dmesg()
	w.fact("log", file, log[len(log)-1].Text, stamp.ReplaceAllString(lines[len(lines)-1], ""))
}

// compareRefused writes a mask that names the processor that is away alone
// (the last one of 10-refusals).
func (w *world) compareRefused(off string) {
	w.t.Helper()
	text := strings.TrimSpace(w.file("10-refusals"))
	lines := strings.Split(text[strings.LastIndex(text[:strings.LastIndex(text, " > ")], "\n")+1:], "\n")
	what, path, _ := strings.Cut(lines[0], " > ")
	err := w.fs.Write(path, []byte(what+"\n"), false)
	w.fact("refusals", lines[0], fmt.Sprint(errors.Is(err, errno.EINVAL)), fmt.Sprint(strings.HasSuffix(lines[1], "Invalid argument")))
	w.fact("refusals", path, strings.TrimSpace(w.read(path)), lines[len(lines)-1])
}

// compareNoted compares files that were noted with their paths.
func (w *world) compareNoted(file string) {
	w.t.Helper()
	if !slices.Contains([]string{"vectors/smp4", "vectors/smp4-nvme2"}, w.run.Name) {
		return // these two alone had an interrupt on the processor
	}
	for l := range strings.Lines(w.file(file)) {
		if path, want, ok := strings.Cut(l, ":"); ok && strings.HasPrefix(path, "/") {
			w.fact("moves: /proc/irq", path, w.read(path), want)
		}
	}
}

// unbind takes a function's driver away.
func (w *world) unbind(b pcie.BDF) {
	w.t.Helper()
	err := w.m.Do("rmmod", func(c *cpu.CPU) {
		if err := pci.Unbind(c, pci.Find(c, b)); err != nil {
			w.t.Error(err)
		}
	})
	if err := errors.Join(err, w.m.RunIdle()); err != nil {
		w.t.Fatal(err)
	}
}
