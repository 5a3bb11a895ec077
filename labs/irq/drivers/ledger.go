package drivers

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
)

// Levels is a module that holds the operations of a domain to their rules: on
// levels of its own, on which any call can be made to fail, and by what a
// board's messages have become on all levels of the machine.
func Levels(d irqabi.Domain) machine.Module {
	return machine.Module{Name: "levels", Files: []machine.File{
		{Name: "levels/numbers", Read: numbers},
		{Name: "levels/order", Read: tryOn(d, order)},
		{Name: "levels/taken", Read: tryOn(d, taken)},
		{Name: "levels/unwind", Read: tryOn(d, unwind)},
		{Name: "levels/vectors", Read: func(c *cpu.CPU) string { return global(vector.Debug(c)) }},
	}}
}

// tryOn is a file that tries something on the operations. The machine that
// others are compared with has none of its own here.
func tryOn(d irqabi.Domain, try func(irqabi.Domain) string) func(*cpu.CPU) string {
	return func(*cpu.CPU) string {
		if d == nil {
			return ""
		}
		return try(d)
	}
}

// global is the first lines of the matrix's books: what is left of vectors.
func global(text string) string {
	lines := strings.SplitN(text, "| CPU", 2)
	return lines[0]
}

// numbers shows what the entries of the board's table are called at each
// level.
func numbers(c *cpu.CPU) string {
	var b strings.Builder
	for _, dev := range pci.Devs(c) {
		if dev.Vendor != 0x1b36 || dev.Device != 0x0005 {
			continue
		}
		for k := range dev.Vectors() {
			n, err := pci.IRQVector(dev, k)
			if err != nil {
				continue
			}
			fmt.Fprintf(&b, "entry %d: irq %d", k, n)
			for d := &irq.ToDesc(c, n).Data; d != nil; d = d.Parent {
				fmt.Fprintf(&b, ", %s %#x", d.ChipName(), d.HWIRQ)
			}
			if v, on, ok := vector.Of(c, n); ok {
				fmt.Fprintf(&b, ", vector %#02x of CPU %d", uint8(v), on)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// A ledger is levels on which nothing hangs but their books.
type ledger struct {
	calls  []string
	failAt int // the call that fails; 0: none
	info   map[int]uint64
	below  map[int]bool // the levels below have the interrupt
	active map[int]bool // and it is active there
	device map[int]bool // the device has a message that leads there
	wrong  []string
}

var _ irqabi.Level = &ledger{}

func newLedger(failAt int) *ledger {
	return &ledger{failAt: failAt, info: map[int]uint64{}, below: map[int]bool{}, active: map[int]bool{}, device: map[int]bool{}}
}

var errInjected = errors.New("injected fault")

// call notes a call, and says whether it is to fail.
func (l *ledger) call(format string, args ...any) error {
	l.calls = append(l.calls, fmt.Sprintf(format, args...))
	if len(l.calls) == l.failAt {
		l.calls[len(l.calls)-1] += " fails"
		return errInjected
	}
	return nil
}

// rule notes what must not be.
func (l *ledger) rule(broken bool, format string, args ...any) {
	if broken {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

// Mapped implements irqabi.Level.
func (l *ledger) Mapped(hwirq uint64) bool {
	for _, h := range l.info {
		if h == hwirq {
			return true
		}
	}
	return false
}

// SetInfo implements irqabi.Level.
func (l *ledger) SetInfo(virq int, hwirq uint64) error {
	if err := l.call("SetInfo %d as %#x", virq, hwirq); err != nil {
		return err
	}
	l.rule(!l.below[virq], "interrupt %d has this level before it has those below", virq)
	l.info[virq] = hwirq
	return nil
}

// ResetInfo implements irqabi.Level.
func (l *ledger) ResetInfo(virq int) {
	_ = l.call("ResetInfo %d", virq)
	l.rule(!l.below[virq], "interrupt %d, which is somebody else's, is taken back", virq)
	l.rule(l.device[virq], "interrupt %d is taken from a device that still sends it", virq)
	delete(l.info, virq)
}

// ledgerAddr is where the messages of active interrupts go.
const ledgerAddr = 0xfee01004

// Compose implements irqabi.Level.
func (l *ledger) Compose(virq int) (addr uint64, data uint32) {
	if !l.active[virq] {
		return 0, 0
	}
	return ledgerAddr, uint32(virq)
}

// Write implements irqabi.Level.
func (l *ledger) Write(virq int, addr uint64, data uint32) error {
	what := "a message"
	if addr == 0 && data == 0 {
		what = "nothing"
	}
	if err := l.call("Write %d %s", virq, what); err != nil {
		return err
	}
	l.rule(addr != 0 && (addr != ledgerAddr || data != uint32(virq)), "interrupt %d: the device was told %#x %#x, which nobody composed", virq, addr, data)
	l.device[virq] = addr != 0
	return nil
}

// AllocParent implements irqabi.Level.
func (l *ledger) AllocParent(virq, n int) error {
	if err := l.call("AllocParent %d %d", virq, n); err != nil {
		return err
	}
	for i := range n {
		l.below[virq+i] = true
	}
	return nil
}

// FreeParent implements irqabi.Level.
func (l *ledger) FreeParent(virq, n int) {
	_ = l.call("FreeParent %d %d", virq, n)
	for i := range n {
		_, has := l.info[virq+i]
		l.rule(has, "interrupt %d has this level still when those below are gone", virq+i)
		l.rule(!l.below[virq+i], "the levels below give back interrupt %d, which they do not have", virq+i)
		l.rule(l.active[virq+i], "the levels below give back interrupt %d, which is active", virq+i)
		delete(l.below, virq+i)
	}
}

// ActivateParent implements irqabi.Level.
func (l *ledger) ActivateParent(virq int, reserve bool) error {
	if err := l.call("ActivateParent %d %t", virq, reserve); err != nil {
		return err
	}
	l.active[virq] = true
	return nil
}

// DeactivateParent implements irqabi.Level.
func (l *ledger) DeactivateParent(virq int) {
	_ = l.call("DeactivateParent %d", virq)
	l.rule(l.device[virq], "the vector of interrupt %d goes while the device still sends it", virq)
	l.rule(!l.active[virq], "the levels below deactivate interrupt %d, which is not active", virq)
	delete(l.active, virq)
}

// left says what is still there.
func (l *ledger) left() string {
	var left []string
	if len(l.info) > 0 {
		left = append(left, fmt.Sprintf("this level of %v", sorted(l.info)))
	}
	if len(l.below) > 0 {
		left = append(left, fmt.Sprintf("the levels below of %v", sorted(l.below)))
	}
	if len(l.active) > 0 {
		left = append(left, fmt.Sprintf("%v active", sorted(l.active)))
	}
	if left == nil {
		return "nothing"
	}
	return strings.Join(left, ", ")
}

func sorted[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }

// ledgerVirq is the first interrupt of the trials, and ledgerMessage what it
// is for.
const ledgerVirq = 40

var ledgerMessage = irqabi.Message{BDF: 0x0018, Entry: 5}

// order shows the calls of each operation.
func order(d irqabi.Domain) string {
	l := newLedger(0)
	var b strings.Builder
	show := func(what string) {
		fmt.Fprintf(&b, "%s: %s\n", what, strings.Join(l.calls, ", "))
		l.calls = nil
	}
	_ = d.Alloc(l, ledgerVirq, 2, ledgerMessage) // it shows
	show("alloc 2")
	_ = d.Activate(l, ledgerVirq, true)
	show("activate, reserved")
	_ = d.Activate(l, ledgerVirq+1, false)
	show("activate")
	d.Deactivate(l, ledgerVirq)
	d.Deactivate(l, ledgerVirq+1)
	show("deactivate both")
	d.Free(l, ledgerVirq, 2)
	show("free 2")
	for _, w := range l.wrong {
		fmt.Fprintf(&b, "against the rules: %s\n", w)
	}
	fmt.Fprintf(&b, "left: %s\n", l.left())
	return b.String()
}

// taken asks for a message that has an interrupt already, first or in the
// middle.
func taken(d irqabi.Domain) string {
	l := newLedger(0)
	first := uint64(ledgerMessage.Entry) | uint64(ledgerMessage.BDF)<<11
	var b strings.Builder
	for _, at := range []int{0, 2} {
		l.info = map[int]uint64{30: first + uint64(at)}
		l.below = map[int]bool{30: true}
		err := d.Alloc(l, ledgerVirq, 4, ledgerMessage)
		fmt.Fprintf(&b, "message %d of 4 is taken: %v, left: %s\n", at, err, l.left())
	}
	return b.String()
}

// unwind lets every call fail in turn.
func unwind(d irqabi.Domain) string {
	var b strings.Builder
	tried := 0
	for _, n := range []int{1, 4} {
		for at := 1; ; at++ {
			l := newLedger(at)
			err := life(d, l, n)
			if len(l.calls) < at {
				break
			}
			tried++
			if fault := l.fault(err); fault != "" {
				fmt.Fprintf(&b, "%s: %s\n  left: %s\n", strings.Join(l.calls, ", "), fault, l.left())
				return b.String()
			}
		}
	}
	fmt.Fprintf(&b, "%d faults injected: every error was handed on, and nothing left behind\n", tried)
	return b.String()
}

// fault says what is wrong after a life with a fault in it. A way back cannot
// fail.
func (l *ledger) fault(err error) string {
	failed := l.calls[l.failAt-1]
	back := strings.HasPrefix(failed, "ResetInfo") || strings.HasPrefix(failed, "Free") || strings.HasPrefix(failed, "Deactivate") || strings.Contains(failed, "nothing")
	switch {
	case !back && !errors.Is(err, errInjected):
		return fmt.Sprintf("the error became %v", err)
	case len(l.wrong) > 0 && !back:
		return l.wrong[0]
	case l.left() != "nothing":
		return "something was left behind"
	}
	return ""
}

// life is an interrupt's, up to the first error and back.
func life(d irqabi.Domain, l *ledger, n int) error {
	if err := d.Alloc(l, ledgerVirq, n, ledgerMessage); err != nil {
		return err
	}
	var failed error
	done := 0
	for ; done < n && failed == nil; done++ {
		failed = d.Activate(l, ledgerVirq+done, false)
	}
	if failed != nil {
		done--
	}
	for i := range done {
		d.Deactivate(l, ledgerVirq+i)
	}
	d.Free(l, ledgerVirq, n)
	return failed
}
