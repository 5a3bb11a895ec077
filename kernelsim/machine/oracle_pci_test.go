package machine_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/machine"
)

// plug reads -device, -blk and -nic of a boot line.
func plug(t *testing.T, cfg *machine.Config, text string) {
	t.Helper()
	words := strings.Split(text, ",")
	d := board.Device{Kind: words[0]}
	for _, option := range words[1:] {
		if _, err := fmt.Sscanf(option, "vectors=%d", &d.Vectors); err == nil {
			continue
		}
		if _, err := fmt.Sscanf(option, "queues=%d", &d.Queues); err != nil {
			t.Fatalf("device %s: option %s", text, option)
		}
	}
	cfg.Devices = append(cfg.Devices, d)
}

// comparePCI compares configuration space byte by byte, and what the kernel
// said while it found the functions. Bytes that are zero in a whole row count
// as one fact.
func comparePCI(o *oracle, r oracleRun, m *machine.Machine) {
	compareMSIX(o, r, m)
	text, err := os.ReadFile("testdata/oracle/apic/" + r.name + ".lspci")
	if err != nil {
		return // not recorded in this run
	}
	spaces := configSpaces(o.t, string(text))
	funcs := m.Functions()
	if len(funcs) != len(spaces) {
		o.t.Fatalf("%s: %d functions, recorded %d", r.name, len(funcs), len(spaces))
	}
	for _, f := range funcs {
		want, ok := spaces[f.BDF.String()]
		if !ok {
			o.t.Fatalf("%s: %v is no recorded function", r.name, f.BDF)
		}
		compareConfig(o, fmt.Sprintf("PCI configuration: %s %v", r.name, f.BDF), f.Config, want)
	}
	compareLog(o, r, m)
}

// compareConfig compares one function's bytes.
func compareConfig(o *oracle, name string, got, want []byte) {
	if len(got) < len(want) {
		o.t.Fatalf("%s: %d bytes, recorded %d", name, len(got), len(want))
	}
	for row := 0; row < len(want); row += 16 {
		zero := make([]byte, 16)
		if g, w := got[row:row+16], want[row:row+16]; slices.Equal(g, w) && slices.Equal(w, zero) {
			o.Compare(fmt.Sprintf("%s row %#02x", name, row), "zero", "zero")
			continue
		}
		for i := row; i < row+16; i++ {
			o.Compare(fmt.Sprintf("%s byte %#02x", name, i), fmt.Sprintf("%02x", got[i]), fmt.Sprintf("%02x", want[i]))
		}
	}
}

// configSpaces reads the dumps in a recorded lspci -xxxx. Rows that the file
// leaves out are zero.
func configSpaces(t *testing.T, text string) map[string][]byte {
	t.Helper()
	spaces, bdf := map[string][]byte{}, ""
	for line := range strings.Lines(text) {
		head, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if len(head) == 7 && head[2] == ':' && head[5] == '.' {
			bdf = head
			spaces[bdf] = make([]byte, 256)
			continue
		}
		row := 0
		words := strings.Fields(rest)
		if n, err := fmt.Sscanf(head, "%x:", &row); n != 1 || err != nil || len(words) != 16 || strings.HasPrefix(line, "\t") {
			continue
		}
		for len(spaces[bdf]) < row+16 {
			spaces[bdf] = append(spaces[bdf], 0)
		}
		for i, w := range words {
			fmt.Sscanf(w, "%x", &spaces[bdf][row+i])
		}
	}
	return spaces
}

// compareLog compares what the kernel said of PCI, line by line.
func compareLog(o *oracle, r oracleRun, m *machine.Machine) {
	var got []string
	for _, l := range m.Dmesg() {
		for _, p := range []string{"PCI: ", "PCI host", "pci ", "pci_bus ", "ACPI: PCI"} {
			if strings.HasPrefix(l.Text, p) {
				got = append(got, l.Text)
			}
		}
	}
	want := strings.Split(strings.TrimSpace(r.file(o.t, "dmesg.pci")), "\n")
	for i, w := range want {
		line := "nothing"
		if i < len(got) {
			line = got[i]
		}
		o.Compare("PCI dmesg: "+r.name, line, w)
	}
	o.Compare("PCI dmesg: "+r.name+" lines", fmt.Sprint(len(got)), fmt.Sprint(len(want)))
}

// compareMSIX compares where the recorded runs of msix-direct found the table.
func compareMSIX(o *oracle, r oracleRun, m *machine.Machine) {
	text, err := os.ReadFile("testdata/oracle/apic/" + r.name + ".msix")
	if err != nil {
		return
	}
	f := m.Functions()
	last := f[len(f)-1]
	c := last.Config
	at := int(c[0x34])
	for c[at] != 0x11 {
		at = int(c[at+1])
	}
	word := func(off int) uint64 { return uint64(c[off]) | uint64(c[off+1])<<8 }
	table, pba := word(at+4), word(at+8)
	got := fmt.Sprintf("# %v MSI-X message control %#x (table size %d), table at %#x, PBA at %#x;", last.BDF, word(at+2), word(at+2)&0x7ff+1,
		last.Resources[table&7].Start+table&^7, last.Resources[pba&7].Start+pba&^7)
	want, _, _ := strings.Cut(string(text), " dwords")
	for i, w := range strings.Fields(want) {
		o.Compare("MSI-X: "+r.name, strings.Fields(got)[i], w)
	}
}
