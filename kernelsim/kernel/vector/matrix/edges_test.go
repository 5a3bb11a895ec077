package matrix

import (
	"testing"

	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
)

// small is a matrix of two CPUs that are online, with three vectors each: 40,
// 41 and 42. last is what it told last.
func small() (m *Matrix, last *Event) {
	m, last = New(2, 40, 43), &Event{}
	m.Observe = func(ev *Event) { *last = *ev }
	m.Online(0)
	m.Online(1)
	return m, last
}

// TestRefusals: what cannot be had leaves the book as it was, and names no CPU
// and no vector.
func TestRefusals(t *testing.T) {
	m, last := small()
	both, none := cpumask.FirstN(2), cpumask.Mask{}
	before := m.Show()
	*last = Event{Bit: -1}
	refused := func(what string, n, v int, err, want error) {
		t.Helper()
		if n != 0 || v != 0 || err != want || m.Show() != before || last.Bit != -1 {
			t.Errorf("%s: CPU %d vector %d, %v; want nothing, %v:\n%s", what, n, v, err, want, m.Show())
		}
	}
	n, v, err := m.Alloc(none, false)
	refused("no CPU", n, v, err, errno.EINVAL)
	n, v, err = m.AllocManaged(none)
	refused("no CPU for a managed one", n, v, err, errno.EINVAL)
	n, v, err = m.AllocManaged(both)
	refused("nothing was kept", n, v, err, errno.ENOSPC)
	for _, v := range []int{0, 39, 43} {
		m.Free(0, v, false)
		m.Assign(0, v)
		refused("outside the window", 0, 0, nil, nil)
	}
	m.Free(0, 41, false)
	refused("free already", 0, 0, nil, nil)
	m.RemoveManaged(both)
	refused("none to remove", 0, 0, nil, nil)

	for range 6 {
		if _, _, err := m.Alloc(both, false); err != nil {
			t.Fatal(err)
		}
	}
	before, last.Bit = m.Show(), -1
	n, v, err = m.Alloc(both, true)
	refused("all are taken", n, v, err, errno.ENOSPC)
	if err := m.ReserveManaged(both); err != errno.ENOSPC || m.Show() != before {
		t.Errorf("none can be kept: %v", err)
	}
	m.Assign(0, 42)
	refused("taken already", 0, 0, nil, nil)

	off := New(2, 40, 43)
	if n, v, err := off.Alloc(both, false); n != 0 || v != 0 || err != errno.ENOSPC {
		t.Errorf("all CPUs are offline: %d, %d, %v", n, v, err)
	}
	if n, v, err := off.AllocManaged(both); n != 0 || v != 0 || err != errno.ENOSPC {
		t.Errorf("all CPUs are offline: %d, %d, %v", n, v, err)
	}
}

// TestHalfKept: if one CPU has nothing left, what was kept on those before it
// is given up.
func TestHalfKept(t *testing.T) {
	m, _ := small()
	for range 3 {
		if _, _, err := m.Alloc(cpumask.Of(1), false); err != nil {
			t.Fatal(err)
		}
	}
	before := m.Show()
	if err := m.ReserveManaged(cpumask.FirstN(2)); err != errno.ENOSPC || m.Show() != before {
		t.Errorf("%v:\n%swas\n%s", err, m.Show(), before)
	}
}

