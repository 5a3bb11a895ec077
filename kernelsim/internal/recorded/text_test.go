package recorded_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"bothhalves/kernelsim/kernel/errno"
)

// compareMoment compares everything that was recorded at a moment.
func (w *world) compareMoment(moment string) {
	w.t.Helper()
	comparers := []struct {
		ext string
		do  func(string)
	}{
		{".interrupts", w.compareInterrupts}, {".proc_irq", w.compareProcIRQ}, {".sys_kernel_irq", w.compareSysKernelIRQ},
		{".lapic", w.compareLocalAPICs}, {".pic_ioapic", w.comparePins},
	}
	found := false
	for _, c := range comparers {
		if _, err := os.Stat(filepath.Join("testdata", w.run.Name, moment+c.ext)); err == nil {
			c.do(moment + c.ext)
			found = true
		}
	}
	if !found {
		w.t.Errorf("%s: nothing was recorded", w.step)
	}
}

var count = regexp.MustCompile(` {0,9}\d{1,10} `)

// rows are the rows of /proc/interrupts without their counts.
func rows(text string) (list []string) {
	for l := range strings.Lines(text) {
		head, rest, row := strings.Cut(l, ":")
		switch {
		case !row:
			list = append(list, l)
		case strings.TrimSpace(head) == "ERR" || strings.TrimSpace(head) == "MIS":
			list = append(list, head+":")
		default:
			width := 1 + 11*strings.Count(text[:strings.IndexByte(text, '\n')], "CPU")
			list = append(list, head+": "+count.ReplaceAllString(rest[1:width], "#")+rest[width:])
		}
	}
	return list
}

func (w *world) compareInterrupts(file string) {
	w.t.Helper()
	w.facts("/proc/interrupts", file, rows(w.there(w.read("/proc/interrupts"))), rows(w.file(file)))
}

// there is a text with the functions' numbers as in the recording. The number of
// a message has its function's address in it.
func (w *world) there(text string) string {
	for b, name := range w.alias {
		var bus, dev, fn uint64
		fmt.Sscanf(name, "%x:%x.%x", &bus, &dev, &fn)
		for k := range uint64(16) {
			mine, other := uint64(b)<<11|k, (bus<<8|dev<<3|fn)<<11|k
			text = strings.ReplaceAll(text, fmt.Sprint(mine), fmt.Sprint(other))
		}
	}
	return text
}

// compareProcIRQ compares the files below /proc/irq.
func (w *world) compareProcIRQ(file string) {
	w.t.Helper()
	w.compareFiles("/proc/irq", file)
}

// compareSysKernelIRQ compares the files below /sys/kernel/irq. One of which no
// line was recorded is empty.
func (w *world) compareSysKernelIRQ(file string) {
	w.t.Helper()
	want := map[string]string{}
	for l := range strings.Lines(w.file(file)) {
		path, text, _ := strings.Cut(l, ":")
		want[path] = text
	}
	irqs, err := w.fs.List("/sys/kernel/irq")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, irq := range irqs {
		for _, name := range []string{"actions", "chip_name", "hwirq", "name", "type"} {
			path := "/sys/kernel/irq/" + irq + "/" + name
			got := w.read(path)
			if name == "hwirq" {
				got = w.there(got)
			}
			w.fact("/sys/kernel/irq", path, path+":"+got, path+":"+want[path])
			delete(want, path)
		}
	}
	for path := range want {
		w.fact("/sys/kernel/irq", path, "missing", path)
	}
}

// compareFiles compares files whose lines were recorded with their names before
// them. A line without a value is a directory.
func (w *world) compareFiles(kind, file string) {
	w.t.Helper()
	for l := range strings.Lines(w.file(file)) {
		if !strings.HasPrefix(l, "/") {
			continue // a heading
		}
		path, want, ok := strings.Cut(l, ":")
		path = strings.TrimSpace(path)
		if !ok {
			got := "is there"
			if _, err := w.fs.List(path); err != nil {
				got = err.Error()
			}
			w.fact(kind, path, got, "is there")
			continue
		}
		got, err := w.fs.Read(path)
		if err != nil {
			got = err.Error()
		}
		w.fact(kind, path, path+":"+got, path+":"+want)
	}
}

// compareCPUInfo compares the lines of /proc/cpuinfo that were recorded.
func (w *world) compareCPUInfo(file string) {
	w.t.Helper()
	keep := regexp.MustCompile(`processor|apicid|initial|core id|physical id|siblings`)
	var got []string
	for l := range strings.Lines(w.read("/proc/cpuinfo")) {
		if keep.MatchString(l) {
			got = append(got, l)
		}
	}
	var want []string
	for l := range strings.Lines(w.file(file)) {
		want = append(want, l)
	}
	w.facts("/proc/cpuinfo", file, got, want)
}

