// Package matrix models the allocator of vectors (kernel/irq/matrix.c): a book
// of which vectors each processor has given away, and to what kind of user.
package matrix

import (
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
)

// A Matrix is the book of who has which vector on which CPU (struct
// irq_matrix, kernel/irq/matrix.c). It only counts; the hardware is told by
// those who ask it. The caller serializes (vector_lock).
//
// A vector on a CPU is free, the system's, managed (kept for some managed
// interrupt, used or not) or allocated. Beside that there is a number of
// reservations: promises without a vector behind them.
type Matrix struct {
	from, to int // the window in which vectors are handed out
	system   vectors
	inWindow int // system vectors in it
	maps     []cpuMap

	available int // free on all online CPUs together
	reserved  int
	allocated int
	online    int

	// Observe, if set, is told of every change, in the form of the
	// irq_matrix tracepoints.
	Observe func(ev *Event)
}

// A cpuMap is one CPU's part (struct cpumap).
type cpuMap struct {
	available        int
	allocated        int
	managed          int
	managedAllocated int
	initialized      bool
	online           bool
	alloc            vectors
	reserved         vectors // managed_map
}

// New models irq_alloc_matrix for a number of CPUs, all offline: vectors
// are handed out from one on, up to but not including another.
func New(cpus, from, to int) *Matrix {
	return &Matrix{from: from, to: to, maps: make([]cpuMap, cpus)}
}

// AssignSystem models irq_matrix_assign_system: a vector is the system's own
// from now on, on all CPUs. Before any CPU is online, or, with replace, for
// one that CPU 0 has allocated, while it alone is.
func (m *Matrix) AssignSystem(v int, replace bool) {
	cm := &m.maps[0]
	m.system.set(v)
	if replace && cm.alloc.has(v) {
		cm.alloc.clear(v)
		cm.allocated--
		m.allocated--
	}
	if v >= m.from && v < m.to {
		m.inWindow++
	}
	m.tell(AssignSystem, v, nil, 0)
}

// Online models irq_matrix_online: n's vectors may be handed out. A CPU that
// was online before finds its book as it left it.
func (m *Matrix) Online(n int) {
	cm := &m.maps[n]
	if !cm.initialized {
		cm.initialized = true
		cm.available = m.to - m.from - cm.managed - m.inWindow
	}
	cm.online = true
	m.available += cm.available
	m.online++
	m.tell(Online, 0, nil, 0)
}

// Offline models irq_matrix_offline.
func (m *Matrix) Offline(n int) {
	cm := &m.maps[n]
	cm.online = false
	m.available -= cm.available
	m.online--
	m.tell(Offline, 0, nil, 0)
}

// free is the lowest vector that nobody has on a CPU, m.to if there is none.
func (m *Matrix) free(cm *cpuMap) int {
	return cm.reserved.or(&m.system).or(&cm.alloc).firstClear(m.from, m.to)
}

// spare is the lowest managed vector of a CPU that is not in use, m.to if
// there is none.
func (m *Matrix) spare(cm *cpuMap) int {
	return cm.reserved.without(&cm.alloc).first(m.to)
}

// change adds to what is available on a CPU, and in all if it is online.
func (m *Matrix) change(cm *cpuMap, d int) {
	cm.available += d
	if cm.online {
		m.available += d
	}
}

// ReserveManaged models irq_matrix_reserve_managed: it keeps one vector on
// each CPU of a mask, online or not; they need not be the same. If one CPU has
// none left nothing is kept: ENOSPC.
func (m *Matrix) ReserveManaged(mask cpumask.Mask) error {
	for n := range mask.All() {
		cm := &m.maps[n]
		v := m.free(cm)
		if v >= m.to {
			m.RemoveManaged(mask.And(cpumask.FirstN(n)))
			return errno.ENOSPC
		}
		cm.reserved.set(v)
		cm.managed++
		if cm.online {
			m.change(cm, -1)
		}
		m.tell(ReserveManaged, v, cm, n)
	}
	return nil
}

// RemoveManaged models irq_matrix_remove_managed: on each CPU of a mask it
// gives up one managed vector that is not in use.
func (m *Matrix) RemoveManaged(mask cpumask.Mask) {
	for n := range mask.All() {
		cm := &m.maps[n]
		v := m.spare(cm)
		if cm.managed == 0 || v >= m.to {
			continue
		}
		cm.reserved.clear(v)
		cm.managed--
		if cm.online {
			m.change(cm, 1)
		}
		m.tell(RemoveManaged, v, cm, n)
	}
}

