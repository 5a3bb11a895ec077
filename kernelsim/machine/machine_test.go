package machine_test

import (
	"testing"

	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/trace/view"
)

func TestBootSmoke(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 2})
	if err != nil {
		t.Fatalf("%v\n%s", err, m.Report().Stack)
	}
	defer m.Close()
	for _, l := range m.Dmesg() {
		t.Log(l)
	}
	for _, r := range m.Ring().From(0) {
		t.Log(view.Line(r, m.Ring().Names()))
	}
	for _, task := range m.Tasks() {
		t.Log(task, task.State.Letter(), task.CPU().ID)
	}
}

func BenchmarkBoot2(b *testing.B) {
	for b.Loop() {
		m, err := machine.Boot(machine.Config{CPUs: 2})
		if err != nil {
			b.Fatal(err)
		}
		m.Close()
	}
}
