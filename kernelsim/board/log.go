package board

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/lapic"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// logKept is how many messages are kept until they are asked for.
const logKept = 4096

// A messageLog keeps the latest interrupt messages: what a logic analyzer on
// the interrupt fabric would show.
type messageLog struct {
	ring []logged
	n    uint64   // seen since the last call
	addr bus.Addr // of the device's write that is on its way; 0 if none is
	data uint32
	unit *bus.Source // the remapping unit, whose fault event is a write of its own
}

// logged is one message, and the device's write that it came as.
type logged struct {
	lapic.Traffic
	addr bus.Addr // 0: it was no write of a device
	data uint32
}

// note keeps a message.
func (l *messageLog) note(t *lapic.Traffic) {
	if l.ring == nil {
		l.ring = make([]logged, logKept)
	}
	e := &l.ring[l.n%logKept] // in place: it is on every interrupt's way
	e.Traffic = *t
	e.addr, e.data = l.addr, l.data
	if t.From != nil && t.From == l.unit {
		e.addr = 0
	}
	l.n++
}

// take hands out what was kept, the oldest first, and how many older ones were
// not.
func (l *messageLog) take() (list []logged, lost uint64) {
	if l.n > logKept {
		lost = l.n - logKept
	}
	for i := lost; i < l.n; i++ {
		list = append(list, l.ring[i%logKept])
	}
	l.n = 0
	return list, lost
}

// TakeLog is the messages since the last call, one line each.
func (b *Board) TakeLog() []string {
	var lines []string
	list, lost := b.log.take()
	if lost > 0 {
		lines = append(lines, fmt.Sprintf("… %d older messages were not kept", lost))
	}
	for _, t := range list {
		lines = append(lines, describe(t))
	}
	return lines
}

// describe writes a message as bus log prints it.
func describe(t logged) string {
	m := t.Message
	if t.EOI {
		return fmt.Sprintf("eoi vector=0x%02x", m.Vector)
	}
	line := fmt.Sprintf("%s dest=%s mode=%s delivery=%s vector=0x%02x trigger=%s", name(t), dest(m),
		pick(m.Logical, "logical", "physical"), m.Mode, m.Vector, pick(m.Level, "level", "edge"))
	if t.Shorthand != 0 {
		return line + " shorthand=" + t.Shorthand.String()
	}
	addr, data, ok := m.MSI()
	if t.addr != 0 {
		addr, data, ok = uint64(t.addr), t.data, true
	}
	if ok {
		line += fmt.Sprintf(" addr=0x%08x data=0x%08x", addr, data)
	}
	return line
}

// name is who sent a message.
func name(t logged) string {
	if t.From == nil {
		return "unknown"
	}
	return t.From.Name
}

// dest is the destination in as many digits as its format has.
func dest(m lapicreg.Message) string {
	if m.Wide {
		return fmt.Sprintf("0x%08x", m.Dest)
	}
	return fmt.Sprintf("0x%02x", m.Dest)
}

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
