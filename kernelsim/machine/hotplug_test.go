package machine_test

import (
	"slices"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/machine"
)

// TestSetOnline: a processor goes and comes back, again and again, and leaves
// nothing behind: no coroutine, no task, and the log tells in Linux's words.
func TestSetOnline(t *testing.T) {
	m, err := machine.Boot(machine.Config{Devices: []board.Device{
		{Kind: "nvme", BDF: 3 << 3, Queues: 4}, {Kind: "virtio-net", BDF: 2 << 3, Vectors: 10}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	coroutines, tasks, lines := 0, 0, len(m.Dmesg())
	for round := range 4 {
		for _, on := range []bool{false, true} {
			if err := m.SetOnline(3, on); err != nil {
				t.Fatalf("round %d, %v: %v", round, on, err)
			}
			if err := m.RunIdle(); err != nil {
				t.Fatal(err)
			}
		}
		if round == 0 { // the worker has been made
			coroutines, tasks = m.Engine().Coroutines(), len(m.Tasks())
		}
	}
	if n := m.Engine().Coroutines(); n != coroutines {
		t.Errorf("%d coroutines after the first round, %d now", coroutines, n)
	}
	if n := len(m.Tasks()); n != tasks {
		t.Errorf("%d tasks after the first round, %d now", tasks, n)
	}
	var log []string
	for _, l := range m.Dmesg()[lines:] {
		log = append(log, l.Text)
	}
	want := slices.Repeat([]string{"smpboot: CPU 3 is now offline", "smpboot: Booting Node 0 Processor 3 APIC 0x3"}, 4)
	if !slices.Equal(log, want) {
		t.Errorf("the log says %q, want %q", log, want)
	}
}
