package machine_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/machine"
)

// lines reads a table of the recordings, without its comments.
func lines(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/oracle/idt/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if !strings.HasPrefix(l, "# ") || strings.HasPrefix(l, "# IDT") {
			out = append(out, l)
		}
	}
	return out
}

// idtMachine boots a machine of n CPUs, once.
func idtMachines(t *testing.T) func(n int) *machine.Machine {
	booted := map[int]*machine.Machine{}
	t.Cleanup(func() {
		for _, m := range booted {
			m.Close()
		}
	})
	return func(n int) *machine.Machine {
		if booted[n] == nil {
			m, err := machine.Boot(machine.Config{CPUs: n})
			if err != nil {
				t.Fatal(err)
			}
			booted[n] = m
		}
		return booted[n]
	}
}

// All 256 gates of every recording that has them, to the byte: raw quadwords,
// handler addresses and names, and IDTR.
func TestOracleIDT(t *testing.T) {
	want := lines(t, "gates.idt")
	boot := idtMachines(t)
	runs, compared := 0, 0
	for _, run := range lines(t, "runs.txt") {
		var name string
		var cpus int
		if _, err := fmt.Sscan(run, &name, &cpus); err != nil {
			t.Fatal(run, err)
		}
		got := idtLines(boot(cpus).CPUs()[0])
		if len(got) != len(want) {
			t.Fatalf("%s: %d lines, want %d", name, len(got), len(want))
		}
		for i := range want {
			compared++
			if got[i] != want[i] {
				t.Errorf("%s:\n got %s\nwant %s", name, got[i], want[i])
			}
		}
		runs++
	}
	t.Logf("%d recordings, %d facts compared, 0 excused", runs, compared)
	if runs != 39 || compared != 39*257 {
		t.Errorf("%d recordings and %d facts: the tables have lost some", runs, compared)
	}
}

// idtLines is info idt without the heading of its columns.
func idtLines(c *cpu.CPU) []string {
	all := strings.Split(strings.TrimSpace(c.DumpIDT()), "\n")
	return append(all[:1:1], all[2:]...)
}

// The registers of every CPU of every recording: one IDT for all, and a TSS of
// its own for each.
func TestOracleIDTR(t *testing.T) {
	boot := idtMachines(t)
	cpus := map[string]int{}
	table := lines(t, "registers.txt")
	for _, l := range table {
		cpus[strings.Fields(l)[0]]++
	}
	for _, l := range table {
		f := strings.Fields(l)
		var id int
		if _, err := fmt.Sscanf(f[1], "cpu=%d", &id); err != nil {
			t.Fatal(l, err)
		}
		c := boot(cpus[f[0]]).CPUs()[id]
		got := fmt.Sprintf("%s cpu=%d tr=%016x %s gdt=%016x idt=%016x %08x", f[0], id, c.TSS.Base, f[3],
			c.TSS.Base-0x2000, c.SIDT().Base, c.SIDT().Limit)
		if got != l {
			t.Errorf("\n got %s\nwant %s", got, l)
		}
	}
	t.Logf("%d CPUs, %d facts compared, 0 excused", len(table), 4*len(table))
}

// Each IST stack that a gate names exists on every CPU, is 8 KiB between guard
// pages, and lies in the CPU's own entry area behind its TSS.
func TestExceptionStacks(t *testing.T) {
	m := idtMachines(t)(8)
	const area, guard = 0x3b000, 4096
	for _, c := range m.CPUs() {
		end := c.TSS.Base + 0x5000
		for i, name := range []string{1: "#DF", 2: "NMI", 3: "#DB", 4: "#MC", 5: "#VC"} {
			s := c.TSS.IST[i]
			if i == 0 {
				if s != nil {
					t.Error("IST 0 has a stack: it means none")
				}
				continue
			}
			if s == nil || s.Name != name || s.Top-s.Base != 8192 || s.Base != end+guard {
				t.Fatalf("CPU %d, IST %d: %+v, want %s, 8 KiB from %#x", c.ID, i, s, name, end+guard)
			}
			end = s.Top
		}
		if end >= c.TSS.Base-0x2000+area {
			t.Errorf("CPU %d: the stacks end at %#x, in the next CPU's area", c.ID, end)
		}
		if c.TSS.IST[6] != nil || c.TSS.IST[7] != nil {
			t.Errorf("CPU %d: IST 6 or 7 has a stack", c.ID)
		}
	}
}

// What boot -kernel changes at the table.
func TestReleases(t *testing.T) {
	for _, x := range []struct {
		kernel string
		has    []string // ends of lines of info idt
	}{
		{"4.9", []string{"0xef apic_timer_interrupt", "0xee irq_entries_start+0x670", "0x20 irq_move_cleanup_interrupt",
			"0x03 int3", "0xf5 spurious_interrupt", "0xf0 spurious_interrupt", "0x80 entry_INT80_compat", "0x1d early_idt_handler_array+0x105"}},
		{"4.20", []string{"0xec apic_timer_interrupt", "0xee spurious_interrupt", "0x20 irq_move_cleanup_interrupt",
			"0xf0 kvm_posted_intr_nested_ipi", "0x0a invalid_TSS", "0xfd reschedule_interrupt", "0x1d early_idt_handler_array+0x105"}},
		{"5.14", []string{"0xec asm_sysvec_apic_timer_interrupt", "0xee spurious_entries_start+0x10", "0x20 asm_sysvec_irq_move_cleanup",
			"0x80 entry_INT80_compat", "0x1d asm_exc_vmm_communication"}},
		{"6.12", []string{"0xec asm_sysvec_apic_timer_interrupt", "0x20 irq_entries_start", "0x21 irq_entries_start+0x8",
			"0x80 asm_int80_emulation"}},
	} {
		m, err := machine.Boot(machine.Config{CPUs: 2, Kernel: x.kernel})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		c := m.CPUs()[1]
		for _, want := range x.has {
			n, name, _ := strings.Cut(want, " ")
			var v int
			if _, err := fmt.Sscanf(n, "0x%x", &v); err != nil {
				t.Fatal(err)
			}
			if got := c.GateLine(cpu.Vector(v)); !strings.HasSuffix(got, "  "+name+"\n") {
				t.Errorf("%s: vector %s: %swant %s", x.kernel, n, got, name)
			}
		}
		ist := strings.Fields(c.GateLine(cpu.BP))[5]
		if want := map[bool]string{true: "3", false: "0"}[x.kernel == "4.9"]; ist != want {
			t.Errorf("%s: #BP on IST %s, want %s", x.kernel, ist, want)
		}
	}
	if _, err := machine.Boot(machine.Config{Kernel: "2.6"}); err == nil || !strings.Contains(err.Error(), "choose one of 4.9, 4.20") {
		t.Errorf("kernel 2.6: %v", err)
	}
}
