package drivers

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
)

// Vectors is a module that makes a function of its own, on no bus, and lets a
// part decide for it: everything that can happen to a table happens, at random,
// and what is sent and what waits is compared with the rules.
func Vectors(make func(pcireg.Entries) pcireg.Vectors) machine.Module {
	t := &trial{make: make}
	return machine.Module{Name: "vectors", Files: []machine.File{{
		Name: "vectors", Read: func(*cpu.CPU) string { return t.text }, Write: t.write}}}
}

// A trial is one function with its table, seen from both sides.
type trial struct {
	make func(pcireg.Entries) pcireg.Vectors
	text string
	seed uint64
	poll bool // the driver also takes what waits by itself

	part   pcireg.Vectors
	sent   []int
	masked []bool // bit 0 of each vector control
	hidden bool   // the function mask
	on     bool
	master bool

	waits []bool // the rules: what should wait
	want  []int  // and what should have been sent
}

var _ pcireg.Entries = (*trial)(nil)

// The function as the part sees it.
func (t *trial) Len() int               { return len(t.masked) }
func (t *trial) EntryMasked(k int) bool { return t.masked[k] }
func (t *trial) FunctionMasked() bool   { return t.hidden }
func (t *trial) Enabled() bool          { return t.on }
func (t *trial) BusMaster() bool        { return t.master }
func (t *trial) Send(k int)             { t.sent = append(t.sent, k) }

// write makes the trial of a seed: SEED, or SEED poll.
func (t *trial) write(_ *cpu.CPU, text string) error {
	number, poll := strings.CutSuffix(strings.TrimSpace(text), " poll")
	seed, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return fmt.Errorf("vectors: %q: want a seed, which is a number, and poll or nothing: %w", text, errno.EINVAL)
	}
	t.seed, t.poll = seed, poll
	t.text = ""
	for _, entries := range []int{1, 4, 65, 2048} {
		t.text += t.try(entries)
	}
	return nil
}

// steps is how much happens to a table: less to a large one, which takes long
// to look at.
func steps(entries int) int {
	if entries > 100 {
		return 300
	}
	return 2000
}

// try lets things happen to a table, until one goes wrong.
func (t *trial) try(entries int) string {
	*t = trial{make: t.make, text: t.text, seed: t.seed, poll: t.poll, masked: make([]bool, entries), waits: make([]bool, entries)}
	for k := range t.masked {
		t.masked[k] = true
	}
	t.part = t.make(t)
	var last []string
	for n := range steps(entries) {
		what := t.step(t.entry())
		if last = append(last, what); len(last) > 8 {
			last = last[1:]
		}
		if wrong := t.compare(); wrong != "" {
			return fmt.Sprintf("%d entries: step %d: %s\n  before that: %s\n", entries, n, wrong, strings.Join(last, "; "))
		}
	}
	return fmt.Sprintf("%d entries: %d steps as the rules say\n", entries, steps(entries))
}

// random is a number below n.
func (t *trial) random(n int) int {
	t.seed = t.seed*6364136223846793005 + 1442695040888963407
	return int(t.seed >> 33 % uint64(n))
}

// entry is one of a few, or sometimes any: much has to happen to the same one.
func (t *trial) entry() int {
	n := len(t.masked)
	if n <= 64 {
		return t.random(min(n, 6))
	}
	few := [...]int{0, 1, 63, 64, n - 1, t.random(n)}
	return few[t.random(len(few))]
}

// step lets one thing happen, at entry k where it happens to one.
func (t *trial) step(k int) string {
	n := t.random(16)
	if n < 2 && !t.poll {
		n = 2
	}
	switch n {
	case 2, 3, 4, 5, 6:
		t.event(k)
		t.part.Notify(k)
		return fmt.Sprintf("event %d", k)
	case 0, 1:
		t.waits[k] = false
		t.part.Clear(k)
		return fmt.Sprintf("event %d cleared", k)
	case 7, 8, 9, 10, 11:
		t.masked[k] = n%2 == 0
		t.settle(k, k+1)
		t.part.EntryWritten(k)
		return fmt.Sprintf("entry %d masked %t", k, t.masked[k])
	case 15:
		if t.random(8) == 0 {
			return t.reset()
		}
	}
	return t.control()
}

// control writes one of the three bits that concern all entries.
func (t *trial) control() string {
	bit := []*bool{&t.hidden, &t.on, &t.master}[t.random(3)]
	*bit = t.random(3) != 0
	if bit == &t.hidden {
		t.hidden = !t.hidden
	}
	t.settle(0, len(t.masked))
	t.part.ControlWritten()
	return fmt.Sprintf("control written: enabled %t, function mask %t, bus master %t", t.on, t.hidden, t.master)
}

// reset is a reset of the function.
func (t *trial) reset() string {
	t.hidden, t.on, t.master = false, false, false
	for k := range t.masked {
		t.masked[k], t.waits[k] = true, false
	}
	t.part.Reset()
	return "reset"
}

// The rules, once more. An entry is held by its own mask, by the function's,
// by MSI-X that is off, and by a function that may not write.
func (t *trial) held(k int) bool { return t.masked[k] || t.hidden || !t.on || !t.master }

// event: what is held waits, and once.
func (t *trial) event(k int) {
	if t.held(k) {
		t.waits[k] = true
		return
	}
	t.want = append(t.want, k)
}

// settle: what waits and is held no more is sent.
func (t *trial) settle(from, to int) {
	for k := from; k < to; k++ {
		if t.waits[k] && !t.held(k) {
			t.waits[k] = false
			t.want = append(t.want, k)
		}
	}
}

// compare says what the part has done otherwise.
func (t *trial) compare() string {
	if fmt.Sprint(t.sent) != fmt.Sprint(t.want) {
		return fmt.Sprintf("sent %v, and the rules say %v", t.sent, t.want)
	}
	t.sent, t.want = t.sent[:0], t.want[:0]
	for k := range t.waits {
		if got := t.part.Pending(k); got != t.waits[k] {
			return fmt.Sprintf("pending bit %d is %t, and the rules say %t", k, got, t.waits[k])
		}
	}
	return ""
}
