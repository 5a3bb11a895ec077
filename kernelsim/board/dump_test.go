package board

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// TestDumpPCI: the recorded machines' list, byte for byte.
func TestDumpPCI(t *testing.T) {
	for _, tt := range []struct {
		file string
		cfg  Config
		cpus int
	}{
		{"pc-smp4", Config{Machine: PC, Devices: []Device{{Kind: "virtio-net", BDF: pcie.MakeBDF(0, 2, 0), Vectors: 10},
			{Kind: "e1000e"}, {Kind: "nvme"}}}, 4},
		{"q35-smp2", Config{Machine: Q35, Devices: []Device{{Kind: "virtio-net", Vectors: 6},
			{Kind: "e1000e"}, {Kind: "nvme"}}}, 2},
	} {
		want, err := os.ReadFile("testdata/" + tt.file + ".pci")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := newBoard(t, tt.cpus, tt.cfg)
		if diff := cmp.Diff(string(want), b.DumpPCI()); diff != "" {
			t.Errorf("%s (-recorded +ours):\n%s", tt.file, diff)
		}
	}
}

// TestDumpMSIX: addresses and data are read as the processors read them.
func TestDumpMSIX(t *testing.T) {
	b, _ := newBoard(t, 1, Config{Machine: Bare, MSIX: 33})
	f := b.PCI.Func(bareBDF)
	for k, row := range [][4]uint64{{0xfee02004, 0, 0x23, 0}, {0xfee0f00c, 0, 0xc141, 1}, {0xfee00238, 0, 0, 0}} {
		for i, v := range row {
			b.Bus.Write(bareTable+bus.Addr(16*k+4*i), 4, v)
		}
	}
	f.MSIX().Notify(32)
	dump := DumpMSIX(f)
	for _, want := range []string{
		"# 00:05.0 MSI-X message control 0x0020 (table size 33), table at 0xfebf0000, PBA at 0xfebf8000\n",
		"      0  0xfee02004  0x00000000  0x00000023  0x00000000    dest=0x02 RH=0 DM=logical vector=0x23(35) delivery=0 level=0 trigger=0 unmasked\n",
		"      1  0xfee0f00c  0x00000000  0x0000c141  0x00000001    dest=0x0f RH=1 DM=logical vector=0x41(65) delivery=1 level=1 trigger=1 masked\n",
		"      2  0xfee00238  0x00000000  0x00000000  0x00000000    remapped handle=17 unmasked\n",
		"PBA: 0x00000000 0x00000001\n",
	} {
		if !strings.Contains(dump, want) {
			t.Errorf("lacks %q:\n%s", want, dump)
		}
	}
	f.ConfigWrite(pcireg.CommandReg, 2, 0)
	if dump := DumpMSIX(f); !strings.Contains(dump, "table at BAR0+0x0, PBA at BAR0+0x8000") {
		t.Errorf("with decoding off:\n%s", dump)
	}
}
