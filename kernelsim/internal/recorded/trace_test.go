package recorded_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"bothhalves/kernelsim/trace"
	"bothhalves/kernelsim/trace/view"
)

const tracing = "/sys/kernel/tracing/"

// arm clears the trace and switches on what is compared.
func (w *world) arm() {
	w.t.Helper()
	w.write(tracing+"set_event", "irq:irq_handler_entry irq:irq_handler_exit irq_vectors:* irq_matrix:*\n")
	w.write(tracing+"trace", "")
}

func (w *world) write(path, text string) {
	w.t.Helper()
	if err := w.fs.Write(path, []byte(text), false); err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
}

// line is a line of the file trace: its CPU, and the event.
var line = regexp.MustCompile(`(?m)^.{16}-\d+ +\[(\d+)\] [^:]*\d: (.*)`)

// ours are the events of the trace.
func (w *world) ours() (list []string) {
	for _, f := range line.FindAllStringSubmatch(w.read(tracing+"trace"), -1) {
		list = append(list, f[1]+" "+f[2])
	}
	return list
}

// The board's own interrupts come when they like; which CPU a process runs on
// that changes vectors is the scheduler's affair.
var (
	board  = regexp.MustCompile(`irq_handler_(entry|exit): irq=(0|1|3|4|8|9|12) `)
	wanted = regexp.MustCompile(`^\d+ (irq_handler_|irq_matrix_|vector_|spurious_apic|error_apic)`)
	where  = regexp.MustCompile(`^\d+ (irq_matrix|vector_)`)
)

// events keeps of a list what is compared. A recording that was made without
// the exits has entries alone.
func events(list []string, exits bool) (out []string) {
	for _, l := range list {
		switch {
		case !wanted.MatchString(l) || board.MatchString(l) || strings.Contains(l, " <-"):
		case !exits && strings.Contains(l, "irq_handler_exit"):
		default:
			out = append(out, where.ReplaceAllString(strings.TrimSpace(l), "$1"))
		}
	}
	return out
}

// compareTrace compares the events since arm with the recorded ones, in their
// order.
func (w *world) compareTrace(file string) {
	w.t.Helper()
	text := w.file(file)
	exits := strings.Contains(text, "irq_handler_exit")
	w.facts("trace events", file, w.excused(events(w.ours(), exits), nil), w.excused(events(strings.Split(text, "\n"), exits), w.book))
}

// cleanUp is what an old vector's processor does when it gets round to it.
var (
	cleanUp = regexp.MustCompile(`^vector_free_moved|^irq_matrix_free`)
	numbers = regexp.MustCompile(`((?:bit|vector|avl|alloc|rsvd|managed)=)\d+`)
)

// compareLoosely compares events in which every interrupt was moved at once:
// when the former processors clean up is a matter of time, and which vector
// and which counts the next move finds depends on it.
func (w *world) compareLoosely(file string) {
	w.t.Helper()
	text := w.file(file)
	exits := strings.Contains(text, "irq_handler_exit")
	got, want := events(w.ours(), exits), events(strings.Split(text, "\n"), exits)
	w.looseFacts(file, slices.DeleteFunc(slices.Clone(got), cleanUp.MatchString), slices.DeleteFunc(slices.Clone(want), cleanUp.MatchString))
	got = slices.DeleteFunc(got, func(l string) bool { return !strings.HasPrefix(l, "vector_free_moved") })
	want = slices.DeleteFunc(want, func(l string) bool { return !strings.HasPrefix(l, "vector_free_moved") })
	slices.Sort(got)
	slices.Sort(want)
	w.looseFacts(file, got, want)
	w.book.excused["trace events: the place of a clean-up among other processors' events"] += len(want)
}

// entry is an interrupt's handler being called.
var entry = regexp.MustCompile(`irq_handler_entry: irq=(\d+) name=`)

