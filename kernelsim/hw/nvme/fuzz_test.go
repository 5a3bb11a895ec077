package nvme

import (
	"math/rand"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	abi "bothhalves/kernelsim/hw/nvme/nvmeabi"
	"bothhalves/kernelsim/sim"
)

// FuzzRegisters holds that no access to BAR0 panics.
func FuzzRegisters(f *testing.F) {
	f.Add([]byte{0x14, 0, 4, 0x71, 0, 0, 0, 0x10, 4, 1, 0, 0})
	seed := make([]byte, 900)
	rand.New(rand.NewSource(2)).Read(seed)
	f.Add(seed)
	f.Fuzz(func(t *testing.T, in []byte) {
		x := newBench(t, Config{})
		x.messages()
		x.enable()
		x.create(1, 4, 1)
		for ; len(in) >= 6; in = in[6:] {
			off := bus.Addr(in[0]) | bus.Addr(in[1]&0x3f)<<8
			size := 1 << (in[2] % 4)
			x.put(off, size, uint64(in[3])|uint64(in[4])<<8|uint64(in[5])<<20)
			x.get(off, size)
			x.run(sim.Time(in[2]) * 100)
		}
		if x.get(abi.CAP, 8) != capabilities() || x.get(abi.VS, 4) != version {
			t.Error("what cannot be written was changed")
		}
	})
}
