package sim

import (
	"math/rand/v2"
	"testing"
)

// model is the queue as a list: the first by time, then by the order of
// arming, is found by looking at all.
type model struct {
	armed []*Event
	at    map[*Event]Time
	seq   map[*Event]int
	next  int
}

func (m *model) arm(ev *Event, at Time) {
	m.disarm(ev)
	m.next++
	m.armed, m.at[ev], m.seq[ev] = append(m.armed, ev), at, m.next
}

func (m *model) disarm(ev *Event) {
	for i, other := range m.armed {
		if other == ev {
			m.armed = append(m.armed[:i], m.armed[i+1:]...)
		}
	}
}

func (m *model) first() (first *Event) {
	for _, ev := range m.armed {
		if first == nil || m.at[ev] < m.at[first] || m.at[ev] == m.at[first] && m.seq[ev] < m.seq[first] {
			first = ev
		}
	}
	return first
}

func (m *model) work() (n int) {
	for _, ev := range m.armed {
		if !ev.Timer {
			n++
		}
	}
	return n
}

// Any sequence of arming, moving, disarming and taking leaves the queue and
// the list with the same events in the same order.
func TestQueueAgainstModel(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		events := make([]Event, 1+rnd.IntN(80))
		q, m := &queue{}, &model{at: map[*Event]Time{}, seq: map[*Event]int{}}
		for i := range events {
			events[i].Timer = i%3 == 0
		}
		for step := range 2000 {
			ev := &events[rnd.IntN(len(events))]
			switch rnd.IntN(5) {
			case 0, 1, 2:
				at := Time(rnd.IntN(20)) // few times: many ties
				q.push(ev, at)
				m.arm(ev, at)
			case 3:
				if ev.Armed() {
					q.remove(ev)
				}
				m.disarm(ev)
			case 4:
				checkFirst(t, seed, step, q, m)
			}
			if q.work != m.work() || len(q.heap) != len(m.armed) {
				t.Fatalf("seed %d step %d: %d events of which %d work, want %d and %d", seed, step, len(q.heap), q.work, len(m.armed), m.work())
			}
		}
		for len(m.armed) > 0 {
			checkFirst(t, seed, -1, q, m)
		}
	}
}

func checkFirst(t *testing.T, seed uint64, step int, q *queue, m *model) {
	t.Helper()
	want := m.first()
	if want == nil {
		if q.first() != Forever {
			t.Fatalf("seed %d step %d: an empty queue has an event at %d", seed, step, q.first())
		}
		return
	}
	if q.first() != m.at[want] {
		t.Fatalf("seed %d step %d: first at %d, want %d", seed, step, q.first(), m.at[want])
	}
	if got := q.pop(); got != want || got.Armed() {
		t.Fatalf("seed %d step %d: another event came first, or it is still armed", seed, step)
	}
	m.disarm(want)
}

func TestOneTimeIsFirstInFirstOut(t *testing.T) {
	var q queue
	events := make([]Event, 100)
	for i := range events {
		q.push(&events[i], 7)
	}
	for i := range events {
		if q.pop() != &events[i] {
			t.Fatalf("event %d of one time did not come as number %d", i, i)
		}
	}
}

func TestQueueAllocatesNothing(t *testing.T) {
	var q queue
	events := make([]Event, 64)
	for i := range events {
		q.push(&events[i], Time(i))
	}
	if n := testing.AllocsPerRun(1000, func() {
		ev := q.pop()
		q.push(ev, ev.at+64)
	}); n != 0 {
		t.Errorf("%v allocations for a pop and a push", n)
	}
}

// BenchmarkQueue is pop and push at depth 64; target 60 ns.
func BenchmarkQueue(b *testing.B) {
	var q queue
	events := make([]Event, 64)
	for i := range events {
		q.push(&events[i], Time(i))
	}
	state := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		ev := q.pop()
		state = state*6364136223846793005 + 1442695040888963407
		q.push(ev, ev.at+Time(1+state>>54))
	}
}
