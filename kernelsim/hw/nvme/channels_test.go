package nvme

import (
	"fmt"
	"slices"
	"testing"

	abi "bothhalves/kernelsim/hw/nvme/nvmeabi"
	"bothhalves/kernelsim/sim"
)

// TestChannels: so many commands are worked on at once, whatever queues they
// come from; the others wait for the channel that is free first. The admin
// queue waits for nobody, and a reset frees all.
func TestChannels(t *testing.T) {
	for channels, want := range map[int][]int{0: {0, 0, 0, 0, 0}, 1: {0, 1, 2, 3, 4}, 2: {0, 0, 1, 1, 2}, 5: {0, 0, 0, 0, 0}, -3: {0, 0, 0, 0, 0}} {
		x := newBench(t, Config{Queues: 2, Latency: 20 * sim.Microsecond, Channels: channels})
		x.messages()
		x.enable()
		for range 2 {
			start := x.eng.Now()
			var got []int
			for i := range want {
				due := x.begin(1 + i%2)
				got = append(got, int((due-start)/(20*sim.Microsecond))-1)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d channels: commands wait for %v turns, want %v", channels, got, want)
			}
			if due := x.begin(0); due != start+20*sim.Microsecond {
				t.Errorf("%d channels: an admin command is done at %v", channels, due)
			}
			x.put(abi.CC, 4, 0)
			x.enable()
		}
	}
}

// TestChannelsPace: whoever keeps the controller busy gets as many completions
// as its channels make, from one queue or several.
func TestChannelsPace(t *testing.T) {
	for _, queues := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(queues), func(t *testing.T) {
			x := newBench(t, Config{Queues: 4, Latency: 10 * sim.Microsecond, Channels: 2})
			x.messages()
			x.enable()
			for q := 1; q <= 4; q++ {
				x.create(q, 64, q)
			}
			x.log = nil
			for i := range 40 {
				x.submit(1+i%queues, abi.Command{Opcode: abi.Write, Namespace: 1})
			}
			x.run(100*sim.Microsecond + 1)
			if len(x.log) != 20 {
				t.Errorf("%d completions in 100 µs of 2 channels with 10 µs each, want 20", len(x.log))
			}
		})
	}
}
