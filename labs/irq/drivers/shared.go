package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/machine"
)

// Shared is a module that tries a walk and an account: on rows of handlers that
// only answer, and on lines of which every answer is given.
func Shared(walk irqabi.Walk, note irqabi.Note) machine.Module {
	return machine.Module{Name: "sharing", Files: []machine.File{
		{Name: "sharing/walk", Read: func(*cpu.CPU) string { return walks(walk) }},
		{Name: "sharing/threshold", Read: func(*cpu.CPU) string { return thresholds(note) }},
		{Name: "sharing/stray", Read: func(*cpu.CPU) string { return strays(note) }},
		{Name: "sharing/account", Read: func(*cpu.CPU) string { return account(note) }},
	}}
}

// An actor is an action that gives one answer.
type actor struct {
	name   string
	answer irqabi.Return
	next   *actor
	log    *[]string
}

// Next implements irqabi.Action.
func (a *actor) Next() irqabi.Action {
	if a.next == nil {
		return nil
	}
	return a.next
}

// Call implements irqabi.Action.
func (a *actor) Call() irqabi.Return {
	*a.log = append(*a.log, a.name)
	return a.answer
}

// Wake implements irqabi.Action.
func (a *actor) Wake() { *a.log = append(*a.log, a.name+"'s thread") }

// answers are the names of the answers, as bits.
var answers = [4]string{"none", "handled", "wake", "handled and wake"}

// walks shows who was asked, who was woken, and what came out.
func walks(walk irqabi.Walk) string {
	const none, handled, wake = irqabi.None, irqabi.Handled, irqabi.WakeThread
	var b strings.Builder
	for _, row := range [][]irqabi.Return{{}, {handled}, {none}, {none, handled}, {handled, none}, {handled, handled, none},
		{none, none, none}, {wake}, {wake, none}, {none, wake, handled}, {wake, wake}} {
		var log []string
		first, what := actors(row, &log)
		var all irqabi.Return
		if first == nil {
			all = walk(nil)
		} else {
			all = walk(first)
		}
		fmt.Fprintf(&b, "%s: asked %s: %s\n", what, strings.Join(log, ", "), answers[all&3])
	}
	return b.String()
}

// actors makes a row of them.
func actors(row []irqabi.Return, log *[]string) (first *actor, what string) {
	var words []string
	for i := len(row) - 1; i >= 0; i-- {
		first = &actor{string(rune('A' + i)), row[i], first, log}
	}
	for _, r := range row {
		words = append(words, answers[r])
	}
	if words == nil {
		return nil, "nobody"
	}
	return first, strings.Join(words, " + ")
}

// A stray is a line whose answers are given.
type stray struct {
	account irqabi.Account
	now     int // milliseconds
	last    int
	off     int // how often it was switched off
}

// Account implements irqabi.Line.
func (s *stray) Account() *irqabi.Account { return &s.account }

// Recent implements irqabi.Line.
func (s *stray) Recent() bool {
	recent := s.last > 0 && s.now <= s.last+100
	s.last = s.now
	return recent
}

// SwitchOff implements irqabi.Line.
func (s *stray) SwitchOff() { s.off++ }

// threshold gives n interrupts, of which the first handled ones are handled,
// behind one that is not, and says when the line was switched off.
func threshold(note irqabi.Note, n, handled int) string {
	s := &stray{now: 1}
	for i := range n {
		ret := irqabi.None
		if i > 0 && i <= handled {
			ret = irqabi.Handled
		}
		note(s, ret)
		if s.off > 0 {
			return fmt.Sprintf("switched off at interrupt %d", i+1)
		}
	}
	return "left on"
}

// thresholds tries lines around the limit.
func thresholds(note irqabi.Note) string {
	var b strings.Builder
	for _, t := range []struct{ n, handled int }{{99_999, 0}, {100_000, 0}, {100_000, 99}, {100_000, 100}, {100_000, 5000}, {100_000, 99_998}} {
		fmt.Fprintf(&b, "%d interrupts, %d of them handled: %s\n", t.n, t.handled, threshold(note, t.n, t.handled))
	}
	s := &stray{now: 1}
	for range 250_000 {
		note(s, irqabi.Handled)
	}
	for range 99_999 {
		note(s, irqabi.None)
	}
	fmt.Fprintf(&b, "250000 handled, then 99999 unhandled: switched off %d times\n", s.off)
	note(s, irqabi.None)
	fmt.Fprintf(&b, "and one more: switched off %d times\n", s.off)
	return b.String()
}

// strays gives unhandled interrupts that are far from each other.
func strays(note irqabi.Note) string {
	var b strings.Builder
	for _, gap := range []int{1, 100, 101} {
		s := &stray{now: 1}
		for range 100_000 {
			note(s, irqabi.None)
			s.now += gap
		}
		fmt.Fprintf(&b, "100000 unhandled, one every %d ms: switched off %d times\n", gap, s.off)
	}
	return b.String()
}

// account shows what is left in the books.
func account(note irqabi.Note) string {
	var b strings.Builder
	s := &stray{now: 1}
	show := func(what string) { fmt.Fprintf(&b, "%s: %d of %d\n", what, s.account.Unhandled, s.account.Count) }
	note(s, irqabi.Handled)
	show("one handled")
	note(s, irqabi.None)
	note(s, irqabi.Handled)
	show("one unhandled and one handled behind it")
	for range 99_997 {
		note(s, irqabi.Handled)
	}
	show("all but one of 100000")
	note(s, irqabi.Handled)
	show("the last one")
	for range 100_000 {
		note(s, irqabi.None)
	}
	show("100000 unhandled")
	fmt.Fprintf(&b, "switched off %d times\n", s.off)
	return b.String()
}
