package matrix

import (
	"fmt"
	"strings"
)

// A Kind is a tracepoint of the matrix (include/trace/events/
// irq_matrix.h).
type Kind uint8

// The tracepoints.
const (
	Online Kind = iota
	Offline
	Reserve
	RemoveReserved
	AssignSystem
	ReserveManaged
	RemoveManaged
	AllocManaged
	Assign
	Alloc
	Free
)

// String is the event's name below events/irq_matrix.
func (k Kind) String() string {
	return "irq_matrix_" + [...]string{"online", "offline", "reserve", "remove_reserved", "assign_system",
		"reserve_managed", "remove_managed", "alloc_managed", "assign", "alloc", "free"}[k]
}

// A Event is a change of the matrix, and how its books stand afterwards.
type Event struct {
	Kind Kind
	Bit  int
	CPU  int
	// Of that CPU: is it online, how many vectors are free, allocated and
	// managed.
	Online                         bool
	Avail, Alloc, Managed          int
	Maps                           int // CPUs that are online
	GlobalAvail, GlobalRsvd, Total int
}

// String is the event as tracefs prints it.
func (ev *Event) String() string {
	var b strings.Builder
	b.WriteString(ev.Kind.String() + ": ")
	if ev.Kind >= AssignSystem {
		fmt.Fprintf(&b, "bit=%d ", ev.Bit)
	}
	if ev.Kind > AssignSystem {
		fmt.Fprintf(&b, "cpu=%d online=%d avl=%d alloc=%d managed=%d ", ev.CPU, flag(ev.Online), ev.Avail, ev.Alloc, ev.Managed)
	}
	fmt.Fprintf(&b, "online_maps=%d global_avl=%d, global_rsvd=%d, total_alloc=%d", ev.Maps, ev.GlobalAvail, ev.GlobalRsvd, ev.Total)
	return b.String()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// tell informs the observer; cm is nil for events that concern no single CPU.
func (m *Matrix) tell(k Kind, v int, cm *cpuMap, n int) {
	if m.Observe == nil {
		return
	}
	ev := Event{Kind: k, Bit: v, CPU: n, Maps: m.online,
		GlobalAvail: m.available, GlobalRsvd: m.reserved, Total: m.allocated}
	if cm != nil {
		ev.Online, ev.Avail, ev.Alloc, ev.Managed = cm.online, cm.available, cm.allocated, cm.managed
	}
	m.Observe(&ev)
}

// Show is the matrix as debugfs prints it at the top of a domain's file.
func (m *Matrix) Show() string { return m.Text(1) }

// Text models irq_matrix_debug_show: the matrix, with its table indented.
func (m *Matrix) Text(ind int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Online bitmaps:   %6d\nGlobal available: %6d\nGlobal reserved:  %6d\nTotal allocated:  %6d\n",
		m.online, m.available, m.reserved, m.allocated)
	fmt.Fprintf(&b, "System: %d: %s\n", m.system.count(), m.system)
	fmt.Fprintf(&b, "%*s| CPU | avl | man | mac | act | vectors\n", ind, " ")
	for n := range m.maps {
		if cm := &m.maps[n]; cm.online {
			fmt.Fprintf(&b, "%*s %4d  %4d  %4d  %4d %4d  %s\n", ind, " ", n, cm.available, cm.managed, cm.managedAllocated, cm.allocated, cm.alloc)
		}
	}
	return b.String()
}
