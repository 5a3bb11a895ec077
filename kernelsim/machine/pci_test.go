package machine_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
)

// TestRemapping: with a remapping unit the timer's pin names an entry of the
// table, the entry names the boot processor, and the log says so as recorded.
func TestRemapping(t *testing.T) {
	tests := []struct {
		cfg  machine.Config
		mode string
		dest uint64 // of the timer's entry
	}{
		{machine.Config{Append: "intremap=on"}, "xapic", 1 << 8},
		{machine.Config{Board: board.Q35, Append: "intremap=on"}, "xapic", 1 << 8},
		{machine.Config{CPUs: 9, Append: "intremap=on"}, "xapic", 0},
		{machine.Config{X2APIC: true, Append: "intremap=on"}, "x2apic", 1},
	}
	for _, tt := range tests {
		m := boot(t, tt.cfg)
		log := dmesg(m)
		for _, want := range []string{
			"DMAR-IR: IOAPIC id 0 under DRHD base  0xfed90000 IOMMU 0\n",
			"DMAR-IR: Enabled IRQ remapping in " + tt.mode + " mode\n",
		} {
			if !strings.Contains(log, want) {
				t.Errorf("%s %+v: the log has no line %q", tt.mode, tt.cfg, want)
			}
		}
		read := func(a bus.Addr, n int) uint64 { return m.Bus().Read(a, n) }
		if got := read(iommureg.Base+iommureg.GSTS, 4); got != iommureg.QIE|iommureg.IRE|iommureg.SIRTP {
			t.Errorf("%s: GSTS %#x", tt.mode, got)
		}
		table := bus.Addr(read(iommureg.Base+iommureg.IRTA, 8) & iommureg.PageMask)
		pin := strings.Fields(strings.Split(m.Board().IOAPIC.Dump(), "\n")[3])
		if pin[2] != "0x0003000000000002" {
			t.Errorf("%s: pin 2 holds %s, recorded 0x0003000000000002", tt.mode, pin[2])
		}
		irte := iommureg.IRTE{Low: read(table+16, 8), High: read(table+24, 8)}
		if irte.Low>>32 != tt.dest || irte.Vector() != 0x30 || !irte.Present() || irte.High != 0x4_ff00 {
			t.Errorf("%s: the timer's entry is %s, %s; want destination %#x, vector 0x30, sid 0xff00",
				tt.mode, iommureg.IRTELow().String(irte.Low), iommureg.IRTEHigh().String(irte.High), tt.dest)
		}
	}
}

