package chunk_test

import (
	"bytes"
	"errors"
	"math/rand"
	"testing"

	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/chunk"
)

// model is what must hold of any allocator: which bytes are whose.
type model struct {
	w     *world
	owner map[percpu.Off]int // word -> number of the allocation
	size  map[percpu.Off]int
	live  []percpu.Off
	n     int
}

func (m *model) alloc(r chunk.Request) {
	w, t := m.w, m.w.t
	p, err := w.a.Alloc(r)
	if err != nil {
		var f *chunk.Failure
		if !errors.As(err, &f) || !r.Atomic && !r.Reserved {
			t.Fatalf("%+v: %v", r, err)
		}
		return
	}
	m.n++
	size := (r.Size + 3) / 4 * 4
	if uint64(p)%uint64(max(r.Align, 4)) != 0 {
		t.Fatalf("%+v at %#x is not aligned", r, uint64(p))
	}
	for o := p; o < p+percpu.Off(size); o += 4 {
		if other, taken := m.owner[o]; taken {
			t.Fatalf("%+v at %#x overlaps allocation %d", r, uint64(p), other)
		}
		m.owner[o] = m.n
	}
	for cpu := range w.cpus {
		b := w.bytes(cpu, p, size)
		if !bytes.Equal(b, make([]byte, size)) {
			t.Fatalf("%+v at %#x is not zeroed on CPU %d", r, uint64(p), cpu)
		}
		for i := range b {
			b[i] = byte(m.n + cpu)
		}
	}
	m.size[p], m.live = size, append(m.live, p)
}

func (m *model) free(i int) {
	p := m.live[i]
	n := m.owner[p]
	for cpu := range m.w.cpus {
		for _, b := range m.w.bytes(cpu, p, m.size[p]) {
			if b != byte(n+cpu) {
				m.w.t.Fatalf("allocation %d at %#x was written over on CPU %d", n, uint64(p), cpu)
			}
		}
	}
	if err := m.w.a.Free(p); err != nil {
		m.w.t.Fatal(err)
	}
	for o := p; o < p+percpu.Off(m.size[p]); o += 4 {
		delete(m.owner, o)
	}
	delete(m.size, p)
	m.live[i] = m.live[len(m.live)-1]
	m.live = m.live[:len(m.live)-1]
}

func (m *model) end() {
	for len(m.live) > 0 {
		m.free(len(m.live) - 1)
	}
	m.w.a.Balance()
	for _, c := range m.w.a.Chunks() {
		whole := map[string]int{"reserved": 8192, "dynamic, first": 28672}[c.Kind]
		if m.w.areas.(percpu.Describer).Layout().Kind == "page" && c.Kind == "dynamic, first" {
			whole = 12288
		}
		if c.Kind == "dynamic" {
			whole = c.Pages * 4096
		}
		if c.Free != whole || c.Allocs != 0 {
			m.w.t.Errorf("all is freed, but %+v is not whole (%d bytes)", c, whole)
		}
	}
	if s := m.w.a.Stats(); s.Live != 0 || s.Allocs != m.n || s.Frees != m.n {
		m.w.t.Errorf("stats %+v after %d allocations", s, m.n)
	}
}

func TestAgainstByteMap(t *testing.T) {
	total := 0
	for seed := range int64(6) {
		r := rand.New(rand.NewSource(seed))
		alloc := []string{"", "page"}[seed%2]
		w := newWorld(t, 1+int(seed), 1+int(seed)%2, alloc)
		w.a.EnableAsync()
		m := &model{w: w, owner: map[percpu.Off]int{}, size: map[percpu.Off]int{}}
		for range 600 {
			switch {
			case len(m.live) > 0 && r.Intn(5) < 2:
				m.free(r.Intn(len(m.live)))
			case r.Intn(20) == 0 && w.a.BalanceWanted():
				w.a.Balance()
			default:
				m.alloc(chunk.Request{Size: 1 + r.Intn(1<<(3+r.Intn(12))), Align: 1 << r.Intn(13), Atomic: r.Intn(6) == 0, Reserved: r.Intn(30) == 0})
			}
		}
		m.end()
		total += m.n
	}
	t.Logf("%d allocations checked byte for byte", total)
}

func FuzzAlloc(f *testing.F) {
	f.Add([]byte{0, 8, 3, 1, 0, 0, 0, 200, 12, 2, 0, 0})
	f.Add([]byte{0, 255, 12, 0, 255, 12, 3, 0, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		w := newWorld(t, 3, 1, "")
		w.a.EnableAsync()
		m := &model{w: w, owner: map[percpu.Off]int{}, size: map[percpu.Off]int{}}
		for ; len(ops) >= 3; ops = ops[3:] {
			x, y := int(ops[1]), int(ops[2])
			switch ops[0] % 5 {
			case 0, 1:
				m.alloc(chunk.Request{Size: 1 + x<<(y>>5), Align: 1 << (y % 13), Atomic: ops[0]%5 == 1, Reserved: ops[0]&0x80 != 0})
			case 2:
				if len(m.live) > 0 {
					m.free(x % len(m.live))
				}
			case 3:
				w.a.Balance()
			case 4:
				p := percpu.Off(x<<16 | y<<8)
				if _, live := m.size[p]; !live && p != 0 && w.a.Free(p) == nil {
					t.Fatalf("freed %#x, which was not allocated", uint64(p))
				}
			}
		}
		m.end()
	})
}

func BenchmarkAllocFree(b *testing.B) {
	w := newWorld(b, 4, 1, "")
	for b.Loop() {
		if err := w.a.Free(w.mustAlloc(chunk.Request{Size: 8, Align: 8})); err != nil {
			b.Fatal(err)
		}
	}
}