// TestBooks goes through a short life and looks at every figure after every
// step.
func TestBooks(t *testing.T) {
	m, last := small()
	both := cpumask.FirstN(2)
	// figures of CPU 0, then of all; what was told.
	check := func(step, want string) {
		t.Helper()
		if got := last.String(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", step, got, want)
		}
	}
	check("online", "irq_matrix_online: online_maps=2 global_avl=6, global_rsvd=0, total_alloc=0")
	if !m.Reserve() {
		t.Error("a first promise is too much")
	}
	check("reserve", "irq_matrix_reserve: online_maps=2 global_avl=6, global_rsvd=1, total_alloc=0")
	n, v, err := m.Alloc(both, true)
	check("alloc", "irq_matrix_alloc: bit=40 cpu=0 online=1 avl=2 alloc=1 managed=0 online_maps=2 global_avl=5, global_rsvd=0, total_alloc=1")
	if n != 0 || v != 40 || err != nil {
		t.Errorf("CPU %d vector %d, %v", n, v, err)
	}
	if err := m.ReserveManaged(both); err != nil {
		t.Error(err)
	}
	check("keep", "irq_matrix_reserve_managed: bit=40 cpu=1 online=1 avl=2 alloc=0 managed=1 online_maps=2 global_avl=3, global_rsvd=0, total_alloc=1")
	n, v, err = m.AllocManaged(both)
	check("use", "irq_matrix_alloc_managed: bit=40 cpu=1 online=1 avl=2 alloc=1 managed=1 online_maps=2 global_avl=3, global_rsvd=0, total_alloc=2")
	if n != 1 || v != 40 || err != nil {
		t.Errorf("CPU %d vector %d, %v", n, v, err)
	}
	if m.Available(0, false) != 3 || m.Available(0, true) != 2 || m.Allocated(0) != 1 || m.Allocated(1) != 0 || m.Reserved() != 0 {
		t.Errorf("available %d, without CPU 0 %d; to move %d and %d; promised %d",
			m.Available(0, false), m.Available(0, true), m.Allocated(0), m.Allocated(1), m.Reserved())
	}
	for _, x := range []struct {
		n, v int
		want bool
	}{{0, 40, true}, {0, 41, true}, {0, 42, false}, {1, 40, true}, {1, 41, false}} {
		if m.Taken(x.n, x.v) != x.want {
			t.Errorf("vector %d of CPU %d is taken: %t", x.v, x.n, !x.want)
		}
	}
	m.Free(1, 40, true)
	check("managed free", "irq_matrix_free: bit=40 cpu=1 online=1 avl=2 alloc=0 managed=1 online_maps=2 global_avl=3, global_rsvd=0, total_alloc=1")
	m.RemoveManaged(both)
	check("not kept any more", "irq_matrix_remove_managed: bit=40 cpu=1 online=1 avl=3 alloc=0 managed=0 online_maps=2 global_avl=5, global_rsvd=0, total_alloc=1")
	m.Offline(1)
	check("offline", "irq_matrix_offline: online_maps=1 global_avl=2, global_rsvd=0, total_alloc=1")
	for range 2 {
		if !m.Reserve() {
			t.Error("two promises for two vectors are too many")
		}
	}
	if m.Reserve() {
		t.Error("three promises for two vectors are not")
	}
	m.RemoveReserved()
	check("taken back", "irq_matrix_remove_reserved: online_maps=1 global_avl=2, global_rsvd=2, total_alloc=1")
	m.Online(1)
	check("back", "irq_matrix_online: online_maps=2 global_avl=5, global_rsvd=2, total_alloc=1")
	m.Assign(1, 42)
	check("the window's last", "irq_matrix_assign: bit=42 cpu=1 online=1 avl=2 alloc=1 managed=0 online_maps=2 global_avl=4, global_rsvd=2, total_alloc=2")
	m.Free(1, 42, false)
	check("free", "irq_matrix_free: bit=42 cpu=1 online=1 avl=3 alloc=0 managed=0 online_maps=2 global_avl=5, global_rsvd=2, total_alloc=1")
	m.AssignSystem(40, true)
	check("the system's", "irq_matrix_assign_system: bit=40 online_maps=2 global_avl=5, global_rsvd=2, total_alloc=0")
	if *last != (Event{Kind: AssignSystem, Bit: 40, Maps: 2, GlobalAvail: 5, GlobalRsvd: 2}) || m.maps[0].allocated != 0 || !m.Taken(1, 40) {
		t.Errorf("%+v, CPU 0 has %d", *last, m.maps[0].allocated)
	}
}

// TestSystem: of the system's vectors those in the window are missing on each
// CPU; the window's ends are 40 and 42.
func TestSystem(t *testing.T) {
	for _, x := range []struct{ v, left int }{{39, 3}, {40, 2}, {42, 2}, {43, 3}} {
		m := New(1, 40, 43)
		m.AssignSystem(x.v, false)
		m.Online(0)
		if got := m.Available(0, false); got != x.left {
			t.Errorf("vector %d is the system's: %d left, want %d", x.v, got, x.left)
		}
	}
	m := New(2, 40, 43)
	if err := m.ReserveManaged(cpumask.FirstN(2)); err != nil {
		t.Error(err)
	}
	m.Online(0)
	if got := m.Available(0, false); got != 2 {
		t.Errorf("kept before it was online: %d left, want 2", got)
	}
	m.RemoveManaged(cpumask.FirstN(2))
	if got := m.Available(0, false); got != 3 {
		t.Errorf("given up, one of them offline: %d left, want 3", got)
	}
	m.Observe = nil
	m.Assign(1, 41) // to a CPU that is offline
	if m.Available(0, false) != 3 || m.allocated != 1 {
		t.Errorf("%d left, %d allocated", m.Available(0, false), m.allocated)
	}
	m.Free(1, 41, false)
	if m.Available(0, false) != 3 || m.maps[1].available != 0 {
		t.Errorf("%d left, CPU 1 has %d", m.Available(0, false), m.maps[1].available)
	}
}
