package dyn_test

import (
	"errors"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/chunk"
	"bothhalves/kernelsim/kernel/percpu/dyn"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
)

// on boots a machine and runs fn in a process of it.
func on(t *testing.T, cfg machine.Config, fn func(c *cpu.CPU)) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	if err := m.Do("test", fn); err != nil {
		t.Fatalf("%v\n%s", err, m.Report().Stack)
	}
	return m
}

func TestEachCPUHasItsCopy(t *testing.T) {
	var p percpu.Ptr[uint64]
	m := on(t, machine.Config{CPUs: 3}, func(c *cpu.CPU) {
		var err error
		if p, err = dyn.Alloc[uint64](c); err != nil {
			t.Fatal(err)
		}
		for n := range c.Peers {
			sched.KThreadOn(c, n, "adder", func(k *sched.Task) {
				for range n + 1 {
					p.Inc(k.CPU())
				}
			})
		}
	})
	if err := m.RunIdle(); err != nil {
		t.Fatal(err)
	}
	check := func(c *cpu.CPU) {
		for n := range c.Peers {
			if got := p.On(c, n); got != uint64(n+1) {
				t.Errorf("CPU %d counted %d, want %d", n, got, n+1)
			}
		}
		if p.Sum(c) != 6 {
			t.Errorf("sum %d, want 6", p.Sum(c))
		}
		if err := dyn.Free(c, p); err != nil {
			t.Error(err)
		}
		if err := dyn.Free(c, p); err == nil {
			t.Error("freeing twice was accepted")
		}
	}
	if err := m.Do("check", check); err != nil {
		t.Fatal(err)
	}
}

// An offset behind the first chunk leads to memory too: the first 28 KiB are
// used up, a second chunk appears, and the trace says so.
func TestSecondChunk(t *testing.T) {
	m := on(t, machine.Config{CPUs: 2}, func(c *cpu.CPU) {
		for range 3 {
			if _, err := dyn.AllocBytes(c, chunk.Request{Size: 20 << 10, Align: 64}); err != nil {
				t.Fatal(err)
			}
		}
	})
	if n := dyn.Allocator(m.CPUs()[0]).Stats().Chunks; n < 2 {
		t.Errorf("%d chunks after 60 KiB from a first chunk with 28, want more", n)
	}
}

func TestRefusals(t *testing.T) {
	on(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		if _, err := dyn.AllocBytes(c, chunk.Request{Size: 32<<10 + 4, Align: 4}); !errors.Is(err, errno.EINVAL) {
			t.Errorf("more than 32 KiB: %v, want EINVAL", err)
		}
		for range 4 { // 28 KiB cannot hold four of 8 KiB, and atomic callers cannot wait for more
			if _, err := dyn.AllocBytes(c, chunk.Request{Size: 8 << 10, Align: 4, Atomic: true}); err != nil {
				if !errors.Is(err, errno.ENOMEM) {
					t.Errorf("atomic: %v, want ENOMEM", err)
				}
				return
			}
		}
		t.Error("32 KiB of atomic allocations from 28 KiB succeeded")
	})
}

// In a fully preemptible kernel the worker may take the CPU in the middle of
// an atomic allocation, and the caller may go on elsewhere.
func TestWorkerPreemptsAllocation(t *testing.T) {
	m := on(t, machine.Config{CPUs: 1, Append: "preempt=full"}, func(c *cpu.CPU) {
		for range 6 {
			if _, err := dyn.AllocBytes(c, chunk.Request{Size: 8 << 10, Align: 4}); err != nil {
				t.Fatal(err)
			}
			if _, err := dyn.AllocBytes(c, chunk.Request{Size: 4 << 10, Align: 4, Atomic: true}); err != nil && !errors.Is(err, errno.ENOMEM) {
				t.Fatal(err)
			}
		}
	})
	if err := m.RunIdle(); err != nil {
		t.Fatal(err)
	}
}
