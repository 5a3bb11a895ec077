package recorded_test

import (
	"regexp"
	"strings"

	"bothhalves/kernelsim/hw/pcie"
)

// answered is the answer of a handler that was asked.
var answered = regexp.MustCompile(`irq_handler_entry: irq=\d+ name=(\S+)\n\d+ irq_handler_exit: irq=\d+ ret=(handled|unhandled)`)

// compareLines lets the devices on a shared line signal in the order in which
// they did, which is told by whose handler found something, and compares what
// follows.
func (w *world) compareLines(file string, devices []pcie.BDF) {
	w.t.Helper()
	names := w.namesOf(devices)
	kept := strings.Join(events(strings.Split(w.file(file), "\n"), true), "\n")
	for _, f := range answered.FindAllStringSubmatch(kept, -1) {
		for i, name := range names {
			if f[1] == name && f[2] == "handled" {
				w.signal(devices[i], 0)
			}
		}
	}
	w.compareTrace(file)
}

// namesOf are the names under which devices have requested their line.
func (w *world) namesOf(devices []pcie.BDF) (names []string) {
	for _, b := range devices {
		for _, d := range w.m.Interrupts() {
			if int(d.IRQ) == w.dev(b).IRQ {
				names = append(names, d.Names()[len(names)])
			}
		}
	}
	return names
}

// compareAffinity writes the mask of a shared line and compares what was noted:
// the processor before, the answer, the processor then, and the one after
// three interrupts.
func (w *world) compareAffinity(file, path string, devices []pcie.BDF) {
	w.t.Helper()
	w.arm()
	answer := "status 0"
	for l := range strings.Lines(w.file(file)) {
		l = strings.TrimSpace(l)
		name, _, isFile := strings.Cut(l, ":")
		switch {
		case strings.HasPrefix(l, "sh: "):
			answer = l
			fallthrough
		case l == "status 0":
			got := "status 0"
			if err := w.fs.Write(path, []byte("2\n"), false); err != nil {
				got = "sh: write error: " + message(err)
			}
			w.fact("refusals", file, got, answer)
		case l == "three interrupts later":
			w.compareLines(file+".trace", devices)
		case isFile:
			w.fact("moves: /proc/irq", file, name+":"+strings.TrimSpace(w.read(name)), l)
		}
	}
}

// lastUnhandled is a moment.
var lastUnhandled = regexp.MustCompile(`last_unhandled \d+`)

// compareSpurious compares the files /proc/irq/N/spurious, line by line.
func (w *world) compareSpurious(file string) {
	w.t.Helper()
	if _, err := w.fs.Read("/proc/irq/0/spurious"); err != nil {
		return
	}
	for l := range strings.Lines(w.file(file)) {
		path, want, _ := strings.Cut(l, ":")
		name, _, _ := strings.Cut(want, " ")
		got := "(none)"
		for mine := range strings.Lines(w.read(path)) {
			if strings.HasPrefix(mine, name+" ") {
				got = mine
			}
		}
		w.fact("/proc/irq/N/spurious", path, path+":"+lastUnhandled.ReplaceAllString(got, "#"), path+":"+lastUnhandled.ReplaceAllString(want, "#"))
	}
}
