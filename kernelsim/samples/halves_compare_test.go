package samples_test

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/samples"
	"bothhalves/kernelsim/sim"
)

// TestCompare: each mechanism has its line, with the context and the processor
// that it is known for, and none loses an event of a device that is slow enough.
func TestCompare(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 2, Devices: []board.Device{{Kind: "metronome"}}}, samples.Parts()...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	file := func(name string) machine.File {
		for _, f := range m.Loaded()[0].Files {
			if f.Name == name {
				return f
			}
		}
		t.Fatalf("halves has no file %s", name)
		return machine.File{}
	}
	if err := m.Modprobe("halves"); err != nil {
		t.Fatal(err)
	}
	var wrote error
	err = m.Do("sh", func(c *cpu.CPU) { wrote = file("halves").Write(c, "compare every=211us count=20 cpus=1") })
	if err := errors.Join(err, m.Run(2*sim.Second), wrote); err != nil {
		t.Fatal(err)
	}
	text := ""
	if err := m.Do("cat", func(c *cpu.CPU) { text = file("halves_compare").Read(c) }); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"inline": "hardirq no 1 20", "softirq": "softirq no 1 20", "tasklet": "softirq no 1 20", "hi": "softirq no 1 20",
		"thread": "task yes 1 20", "work": "task yes 1 20", "work-highpri": "task yes 1 20", "work-unbound": "task yes 0 20"}
	lines := strings.Split(strings.TrimSpace(text), "\n")[1:]
	if len(lines) != len(want) {
		t.Errorf("%d lines for %d mechanisms:\n%s", len(lines), len(want), text)
	}
	for _, line := range lines {
		w := strings.Fields(line)
		if got := strings.Join(w[1:5], " "); got != want[w[0]] {
			t.Errorf("%s: %s, want %s", w[0], got, want[w[0]])
		}
	}
}
