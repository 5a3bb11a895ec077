package samples_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/samples"
	"bothhalves/kernelsim/sim"
)

// withPattern boots with a pattern device and loads a driver of it.
func withPattern(t *testing.T, module string) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(machine.Config{CPUs: 1, Devices: []board.Device{{Kind: "pattern", BDF: eduAt}}}, samples.Parts()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	if err := m.Modprobe(module); err != nil {
		t.Fatal(err)
	}
	return m
}

// counted lets events happen a microsecond apart and says how many interrupts
// came for the driver in 400 ms.
func counted(t *testing.T, m *machine.Machine, module string, events int) (interrupts uint64) {
	t.Helper()
	if err := m.Board().Event(eduAt, events, false); err != nil {
		t.Fatal(err)
	}
	if err := m.Run(400 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	for _, i := range m.Interrupts() {
		if slices.Contains(i.Names(), module) {
			return i.Total()
		}
	}
	t.Fatalf("%s has no interrupt", module)
	return 0
}

// An event with five more while the handler is at work, then one more: how
// often the line or the message comes, and which events the driver finds.
func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		module       string
		first, then  uint64
		seen, notice string
	}{
		{"pattern_ack", 2, 3, "6 1", ""},
		{"pattern_ack_forgets", 100001, 100001, "6 1", "Disabling IRQ #10"}, // only what nobody handled is counted
		{"pattern_arm", 1, 2, "6 1", ""},
		{"pattern_arm_forgets", 1, 1, "6", ""},
		{"pattern_mask", 2, 3, "6 1", ""},
		{"pattern_mask_forgets", 1, 1, "6", ""},
		{"pattern_none", 2, 3, "6 1", ""},
	} {
		t.Run(tt.module, func(t *testing.T) {
			m := withPattern(t, tt.module)
			if n := counted(t, m, tt.module, 6); n != tt.first {
				t.Errorf("six events: %d interrupts, want %d", n, tt.first)
			}
			if n := counted(t, m, tt.module, 1); n != tt.then {
				t.Errorf("one more: %d interrupts, want %d", n, tt.then)
			}
			if got := found(m); got != tt.seen {
				t.Errorf("the driver found %q, want %q", got, tt.seen)
			}
			if tt.notice != "" && !told(m, tt.notice) || tt.notice == "" && told(m, "Disabling") {
				t.Errorf("the log says %q: want %v", "Disabling", tt.notice != "")
			}
			if err := m.Rmmod(tt.module); err != nil {
				t.Error(err)
			}
		})
	}
}

// found are the numbers of events of which the driver's lines in the log tell.
func found(m *machine.Machine) string {
	var list []string
	for _, l := range m.Dmesg() {
		if rest, ok := strings.CutPrefix(l.Text, "pattern: "); ok {
			list = append(list, strings.TrimSuffix(rest, " events"))
		}
	}
	return strings.Join(list, " ")
}

// One driver after another: each begins with the events that come after it.
func TestPatternsInTurn(t *testing.T) {
	m := withPattern(t, "pattern_mask_forgets")
	counted(t, m, "pattern_mask_forgets", 3)
	if err := m.Modprobe("pattern_none"); !errors.Is(err, errno.EBUSY) {
		t.Errorf("a second driver of one device: %v, want EBUSY", err)
	}
	for _, module := range []string{"pattern_arm", "pattern_ack", "pattern_none", "pattern_mask"} {
		if err := m.Rmmod(m.Loaded()[0].Name); err != nil {
			t.Fatal(err)
		}
		if err := m.Modprobe(module); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, m, module, 1); n != 1 {
			t.Errorf("%s: %d interrupts for one event", module, n)
		}
	}
	if got := found(m); got != "3 1 1 1 1" {
		t.Errorf("the drivers found %q", got)
	}
	if err := m.Board().Event(eduAt, 1, true); err == nil {
		t.Error("the device learned of an event that was seen without its registers")
	}
}

func TestNoPattern(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 1}, samples.Parts()...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Modprobe("pattern_ack"); !errors.Is(err, errno.ENODEV) {
		t.Errorf("without a device: %v, want ENODEV", err)
	}
}
