package lock_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/machine"
)

// onCPU boots a machine and runs fn in a module's init on CPU 0.
func onCPU(t testing.TB, cfg machine.Config, fn func(c *cpu.CPU)) error {
	t.Helper()
	m, err := machine.Boot(cfg, machine.WithModule(machine.Module{Name: "test",
		Init: func(c *cpu.CPU) error { fn(c); return nil }}))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	return m.Modprobe("test")
}

var (
	outer = lock.Define("outer")
	inner = lock.Define("inner")
)

// cycles are the pairs of operations that must not allocate.
func cycles() map[string]func(c *cpu.CPU) {
	return map[string]func(c *cpu.CPU){
		"plain":   func(c *cpu.CPU) { l := outer.Of(c); l.Lock(c); l.Unlock(c) },
		"irqsave": func(c *cpu.CPU) { l := outer.Of(c); f := l.LockIRQSave(c); l.UnlockIRQRestore(c, f) },
		"irq":     func(c *cpu.CPU) { l := outer.Of(c); l.LockIRQ(c); l.UnlockIRQ(c) },
		"try":     func(c *cpu.CPU) { l := outer.Of(c); l.TryLock(c); l.Unlock(c) },
		"nested": func(c *cpu.CPU) {
			a, b := outer.Of(c), inner.Of(c)
			a.Lock(c)
			b.Lock(c)
			b.Unlock(c)
			a.Unlock(c)
		},
	}
}

func TestNoAllocations(t *testing.T) {
	for name, cycle := range cycles() {
		err := onCPU(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
			cycle(c) // the classes learn
			if n := testing.AllocsPerRun(100, func() { cycle(c) }); n != 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkLockUnlock is one lock and unlock, uncontended, with the validator
// on and both charges made.
func BenchmarkLockUnlock(b *testing.B) {
	err := onCPU(b, machine.Config{CPUs: 1, Append: "watchdog_thresh=0"}, func(c *cpu.CPU) {
		l := outer.Of(c)
		b.ReportAllocs()
		for b.Loop() {
			l.Lock(c)
			l.Unlock(c)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLockUnlockIRQSave is the same with the interrupt flag saved.
func BenchmarkLockUnlockIRQSave(b *testing.B) {
	err := onCPU(b, machine.Config{CPUs: 1, Append: "watchdog_thresh=0"}, func(c *cpu.CPU) {
		l := outer.Of(c)
		b.ReportAllocs()
		for b.Loop() {
			f := l.LockIRQSave(c)
			l.UnlockIRQRestore(c, f)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkNested holds one lock while it takes another.
func BenchmarkNested(b *testing.B) {
	err := onCPU(b, machine.Config{CPUs: 1, Append: "watchdog_thresh=0"}, func(c *cpu.CPU) {
		o, l := outer.Of(c), inner.Of(c)
		o.Lock(c)
		b.ReportAllocs()
		for b.Loop() {
			l.Lock(c)
			l.Unlock(c)
		}
		o.Unlock(c)
	})
	if err != nil {
		b.Fatal(err)
	}
}
