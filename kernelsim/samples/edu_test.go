package samples_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/samples"
	"bothhalves/kernelsim/sim"
)

const eduAt = 6 << 3

// withEdu boots two CPUs with an edu device and, on the same line, another if
// it is asked for.
func withEdu(t *testing.T, shared bool) *machine.Machine {
	t.Helper()
	cfg := machine.Config{CPUs: 2, Devices: []board.Device{{Kind: "edu", BDF: eduAt}}}
	if shared {
		cfg.Devices = append(cfg.Devices, board.Device{Kind: "legacy", BDF: 2 << 3})
	}
	m, err := machine.Boot(cfg, samples.Parts()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// One event, and how often the line comes for it.
func TestEduInterrupts(t *testing.T) {
	for _, tt := range []struct {
		module      string
		least, most uint64
	}{
		{"edu", 1, 1},
		{"edu_oneshot", 1, 1},      // masked until the thread is through
		{"edu_wake", 3, 50},        // again and again, until the thread is through
		{"edu_deaf", 1000, 100000}, // until somebody stops it
	} {
		t.Run(tt.module, func(t *testing.T) {
			m := withEdu(t, false)
			if err := m.Modprobe(tt.module); err != nil {
				t.Fatal(err)
			}
			if err := m.Board().Event(eduAt, 0, false); err != nil {
				t.Fatal(err)
			}
			if err := m.Run(20 * sim.Millisecond); err != nil {
				t.Fatal(err)
			}
			if n := m.Interrupts()[10].Total(); n < tt.least || n > tt.most {
				t.Errorf("%d interrupts, want %d to %d", n, tt.least, tt.most)
			}
			if err := m.Rmmod(tt.module); err != nil || m.Interrupts()[10].Requested() {
				t.Errorf("rmmod: %v; the line is still requested: %v", err, m.Interrupts()[10].Requested())
			}
		})
	}
}

// Who does not get the line: nothing is left of the attempt, and the log tells.
func TestEduRefusals(t *testing.T) {
	for _, tt := range []struct {
		module string
		shared bool
		want   error
		told   string
	}{
		{"edu_nooneshot", false, errno.EINVAL, "Threaded irq requested with handler=NULL and !ONESHOT for edu_nooneshot (irq 10)"},
		{"edu_alone", true, errno.EBUSY, "Flags mismatch irq 10. 00000000 (edu_alone) vs. 00000080 (legacy0)"},
		{"edu_oneshot", true, errno.EBUSY, "Flags mismatch irq 10. 00002000 (edu_oneshot) vs. 00000080 (legacy0)"},
	} {
		m := withEdu(t, tt.shared)
		err := m.Modprobe(tt.module)
		if !errors.Is(err, tt.want) || !told(m, tt.told) {
			t.Errorf("%s: %v, want %v; the log does not say %q", tt.module, err, tt.want, tt.told)
		}
		if err := m.Modprobe("edu"); err != nil {
			t.Errorf("after %s the line cannot be had: %v", tt.module, err)
		}
		if err := m.Modprobe("edu_deaf"); !errors.Is(err, errno.EBUSY) {
			t.Errorf("a second driver of one device: %v, want EBUSY", err)
		}
	}
}

// told reports whether the kernel's log says something.
func told(m *machine.Machine, text string) bool {
	return slices.ContainsFunc(m.Dmesg(), func(l printk.Line) bool { return strings.Contains(l.Text, text) })
}

func TestNoEdu(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 1}, samples.Parts()...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Modprobe("edu"); !errors.Is(err, errno.ENODEV) {
		t.Errorf("without a device: %v, want ENODEV", err)
	}
}
