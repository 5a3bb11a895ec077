package percpu_test

import (
	"math/rand/v2"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
)

var (
	wordA = percpu.NewWord[uint64]("word_test_a", 0x1122334455667788)
	wordB = percpu.NewWord[int32]("word_test_b", -5)
	wordC = percpu.NewWord[uint16]("word_test_c", 0xfffe)
	wordD = percpu.NewWord[uint8]("word_test_d", 250)
	value = percpu.New[[4]int]("word_test_value")
	none  = percpu.NewWordIn[uint32]("word_test_module", "word", 1)
)

func boot(t *testing.T, cfg machine.Config, parts ...machine.Part) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg, parts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// on runs fn in a process of CPU 0.
func on(t *testing.T, m *machine.Machine, fn func(c *cpu.CPU)) {
	t.Helper()
	if err := m.Do("test", fn); err != nil {
		t.Fatal(err)
	}
}

// A model holds what each CPU's copy must be.
type model[T percpu.Integer] struct {
	word   percpu.Word[T]
	copies []T
}

// step does one random operation on the word and on the model.
func (m *model[T]) step(t *testing.T, c *cpu.CPU, rnd *rand.Rand) {
	t.Helper()
	mine, x := &m.copies[c.ID], T(rnd.Uint64())
	n := rnd.IntN(len(m.copies))
	want, got := *mine, *mine
	switch rnd.IntN(12) {
	case 0:
		got = m.word.Read(c)
	case 1:
		m.word.Write(c, x)
		*mine = x
	case 2:
		m.word.Add(c, x)
		*mine += x
	case 3:
		m.word.Inc(c)
		*mine++
	case 4:
		m.word.Dec(c)
		*mine--
	case 5:
		got = m.word.AddReturn(c, x)
		*mine += x
		want = *mine
	case 6:
		m.word.And(c, x)
		*mine &= x
	case 7:
		m.word.Or(c, x)
		*mine |= x
	case 8:
		got = m.word.Xchg(c, x)
		*mine = x
	case 9:
		old := *mine + T(rnd.IntN(2))
		got = m.word.Cmpxchg(c, old, x)
		if old == *mine {
			*mine = x
		}
	case 10:
		want, got = m.copies[n], m.word.On(c, n)
	case 11:
		m.word.SetOn(c, n, x)
		m.copies[n] = x
	}
	if got != want || m.word.Peek(c) != *mine {
		t.Fatalf("CPU %d: an operation gave %v, want %v; the word holds %v, want %v", c.ID, got, want, m.word.Peek(c), *mine)
	}
}

func newModel[T percpu.Integer](w percpu.Word[T], init T, cpus int) *model[T] {
	m := &model[T]{word: w}
	for range cpus {
		m.copies = append(m.copies, init)
	}
	return m
}

// Every operation of every size does to its own copy what the model does, and
// nothing to any other word or copy.
func TestWordsAgainstModel(t *testing.T) {
	const cpus = 3
	m := boot(t, machine.Config{CPUs: cpus})
	rnd := rand.New(rand.NewPCG(1, 2))
	a, b := newModel(wordA, 0x1122334455667788, cpus), newModel(wordB, -5, cpus)
	c, d := newModel(wordC, 0xfffe, cpus), newModel(wordD, 250, cpus)
	for range 40 {
		n := rnd.IntN(cpus)
		sched.KThreadOn(m.CPUs()[0], n, "worker", func(k *sched.Task) {
			for range 100 {
				a.step(t, k.CPU(), rnd)
				b.step(t, k.CPU(), rnd)
				c.step(t, k.CPU(), rnd)
				d.step(t, k.CPU(), rnd)
			}
		})
		if err := m.RunIdle(); err != nil {
			t.Fatal(err)
		}
	}
}