// replay lets the messages come that came, which is told by whose handlers were
// called, and compares what follows.
func (w *world) replay(file string) {
	w.t.Helper()
	for _, l := range events(strings.Split(w.file(file), "\n"), false) {
		if f := entry.FindStringSubmatch(l); f != nil {
			w.signalIRQ(number(f[1]))
		}
	}
	w.compareLoosely(file)
}

// signalIRQ lets the function signal to which an interrupt belongs.
func (w *world) signalIRQ(n int) {
	w.t.Helper()
	for _, d := range w.m.PCIDevs() {
		for k := range d.Vectors() {
			if w.vector(d, k) == n {
				w.signal(d.BDF, k)
			}
		}
	}
}

// compareByIRQ compares what became of each interrupt by itself: here a card's
// interrupts are requested when it is found, there when it was switched on.
func (w *world) compareByIRQ(files []string) {
	w.t.Helper()
	var text string
	for _, f := range files {
		text += w.file(f)
	}
	mine, theirs := byIRQ(events(w.ours(), true)), byIRQ(events(strings.Split(text, "\n"), true))
	for _, irq := range slices.Sorted(maps.Keys(theirs)) {
		w.facts("trace events", "irq "+irq, mine[irq], theirs[irq])
	}
	w.book.excused["trace events: counts of the matrix and signals while two cards are set up in another order"] +=
		len(events(strings.Split(text, "\n"), true)) - size(theirs)
}

// byIRQ sorts the events of vectors by interrupt.
func byIRQ(list []string) map[string][]string {
	sorted := map[string][]string{}
	for _, l := range list {
		if f := regexp.MustCompile(`^vector_\w+: irq=(\d+) `).FindStringSubmatch(l); f != nil {
			sorted[f[1]] = append(sorted[f[1]], l)
		}
	}
	return sorted
}

func size(m map[string][]string) (n int) {
	for _, l := range m {
		n += len(l)
	}
	return n
}

// looseFacts compares lists but for their numbers.
func (w *world) looseFacts(file string, got, want []string) {
	w.t.Helper()
	loose := func(l string) string { return numbers.ReplaceAllString(l, "$1#") }
	for i := range max(len(got), len(want)) {
		g, e := at(got, i), at(want, i)
		w.fact("trace events", fmt.Sprintf("%s event %d", file, i), loose(g), loose(e))
		if g != e {
			w.book.excused["trace events: the lowest vector and the counts, which depend on clean-ups being done"]++
		}
	}
}

// excused leaves out of a list of events those that are excused, and counts
// them.
func (w *world) excused(list []string, b *book) (out []string) {
	for _, l := range list {
		reason := w.excuse("trace events", l)
		if reason == "" {
			out = append(out, l)
		} else if b != nil {
			b.excused["trace events: "+reason]++
		}
	}
	return out
}

// compareBootTrace compares what the vector allocator did from the first
// processor's start on.
func (w *world) compareBootTrace(file string) {
	w.t.Helper()
	var got []string
	for _, r := range w.m.Ring().From(0) {
		if k := r.Kind; k >= trace.VectorAlloc && k <= trace.VectorFreeMoved || k >= trace.MatrixOnline && k <= trace.MatrixFree {
			got = append(got, fmt.Sprintf("000 %s: %s", k.Info().Event, view.Args(r, w.m.Ring().Names())))
		}
	}
	w.facts("trace events at boot", file, events(got, true), events(strings.Split(w.file(file), "\n"), true))
}

// compareReads reads a block on each processor in turn: it is completed by the
// queue and on the processor of the recording.
func (w *world) compareReads(file string) {
	w.t.Helper()
	read := "fio -filename /dev/nvme0n1 -rw read -runtime 1us"
	w.shell(read)
	for c := range w.m.CPUs() {
		w.arm()
		w.shell(fmt.Sprintf("%s -cpus_allowed %d", read, c))
		w.compareTrace(fmt.Sprintf("%s-cpu%d.trace", file, c))
	}
}
