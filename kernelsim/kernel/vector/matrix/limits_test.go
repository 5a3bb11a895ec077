package matrix

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
)

// TestAssignSystem: only a vector that CPU 0 has given away is taken back, and
// only where that was said; it is nobody's to free afterwards.
func TestAssignSystem(t *testing.T) {
	m, _ := small()
	m.Assign(0, 41)
	m.AssignSystem(40, true)
	if m.Allocated(0) != 1 || m.allocated != 1 {
		t.Errorf("a vector that was free was taken back:\n%s", m.Show())
	}
	m.AssignSystem(41, false)
	if m.Allocated(0) != 1 {
		t.Errorf("a vector was taken back though that was not said:\n%s", m.Show())
	}
	m.AssignSystem(41, true)
	before := m.Show()
	if m.Free(0, 41, false); m.Show() != before || m.Allocated(0) != 0 {
		t.Errorf("the system's vector can be freed:\n%s", m.Show())
	}
}

// TestWindowsEnds: the first vector of the window is one like all others.
func TestWindowsEnds(t *testing.T) {
	m, last := small()
	if m.Assign(0, 40); m.Allocated(0) != 1 || last.Kind != Assign || last.Bit != 40 {
		t.Errorf("%+v\n%s", last, m.Show())
	}
}

// TestGlobalEventsNameNothing: an event of the matrix as a whole has no vector
// and no CPU.
func TestGlobalEventsNameNothing(t *testing.T) {
	m, last := small()
	for _, do := range []func(){func() { m.Online(1) }, func() { m.Offline(1) }, func() { m.Reserve() }, m.RemoveReserved} {
		if do(); last.Bit != 0 || last.CPU != 0 {
			t.Errorf("%v: %+v", last, *last)
		}
	}
	if m.AssignSystem(42, false); last.Bit != 42 || last.CPU != 0 {
		t.Errorf("%v: %+v", last, *last)
	}
}

// TestOfflineBook: Linux counts no vector that is kept on a CPU which is away
// after it has been there, so its book promises one too many when it is back.
func TestOfflineBook(t *testing.T) {
	m, last := small()
	one := cpumask.Of(1)
	m.Offline(1)
	if err := m.ReserveManaged(one); err != nil || !strings.Contains(last.String(), "online=0") {
		t.Errorf("%v: %v", last, err)
	}
	m.Online(1)
	for range 2 {
		if _, _, err := m.Alloc(one, false); err != nil {
			t.Fatal(err)
		}
	}
	if n, v, err := m.Alloc(one, false); n != 0 || v != 0 || err != errno.ENOSPC || m.maps[1].available != 1 {
		t.Errorf("CPU %d vector %d, %v:\n%s", n, v, err, m.Show())
	}
}

// TestSetText: a set is printed as ranges, to the last vector.
func TestSetText(t *testing.T) {
	var b vectors
	for _, v := range []int{0, 1, 3, 64, 254, 255} {
		b.set(v)
	}
	if got := b.String(); got != "0-1,3,64,254-255" {
		t.Error(got)
	}
	if b.clear(254); b.String() != "0-1,3,64,255" {
		t.Error(b)
	}
}