// The words are bytes of the units: at the declared offset behind each CPU's
// GS base, little-endian, nowhere else.
func TestWordsAreBytesOfTheUnit(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	off := offset(t, m, wordA.Decl())
	for n, c := range m.CPUs() {
		wordA.Poke(c, 0x0807060504030201+uint64(n))
		for i, b := range c.GS.Mem[off : off+8] {
			if want := byte(i + 1); b != want && (i != 0 || b != want+byte(n)) {
				t.Errorf("CPU %d: byte %d at %#x is %#x", n, i, off, b)
			}
		}
		if v, ok := percpu.WordValue(c, wordA.Decl()); !ok || v != 0x0807060504030201+uint64(n) {
			t.Errorf("WordValue is %#x", v)
		}
	}
}

func offset(t *testing.T, m *machine.Machine, d *percpu.Declaration) int {
	t.Helper()
	for _, s := range m.Symbols() {
		if s.Declaration == d {
			return int(s.Off)
		}
	}
	t.Fatalf("%s has no offset", d.Name)
	return 0
}

// Variables of the image do not overlap, whatever the order of declaration.
func TestOffsetsAreDisjoint(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 1})
	end, last := 0, ""
	for _, s := range m.Symbols() {
		if s.Module != "" || s.Recorded {
			continue // recorded ones lie as in the real image, whose types are larger
		}
		if int(s.Off) < end {
			t.Errorf("%s at %#x overlaps %s, which ends at %#x", s.Name, uint64(s.Off), last, end)
		}
		end, last = int(s.Off)+s.Size, s.Name
	}
	if end > len(m.Section().Image) {
		t.Errorf("%s ends at %#x, behind the section", last, end)
	}
}

// overlapping gives CPU 1 the unit of CPU 0.
type overlapping struct{ percpu.Areas }

func (o overlapping) Offset(int) percpu.Addr { return o.Areas.Offset(0) }

func (o overlapping) Addr(n int, sym percpu.Off) percpu.Addr { return o.Offset(n) + percpu.Addr(sym) }

// Two CPUs whose units are one share their words: what one adds the other
// sees. Addresses decide, not CPU numbers.
func TestOverlappingUnitsShareWords(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 2}, func(p *machine.Parts) {
		standard := p.SetupAreas
		p.SetupAreas = func(req *percpu.SetupRequest) (percpu.Areas, error) {
			areas, err := standard(req)
			return overlapping{areas}, err
		}
	})
	if m == nil {
		t.Fatal(err)
	}
	defer m.Close()
	a, b := m.CPUs()[0], m.CPUs()[1]
	wordA.Poke(a, 41)
	if wordA.Poke(b, wordA.Peek(b)+1); wordA.Peek(a) != 42 {
		t.Errorf("CPU 0 sees %d, want what CPU 1 wrote", wordA.Peek(a))
	}
	if value.Raw(a) != value.Raw(b) {
		t.Error("one address holds two Go values")
	}
}

// The two kinds of declaration differ in what they check.
func TestPreemptionChecks(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	on(t, m, func(c *cpu.CPU) {
		preempt.Disable(c)
		wordB.RawWrite(c, 1)
		wordB.RawAdd(c, 2)
		wordB.RawOr(c, 4)
		if wordB.RawRead(c) != 7 || value.This(c) != value.Raw(c) {
			t.Error("a raw operation went elsewhere")
		}
		preempt.Enable(c)
	})
	if err := m.Do("careless", func(c *cpu.CPU) { wordB.RawRead(c) }); err == nil {
		// Do binds its process to CPU 0, but does not pin it: the check holds
		t.Error("__this_cpu_read in preemptible code was not reported")
	}
}

// A module's word has no place while the module is not loaded.
func TestUnloadedModuleHasNoOffset(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 1})
	for _, s := range m.Symbols() {
		if s.Declaration == none.Decl() {
			t.Errorf("a module that is not loaded has its word at %#x", uint64(s.Off))
		}
	}
}

func TestOperationsAllocateNothing(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	var n float64
	on(t, m, func(c *cpu.CPU) {
		n = testing.AllocsPerRun(1000, func() {
			wordA.Inc(c)
			wordA.Xchg(c, wordA.On(c, 1))
			value.Raw(c)[0]++
		})
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
