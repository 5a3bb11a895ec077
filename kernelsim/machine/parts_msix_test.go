package machine_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/machine"
)

// TestMSIXParts: the kernel's tables are made by the parts for messages and
// masks, and the board reads a device's message with the part for it.
func TestMSIXParts(t *testing.T) {
	composed, dealt := 0, 0
	compose := machine.WithComposeMSI(func(dest uint32, logical bool, v cpu.Vector) (uint64, uint32, error) {
		composed++
		addr, data, _ := lapicreg.Message{Dest: dest, Logical: logical, Vector: uint8(v)}.MSI()
		return addr | 1<<3, data, nil // a redirection hint, which the kernel's own does not set
	})
	spread := machine.WithSpread(func(r affinity.Request) []affinity.CPUMask {
		dealt++
		masks := make([]affinity.CPUMask, r.Vectors)
		for i := range masks {
			masks[i] = affinity.MaskOf(1)
		}
		return masks
	})
	m := boot(t, machine.Config{CPUs: 2, Devices: []board.Device{{Kind: "nvme", Managed: "on"}}}, compose, spread)
	if composed == 0 || dealt != 1 {
		t.Errorf("the parts were asked for %d messages and %d times for masks, want some and one", composed, dealt)
	}
	f := m.Board().Functions()[0]
	if addr := f.MSIX().Entry(1).Addr; addr != 0xfee0200c {
		t.Errorf("entry 1 of the disk's table has address %#x, want CPU 1's with the hint: 0xfee0200c", addr)
	}
}

// TestMSIXDecode: the part is asked about devices, on the bare machine too, and
// what it takes for no message goes nowhere.
func TestMSIXDecode(t *testing.T) {
	var from []string
	m, err := machine.BootBare(machine.BareConfig{CPUs: 2}, machine.WithDecodeMSI(func(msg bus.Message) (lapicreg.Message, bool) {
		from = append(from, msg.From.Name)
		return lapicreg.Message{Dest: 1, Vector: uint8(msg.Data) + 0x11}, msg.Addr != 0xfee00018
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	m.Board().APICs[1].MMIOWrite(0xf0, 4, 0x1ff)
	m.Board().MSI(0xfee00018, 0x61)
	m.Board().MSI(0xfee00000, 0x41)
	if v, ok := m.Board().APICs[1].Pending(); !ok || v != 0x52 || strings.Join(from, " ") != "msi msi" {
		t.Errorf("CPU 1 has vector %#x (%t) by messages of %v: want what the part read, 0x52, by the second of two of msi", v, ok, from)
	}
}