// AllocManaged models irq_matrix_alloc_managed: a vector that was kept, on the
// online CPU of the mask with the fewest managed vectors in use; of equals the
// last one. EINVAL for an empty mask, ENOSPC if there is none.
func (m *Matrix) AllocManaged(mask cpumask.Mask) (n, v int, err error) {
	if mask.Empty() {
		return 0, 0, errno.EINVAL
	}
	n = m.leastManaged(mask)
	if n < 0 {
		return 0, 0, errno.ENOSPC
	}
	cm := &m.maps[n]
	if v = m.spare(cm); v >= m.to {
		return 0, 0, errno.ENOSPC
	}
	cm.alloc.set(v)
	cm.allocated++
	cm.managedAllocated++
	m.allocated++
	m.tell(AllocManaged, v, cm, n)
	return n, v, nil
}

// leastManaged models matrix_find_best_cpu_managed, -1 if none is online.
func (m *Matrix) leastManaged(mask cpumask.Mask) int {
	best := -1
	for n := range mask.All() {
		cm := &m.maps[n]
		if cm.online && (best < 0 || cm.managedAllocated <= m.maps[best].managedAllocated) {
			best = n
		}
	}
	return best
}

// Alloc models irq_matrix_alloc: the lowest free vector of the online CPU of
// the mask that has the most free ones; of equals the first. reserved says
// that this fulfils a reservation. EINVAL for an empty mask, ENOSPC if there is
// none.
func (m *Matrix) Alloc(mask cpumask.Mask, reserved bool) (n, v int, err error) {
	if mask.Empty() {
		return 0, 0, errno.EINVAL
	}
	n = m.mostAvailable(mask)
	if n < 0 {
		return 0, 0, errno.ENOSPC
	}
	cm := &m.maps[n]
	if v = m.free(cm); v >= m.to {
		return 0, 0, errno.ENOSPC
	}
	m.take(cm, v)
	if reserved {
		m.reserved--
	}
	m.tell(Alloc, v, cm, n)
	return n, v, nil
}

// mostAvailable models matrix_find_best_cpu, -1 if none has any.
func (m *Matrix) mostAvailable(mask cpumask.Mask) int {
	best, most := -1, 0
	for n := range mask.All() {
		if cm := &m.maps[n]; cm.online && cm.available > most {
			best, most = n, cm.available
		}
	}
	return best
}

// take books a vector as allocated.
func (m *Matrix) take(cm *cpuMap, v int) {
	cm.alloc.set(v)
	cm.allocated++
	m.allocated++
	m.change(cm, -1)
}

// Assign models irq_matrix_assign: a vector of CPU n that is in use from the
// start. A vector outside the window or in use already changes nothing.
func (m *Matrix) Assign(n, v int) {
	cm := &m.maps[n]
	if v < m.from || v >= m.to || cm.alloc.has(v) {
		return
	}
	m.take(cm, v)
	m.tell(Assign, v, cm, n)
}

// Free models irq_matrix_free: the vector of CPU n is free again, or if it is
// managed kept for its owner. A vector that is not allocated changes nothing.
func (m *Matrix) Free(n, v int, managed bool) {
	cm := &m.maps[n]
	if v < m.from || v >= m.to || !cm.alloc.has(v) {
		return
	}
	cm.alloc.clear(v)
	cm.allocated--
	if cm.online {
		m.allocated--
	}
	if managed {
		cm.managedAllocated--
	} else {
		m.change(cm, 1)
	}
	m.tell(Free, v, cm, n)
}

// Reserve models irq_matrix_reserve: a promise of one vector more. It says
// whether there is one for every promise; if not, requests may fail.
func (m *Matrix) Reserve() (enough bool) {
	enough = m.reserved != m.available
	m.reserved++
	m.tell(Reserve, 0, nil, 0)
	return enough
}

// RemoveReserved models irq_matrix_remove_reserved.
func (m *Matrix) RemoveReserved() {
	m.reserved--
	m.tell(RemoveReserved, 0, nil, 0)
}

// Taken reports whether a vector of CPU n is not free.
func (m *Matrix) Taken(n, v int) bool {
	cm := &m.maps[n]
	return cm.alloc.has(v) || cm.reserved.has(v) || m.system.has(v)
}

// Available models irq_matrix_available: what is free on all online CPUs, or
// on all but n if that one is about to leave.
func (m *Matrix) Available(n int, leaving bool) int {
	if leaving {
		return m.available - m.maps[n].available
	}
	return m.available
}

// Reserved models irq_matrix_reserved: how many promises there are.
func (m *Matrix) Reserved() int { return m.reserved }

// Allocated models irq_matrix_allocated: how many vectors of CPU n would have
// to move if it left.
func (m *Matrix) Allocated(n int) int { return m.maps[n].allocated - m.maps[n].managedAllocated }
