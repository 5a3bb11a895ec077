package shell_test

import (
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/shell"
	"bothhalves/kernelsim/sim"
)

// TestBootCommand: what a report says boots the machine again does so: typed
// here, it gives a machine with the same hardware whose boot took the same
// steps.
func TestBootCommand(t *testing.T) {
	for _, tt := range []struct {
		cfg  machine.Config
		want string
	}{
		{machine.Config{}, "boot -cpus 4 -seed 1"},
		{machine.Config{CPUs: 2, Nodes: 2, Seed: 7, HZ: 1000, Append: "preempt=full quiet"},
			"boot -cpus 2 -seed 7 -nodes 2 -append 'preempt=full quiet' -hz 1000"},
		{machine.Config{CPUs: 1, Append: "init='a b'"}, "boot -cpus 1 -seed 1 -append 'init=''a b'''"},
		{machine.Config{CPUs: 1, Board: board.Q35, X2APIC: true, TSCDeadline: true, Kernel: "4.9"},
			"boot -cpus 1 -seed 1 -machine q35 -cpu x2apic,tsc-deadline -kernel 4.9"},
		{machine.Config{CPUs: 8, Threads: 2, Nodes: 2}, "boot -cpus 8 -seed 1 -nodes 2 -threads 2"},
		{machine.Config{CPUs: 1, X2APIC: true}, "boot -cpus 1 -seed 1 -cpu x2apic"},
		{machine.Config{CPUs: 2, TSCDeadline: true, Devices: []board.Device{
			{Kind: "ena", Name: "eth0", Queues: 2}, {Kind: "nvme", Queues: 3, Latency: 50 * sim.Microsecond, Channels: 4, Managed: "off"},
			{Kind: "msix", Name: "toy", BDF: pcie.MakeBDF(0, 9, 0), Vectors: 5, Managed: "on"}, {Kind: "legacy", Pin: 3}}},
			"boot -cpus 2 -seed 1 -cpu tsc-deadline -nic ena,name=eth0,queues=2 -blk nvme,queues=3,latency=50000ns,channels=4,managed=off" +
				" -device msix,name=toy,bdf=00:09.0,vectors=5,managed=on -device legacy,pin=C"},
	} {
		if got := tt.cfg.BootCommand(); got != tt.want {
			t.Errorf("%+v is booted by\n%s, want\n%s", tt.cfg, got, tt.want)
			continue
		}
		m, err := machine.Boot(tt.cfg)
		if err != nil {
			t.Errorf("%s: %v", tt.want, err)
			continue
		}
		s := shell.New(newHost())
		do(t, s, tt.want)
		again := s.Machine()
		if m.Events() != again.Events() || m.Now() != again.Now() || m.Board().DumpPCI() != again.Board().DumpPCI() || m.Release().Name != again.Release().Name {
			t.Errorf("%s boots another machine: %d events until %v, want %d until %v", tt.want, again.Events(), again.Now(), m.Events(), m.Now())
		}
		s.Close()
		m.Close()
	}
}

// TestBareBootCommand is the same for the hardware alone.
func TestBareBootCommand(t *testing.T) {
	for _, tt := range []struct {
		cfg  machine.BareConfig
		want string
	}{
		{machine.BareConfig{}, "boot -bare -cpus 4"},
		{machine.BareConfig{CPUs: 2, MSIX: 33, IOAPIC: 0x11, Devices: []board.Device{{Kind: "legacy", Pin: 1}}},
			"boot -bare -cpus 2 -msix 33 -ioapic 0x11 -device legacy,pin=A"},
	} {
		if got := tt.cfg.BootCommand(); got != tt.want {
			t.Errorf("%+v is booted by\n%s, want\n%s", tt.cfg, got, tt.want)
			continue
		}
		m, err := machine.BootBare(tt.cfg)
		if err != nil {
			t.Fatal(err)
		}
		s := shell.New(newHost())
		do(t, s, tt.want)
		b, again := m.Board(), s.Machine().Board()
		if b.DumpPCI() != again.DumpPCI() || b.IOAPIC.Dump() != again.IOAPIC.Dump() || m.Processors() != s.Machine().Processors() {
			t.Errorf("%s switches other hardware on", tt.want)
		}
		s.Close()
		m.Close()
	}
}
