package machine_test

import (
	"errors"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"
)

var (
	modWord  = percpu.NewWordIn[uint64]("mod", "word", 7)
	modValue = percpu.NewIn[[3]int]("mod", "value")
)

// A module's variables lie in the reserved part of every unit from modprobe
// to rmmod, and begin anew each time.
func TestModuleVariables(t *testing.T) {
	mod := machine.Module{Name: "mod", Init: func(c *cpu.CPU) error {
		modWord.Inc(c)
		modValue.On(c, 1)[2] = 5
		return nil
	}}
	m := boot(t, machine.Config{CPUs: 3}, machine.WithModule(mod))
	layout, _ := m.Layout()
	count := len(m.Symbols())
	for range 3 {
		if err := m.Modprobe("mod"); err != nil {
			t.Fatal(err)
		}
		if len(m.Symbols()) != count+2 {
			t.Fatalf("%d symbols, want %d", len(m.Symbols()), count+2)
		}
		for _, s := range m.Symbols() {
			reserved := int(s.Off) >= layout.Static && int(s.Off)+s.Size <= layout.Static+layout.Reserved
			if reserved != (s.Module == "mod") {
				t.Errorf("%s of %q lies at %#x", s.Name, s.Module, uint64(s.Off))
			}
		}
		if a, b := modWord.Peek(m.CPUs()[0]), modWord.Peek(m.CPUs()[2]); a != 8 || b != 7 || modValue.Raw(m.CPUs()[1])[2] != 5 {
			t.Errorf("words %d and %d, value %v", a, b, modValue.Raw(m.CPUs()[1]))
		}
		if err := m.Modprobe("mod"); !errors.Is(err, errno.EEXIST) {
			t.Errorf("modprobe twice: %v", err)
		}
		if err := m.Rmmod("mod"); err != nil || len(m.Symbols()) != count {
			t.Errorf("rmmod: %v, %d symbols left of %d", err, len(m.Symbols()), count)
		}
	}
	if err := m.Rmmod("mod"); !errors.Is(err, errno.ENOENT) {
		t.Errorf("rmmod twice: %v", err)
	}
	if err := m.Modprobe("nothing"); !errors.Is(err, errno.ENOENT) {
		t.Errorf("unknown module: %v", err)
	}
}

// A module whose Init refuses is not loaded, and holds nothing.
func TestInitFails(t *testing.T) {
	refuse := true
	mod := machine.Module{Name: "mod", Init: func(*cpu.CPU) error {
		if refuse {
			return errno.ENODEV
		}
		return nil
	}}
	m := boot(t, machine.Config{CPUs: 2}, machine.WithModule(mod))
	count := len(m.Symbols())
	if err := m.Modprobe("mod"); !errors.Is(err, errno.ENODEV) || len(m.Loaded()) != 0 || len(m.Symbols()) != count {
		t.Errorf("%v; %d loaded, %d symbols of %d", err, len(m.Loaded()), len(m.Symbols()), count)
	}
	refuse = false
	if err := m.Modprobe("mod"); err != nil || len(m.Loaded()) != 1 {
		t.Errorf("the second time: %v", err)
	}
}

var _ = percpu.NewIn[[6000]byte]("huge", "one")
var _ = percpu.NewIn[[6000]byte]("huge", "two")

// What does not fit the reserved 8 KiB is refused as a whole.
func TestReservedPartIsFull(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2}, machine.WithModule(machine.Module{Name: "huge"}), machine.WithModule(machine.Module{Name: "mod"}))
	count := len(m.Symbols())
	if err := m.Modprobe("huge"); !errors.Is(err, errno.ENOMEM) || len(m.Symbols()) != count {
		t.Errorf("%v, %d symbols of %d", err, len(m.Symbols()), count)
	}
	if err := m.Modprobe("mod"); err != nil {
		t.Errorf("a small module behind it: %v", err)
	}
}

func TestBadArguments(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	for _, n := range []int{-1, 2, 99} {
		if m.Interrupt(n, entry.Reschedule) == nil {
			t.Errorf("CPU %d can be interrupted", n)
		}
	}
	if m.Burn(2, 1) == nil {
		t.Error("CPU 2 of 2 burns")
	}
}
