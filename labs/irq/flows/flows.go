// Package flows holds flow handlers for edges with one fault each, for a
// scenario to find.
package flows

import "bothhalves/kernelsim/kernel/irq/irqabi"

// Broken are the flows with a fault, by the name that the task knows them by.
func Broken() map[string]irqabi.Edge {
	return map[string]irqabi.Edge{
		"late-ack":    func(d irqabi.Interrupt) { flow(d, fault{lateAck: true}) },
		"twice":       func(d irqabi.Interrupt) { flow(d, fault{twice: true}) },
		"no-note":     func(d irqabi.Interrupt) { flow(d, fault{noNote: true}) },
		"left-masked": func(d irqabi.Interrupt) { flow(d, fault{leftMasked: true}) },
		"one-replay":  func(d irqabi.Interrupt) { flow(d, fault{oneReplay: true}) },
		"drops":       func(d irqabi.Interrupt) { flow(d, fault{drops: true}) },
	}
}

// A fault is what a flow does wrong.
type fault struct {
	lateAck    bool // it acknowledges when the handlers have returned
	twice      bool // it does not look whether somebody is in the handlers
	noNote     bool // what comes while somebody is in the handlers leaves no note
	leftMasked bool // nobody unmasks what was masked meanwhile
	oneReplay  bool // the mark of a replay stays
	drops      bool // what comes while the interrupt is disabled is not kept
}

// flow is handle_edge_irq (kernel/irq/chip.c) with a fault.
func flow(d irqabi.Interrupt, f fault) {
	d.Lock()
	defer d.Unlock()
	if !f.oneReplay {
		d.Arrived()
	}
	busy := d.InProgress() && !f.twice
	if busy || d.Disabled() || !d.Requested() {
		keep := !(busy && f.noNote) && !(d.Disabled() && f.drops)
		d.SetPending(d.Pending() || keep)
		if !busy || keep {
			d.Mask()
		}
		d.Ack()
		return
	}
	d.Count()
	if !f.lateAck {
		d.Ack()
	}
	for again := true; again; again = d.Pending() && !d.Disabled() {
		if d.Pending() && !d.Disabled() && !f.leftMasked {
			d.Unmask()
		}
		d.SetPending(false)
		d.SetInProgress(true)
		d.Unlock()
		d.RunActions()
		d.Lock()
		d.SetInProgress(false)
	}
	if f.lateAck {
		d.Ack()
	}
}
