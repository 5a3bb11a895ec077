package board

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/sim"
)

// dead is a core that listens to nothing.
type dead struct{}

func (dead) Interrupt()    {}
func (dead) NMI()          {}
func (dead) SMI()          {}
func (dead) INIT()         {}
func (dead) StartUp(uint8) {}
func (dead) ExtINT()       {}

// wired is a whole board of a machine with devices.
func wired(t *testing.T, cfg Config) *Board {
	t.Helper()
	b, err := New(sim.New(1), []cpu.Signals{dead{}}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRoutesFollowTheBridge: a write to the bridge's routing register moves
// what a pin asserts to another ISA interrupt, and back; bit 7 leads it
// nowhere.
func TestRoutesFollowTheBridge(t *testing.T) {
	b := wired(t, Config{Machine: PC, Devices: []Device{{Kind: "legacy"}}})
	f, bridge := b.Functions()[0], pcie.MakeBDF(0, 1, 0)
	requests := func() uint32 {
		b.Bus.Out(0x20, 1, 0x0a) // OCW3: read IRR
		b.Bus.Out(0xa0, 1, 0x0a)
		return b.Bus.In(0x20, 1) | b.Bus.In(0xa0, 1)<<8
	}
	const link = 0x61 // device 2, INTA#: LNKB
	for _, line := range []int{5, 10, 11} {
		b.Bus.Out(0x4d0, 1, 1<<5) // level triggered, so that IRR shows the line
		b.Bus.Out(0x4d1, 1, 0x0c)
		f.SetINTx(true)
		b.PCI.ConfigWrite(bridge, link, 1, uint32(line))
		if got := requests() &^ 7; got != 1<<line {
			t.Errorf("route %d: requests %#x, want bit %d", line, got, line)
		}
		b.PCI.ConfigWrite(bridge, link, 1, 0x80|uint32(line))
		if got := requests() &^ 7; got != 0 {
			t.Errorf("route off: requests %#x", got)
		}
		f.SetINTx(false)
	}
}

// TestFirmwareLeavesLevelInterrupts: the edge/level registers say level for 10
// and 11 alone.
func TestFirmwareLeavesLevelInterrupts(t *testing.T) {
	for _, machine := range []string{PC, Q35} {
		b := wired(t, Config{Machine: machine})
		if low, high := b.Bus.In(0x4d0, 1), b.Bus.In(0x4d1, 1); low != 0 || high != 0x0c {
			t.Errorf("%s: ELCR %02x %02x, want 00 0c", machine, low, high)
		}
	}
}

// TestIdentityIsReadOnly: whatever is written to a function's registers, who
// it is stays, and its list of capabilities.
func TestIdentityIsReadOnly(t *testing.T) {
	kinds := []Device{{Kind: "virtio-net"}, {Kind: "e1000e"}, {Kind: "vmxnet3"}, {Kind: "msix", Vectors: 2048}, {Kind: "nvme"}, {Kind: "ena"}, {Kind: "legacy"}}
	for _, machine := range []string{PC, Q35} {
		b := wired(t, Config{Machine: machine, Devices: kinds})
		for _, f := range b.PCI.Funcs() {
			before := f.Config()
			for _, v := range []uint32{0xffff_ffff, 0, 0xa5a5_a5a5} {
				for off := uint16(0); off < 256; off += 4 {
					f.ConfigWrite(off, 4, v)
				}
			}
			after := f.Config()
			fixed := []int{0, 1, 2, 3, 8, 9, 10, 11, 14, 0x2c, 0x2d, 0x2e, 0x2f, 0x34, 0x3d}
			for at := int(before[0x34]); at != 0; at = int(before[at+1]) {
				fixed = append(fixed, at, at+1)
			}
			for _, i := range fixed {
				if after[i] != before[i] {
					t.Errorf("%s %v: byte %#x became %02x, was %02x", machine, f.BDF(), i, after[i], before[i])
				}
			}
		}
	}
}

// TestTooManyVectors: a table that does not fit is refused and said why.
func TestTooManyVectors(t *testing.T) {
	for _, d := range []Device{{Kind: "e1000e", Vectors: 600}, {Kind: "virtio-net", Vectors: 200}, {Kind: "msix", Vectors: 2049}} {
		_, err := New(sim.New(1), []cpu.Signals{dead{}}, Config{Machine: PC, Devices: []Device{d}})
		if err == nil || !strings.Contains(err.Error(), d.Kind) {
			t.Errorf("%s with %d vectors: error %v", d.Kind, d.Vectors, err)
		}
	}
}

// TestMMConfig: on the q35 configuration space answers in memory where the
// host bridge's register says.
func TestMMConfig(t *testing.T) {
	b := wired(t, Config{Machine: Q35, Devices: []Device{{Kind: "e1000e"}}})
	if got := b.PCI.ConfigRead(0, pciexbar, 4); got != mmconfig|1 {
		t.Errorf("PCIEXBAR %#x", got)
	}
	if got := b.Bus.Read(bus.Addr(mmconfig+1<<15+0x100), 4); got != 0x1402_0001 {
		t.Errorf("00:01.0 offset 0x100 reads %#x through memory, want the error reporting capability", got)
	}
	if got := b.Bus.Read(bus.Addr(mmconfig+9<<15), 4); got != 0xffff_ffff {
		t.Errorf("a function that is not there reads %#x", got)
	}
}