// dmesg is the log without times.
func dmesg(m *machine.Machine) string {
	var b strings.Builder
	for _, l := range m.Dmesg() {
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}

// TestCompatibilityBlocked: once the kernel has remapping on, a device that
// writes a message as before reaches nobody, and its address is on record.
func TestCompatibilityBlocked(t *testing.T) {
	m := boot(t, machine.Config{Append: "intremap=on", Devices: []board.Device{{Kind: "msix"}}})
	f := m.Board().Functions()[0].Func
	if !f.DMAWrite(0xfee0_1004, 4, 0x41) {
		t.Fatal("the function is no bus master")
	}
	high := m.Bus().Read(iommureg.Base+iommureg.FRCD+8, 8)
	if high&iommureg.FaultF == 0 || iommureg.Reason(high>>32) != iommureg.CompatBlocked || uint16(high) != uint16(f.BDF()) {
		t.Errorf("the fault record holds %s", iommureg.FaultHigh().String(high))
	}
}

// inKernel runs f as a module's init on a machine with the devices.
func inKernel(t *testing.T, devices []board.Device, f func(c *cpu.CPU)) *machine.Machine {
	t.Helper()
	m := boot(t, machine.Config{Devices: devices}, machine.WithModule(machine.Module{Name: "probe",
		Init: func(c *cpu.CPU) error { f(c); return nil }}))
	if err := m.Modprobe("probe"); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDriversLife: what a driver's remove and a second probe leave in the
// registers.
func TestDriversLife(t *testing.T) {
	b := pcie.MakeBDF(0, 2, 0)
	inKernel(t, []board.Device{{Kind: "virtio-net", Vectors: 4}}, func(c *cpu.CPU) {
		d := pci.Find(c, b)
		show := func(step, want string) {
			got := fmt.Sprintf("command %#04x control %#04x", d.Read16(c, 4), d.Read16(c, d.MSIXCap+2))
			if got != want {
				t.Errorf("%s: %s, want %s", step, got, want)
			}
		}
		show("after probe", "command 0x0507 control 0x8003")
		for k := range 4 {
			at := bus.Addr(d.Resources[1].Start) + bus.Addr(16*k)
			// As recorded in vectors/smp4-table-writes, but that irq 3 and 4
			// are those of this machine: CPU 3, CPU 0, CPU 1.
			want := []string{"fee08004 0 22 0", "fee01004 0 22 0", "fee02004 0 23 0", "0 0 0 1"}[k]
			if got := fmt.Sprintf("%x %x %x %x", bus.ReadL(c, at), bus.ReadL(c, at+4), bus.ReadL(c, at+8), bus.ReadL(c, at+12)); got != want {
				t.Errorf("entry %d is %s, want %s", k, got, want)
			}
		}
		if _, err := pci.AllocIRQVectors(c, d, 1, 1, pci.IRQMSIX); err == nil {
			t.Error("MSI-X can be enabled twice")
		}
		if err := pci.Unbind(c, d); err != nil {
			t.Error(err)
		}
		show("unbound", "command 0x0103 control 0x0003")
		for n, errText := range map[int]string{0: "EINVAL", 5: "ENOSPC"} {
			if _, err := pci.AllocIRQVectors(c, d, n, n, pci.IRQMSIX); err == nil || !strings.Contains(err.Error(), errText) {
				t.Errorf("%d vectors: %v, want %s", n, err, errText)
			}
			show("refused", "command 0x0103 control 0x0003")
		}
	})
}

// TestConfigurationAccess: sizes, borders, functions that are not there.
func TestConfigurationAccess(t *testing.T) {
	inKernel(t, nil, func(c *cpu.CPU) {
		host, none := pcie.MakeBDF(0, 0, 0), pcie.MakeBDF(0, 9, 0)
		for _, x := range []struct {
			b    pcie.BDF
			off  uint16
			size int
			want uint32
		}{
			{host, 0, 4, 0x1237_8086}, {host, 2, 2, 0x1237}, {host, 3, 1, 0x12}, {none, 0, 4, 0xffff_ffff}, {none, 0, 2, 0xffff},
			{host, 1, 4, 0xffff_ffff}, {host, 3, 2, 0xffff_ffff}, {host, 0, 3, 0xffff_ffff}, {host, 0x100, 4, 0xffff_ffff}, {host, 0xfffe, 4, 0xffff_ffff},
		} {
			if got := pci.Read(c, x.b, x.off, x.size); got != x.want {
				t.Errorf("%v offset %#x size %d reads %#x, want %#x", x.b, x.off, x.size, got, x.want)
			}
		}
		before := pci.Read(c, host, 0x58, 4)
		pci.Write(c, host, 0x59, 4, 0x3333_3333) // not in one double word
		pci.Write(c, none, 0x58, 4, 0x3333_3333)
		pci.Write(c, host, 0x158, 4, 0x3333_3333)
		if got := pci.Read(c, host, 0x58, 4); got != before {
			t.Errorf("writes that nobody may make changed %#x to %#x", before, got)
		}
	})
}

// TestRoutes: each pin leads to the interrupt that the recorded machines gave
// it.
func TestRoutes(t *testing.T) {
	for name, want := range map[string][3]int{board.PC: {10, 11, 11}, board.Q35: {21, 22, 23}, board.Q35 + " noapic": {10, 11, 11}} {
		kind, params, _ := strings.Cut(name, " ")
		m := boot(t, machine.Config{Board: kind, Append: params, Devices: []board.Device{{Kind: "e1000e"}, {Kind: "e1000e"}, {Kind: "e1000e"}}})
		i := 0
		for _, d := range m.PCIDevs() {
			if d.Driver != "" {
				if d.IRQ != want[i] {
					t.Errorf("%s: %v has IRQ %d, want %d", name, d.BDF, d.IRQ, want[i])
				}
				i++
			}
		}
		if i != 3 {
			t.Errorf("%s: %d drivers", name, i)
		}
	}
}