// compareState compares what was noted under a heading: files, and rows of
// /proc/interrupts.
func (w *world) compareState(file, heading string) {
	w.t.Helper()
	on, n := false, 0
	for l := range strings.Lines(w.file(file)) {
		n++
		if l[0] == '[' {
			if on = strings.TrimSpace(l) == heading && n > w.last[file]; on {
				w.last[file] = n
				heading = "" // the next one of this name belongs to a later step
			}
			continue
		}
		if !on {
			continue
		}
		path, want, _ := strings.Cut(l, ":")
		if strings.HasPrefix(path, "/") {
			w.fact("moves: /proc/irq", heading+" "+path, path+":"+w.read(path), path+":"+want)
			continue
		}
		for row := range strings.Lines(w.read("/proc/interrupts")) {
			if strings.HasPrefix(row, path+":") {
				w.fact("moves: counts", heading, row, l)
			}
		}
	}
}

// compareRefusals writes what was written, and compares the answer and what
// the file reads then.
func (w *world) compareRefusals(file string) {
	w.t.Helper()
	text := strings.TrimSpace(w.file(file))
	lines := strings.Split(text[:strings.LastIndex(text, " > ")-1], "\n") // the last one: a CPU is offline
	for i := 0; i+2 < len(lines); i++ {
		what, path, ok := strings.Cut(lines[i], " > ")
		if !ok {
			return
		}
		want := "accepted"
		if i++; strings.HasPrefix(lines[i], "sh: ") {
			want = strings.TrimPrefix(lines[i], "sh: write error: ")
			i++
		}
		i++ // the exit status
		got := "accepted"
		if err := w.fs.Write(path, []byte(what+"\n"), false); err != nil {
			got = message(err)
		}
		w.fact("refusals", what+" > "+path, got, want)
		w.fact("refusals", path+" then", path+":"+strings.TrimSpace(w.read(path)), path+":"+lines[i])
	}
}

// compareLastRefusal is the last write, with a processor offline.
func (w *world) compareLastRefusal(file string) {
	w.t.Helper()
	text := strings.TrimSpace(w.file(file))
	lines := strings.Split(text[strings.LastIndex(text[:strings.LastIndex(text, " > ")], "\n")+1:], "\n")
	what, path, _ := strings.Cut(lines[0], " > ")
	got := "accepted"
	if err := w.fs.Write(path, []byte(what+"\n"), false); err != nil {
		got = "sh: write error: " + message(err)
	}
	w.fact("refusals", lines[0], got, lines[1])
	w.fact("refusals", path+" then", strings.TrimSpace(w.read(path)), lines[len(lines)-1])
}

// routing are the lines of the boot's log that tell where interrupts go.
var routing = regexp.MustCompile(`^(setup_percpu|smpboot: Allowing|smp: Br|NR_IRQS|IOAPIC\[|ACPI: INT_SRC_OVR|APIC: Switch|Switched APIC|\.\.TIMER|` +
	`ACPI: Using IOAPIC|ACPI: PCI: Interrupt link|PCI: Using ACPI for IRQ|DMAR-IR: |Not enabling interrupt)`)

// compareBootLog compares those lines: each that was recorded is there.
func (w *world) compareBootLog(file string) {
	w.t.Helper()
	mine := map[string]bool{}
	for _, l := range w.m.Dmesg() {
		mine[l.Text] = true
	}
	for l := range strings.Lines(w.file(file)) {
		_, text, _ := strings.Cut(strings.TrimSpace(l), "] ")
		if !routing.MatchString(text) {
			continue
		}
		got := "(not in the log)"
		if mine[text] {
			got = text
		}
		w.fact("log", file, got, text)
	}
}

// compareLog compares the last line of the log.
func (w *world) compareLog(file string) {
	w.t.Helper()
	lines := strings.Split(strings.TrimSpace(w.file(file)), "\n")
	_, want, _ := strings.Cut(lines[len(lines)-1], "] ")
	log := w.m.Dmesg()
	w.fact("log", file, log[len(log)-1].Text, want)
}

// message is what a shell says about an error.
func message(err error) string {
	for text, e := range map[string]error{"Input/output error": errno.EIO, "Invalid argument": errno.EINVAL,
		"Value too large for defined data type": errno.EOVERFLOW} {
		if errors.Is(err, e) {
			return text
		}
	}
	return err.Error()
}
