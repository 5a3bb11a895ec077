// Fails: who wants its thread gets it
// Misconception: a thread that is wanted wakes by itself

package irq

import "bothhalves/kernelsim/kernel/irq/irqabi"

// RunActions models __handle_irq_event_percpu (kernel/irq/handle.c): the
// interrupt has come, and first is the first of those who have requested it.
// It asks them, and returns what is known then.
func RunActions(first irqabi.Action) irqabi.Return {
	all := irqabi.None
	for a := first; a != nil; a = a.Next() {
		ret := a.Call()
		all |= ret
	}
	return all
}

// Of so many interrupts no more than so many may be unhandled.
const (
	lookAt   = 100_000
	tolerate = 99_900
)

// NoteInterrupt models note_interrupt (kernel/irq/spurious.c): an interrupt of
// the line was answered so. It keeps the line's account, and switches off a
// line for which nobody cares.
func NoteInterrupt(l irqabi.Line, ret irqabi.Return) {
	a := l.Account()
	if ret == irqabi.None {
		if l.Recent() {
			a.Unhandled++
		} else {
			a.Unhandled = 1
		}
	}
	if a.Unhandled == 0 {
		return
	}
	if a.Count++; a.Count < lookAt {
		return
	}
	if a.Unhandled > tolerate {
		l.SwitchOff()
	}
	a.Count, a.Unhandled = 0, 0
}
