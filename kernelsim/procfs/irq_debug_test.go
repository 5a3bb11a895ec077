package procfs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
)

const debugIRQ = "/sys/kernel/debug/irq/"

// TestDebugIRQ compares debugfs with what the source of 6.1 prints (kernel/irq/
// debugfs.c, irqdomain.c, matrix.c; x86's vector.c): the recorded kernel was
// built without it. The values stand in the recordings vectors/smp4.
func TestDebugIRQ(t *testing.T) {
	_, fs := irqMachine(t)
	for path, want := range map[string]string{
		"irqs/26": `handler:  handle_edge_irq
device:   0000:00:03.0
status:   0x00000000
istate:   0x00000000
ddepth:   0
wdepth:   0
dstate:   0x19601200
            IRQD_ACTIVATED
            IRQD_IRQ_STARTED
            IRQD_SINGLE_TARGET
            IRQD_AFFINITY_SET
            IRQD_AFFINITY_MANAGED
            IRQD_AFFINITY_ON_ACTIVATE
            IRQD_HANDLE_ENFORCE_IRQCTX
node:     0
affinity: 1
effectiv: 1
pending:  
domain:  PCI-MSI-3
 hwirq:   0xc002
 chip:    PCI-MSI
  flags:   0x430
             IRQCHIP_SKIP_SET_WAKE
             IRQCHIP_ONESHOT_SAFE
 parent:
    domain:  VECTOR
     hwirq:   0x1a
     chip:    APIC
      flags:   0x0
     Vector:    35
     Target:     1
     move_in_progress: 0
     is_managed:       1
     can_reserve:      0
     has_reserved:     0
     cleanup_pending:  0
`,
		"irqs/9": `handler:  handle_fasteoi_irq
device:   (null)
status:   0x00000100
istate:   0x00000000
ddepth:   0
wdepth:   0
dstate:   0x1d402200
            IRQD_LEVEL
            IRQD_ACTIVATED
            IRQD_IRQ_STARTED
            IRQD_SINGLE_TARGET
            IRQD_AFFINITY_ON_ACTIVATE
            IRQD_CAN_RESERVE
            IRQD_HANDLE_ENFORCE_IRQCTX
node:     0
affinity: 0-3
effectiv: 1
pending:  
domain:  IO-APIC-0
 hwirq:   0x9
 chip:    IO-APIC
  flags:   0x410
             IRQCHIP_SKIP_SET_WAKE
 parent:
    domain:  VECTOR
     hwirq:   0x9
     chip:    APIC
      flags:   0x0
     Vector:    33
     Target:     1
     move_in_progress: 0
     is_managed:       0
     can_reserve:      1
     has_reserved:     0
     cleanup_pending:  0
`,
		"irqs/2": `handler:  handle_level_irq
device:   (null)
status:   0x00000100
istate:   0x00000000
ddepth:   1
wdepth:   0
dstate:   0x00032000
            IRQD_LEVEL
            IRQD_IRQ_DISABLED
            IRQD_IRQ_MASKED
node:     0
affinity: 0-3
effectiv: 
pending:  
domain:  
 hwirq:   0x0
 chip:    XT-PIC
  flags:   0x0
`,
	} {
		if d := cmp.Diff(want, read(t, fs, debugIRQ+path)); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
	}
}

// TestDebugDomains: a domain's file goes down to VECTOR, which shows the
// matrix, indented as deep as it stands.
func TestDebugDomains(t *testing.T) {
	_, fs := irqMachine(t)
	names, err := fs.List(debugIRQ + "domains")
	if err != nil || strings.Join(names, " ") != "IO-APIC-0 PCI-MSI-3 VECTOR default" {
		t.Errorf("domains: %q, %v", names, err)
	}
	whole := read(t, fs, debugIRQ+"domains/VECTOR")
	if whole != read(t, fs, debugIRQ+"domains/default") {
		t.Error("the default domain is not VECTOR")
	}
	head, matrix, _ := strings.Cut(whole, "Online")
	if head != "name:   VECTOR\n size:   0\n mapped: 29\n flags:  0x00000003\n" ||
		!strings.Contains(matrix, "\n | CPU | avl | man | mac | act | vectors\n     0  ") {
		t.Errorf("VECTOR:\n%s", whole)
	}
	for name, want := range map[string]string{
		"PCI-MSI-3": "name:   PCI-MSI-3\n size:   0\n mapped: 14\n flags:  0x00000013\n parent: VECTOR\n    name:   VECTOR\n     size:   0\n",
		"IO-APIC-0": "name:   IO-APIC-0\n size:   24\n mapped: 15\n flags:  0x00000003\n parent: VECTOR\n    name:   VECTOR\n     size:   0\n",
	} {
		got := read(t, fs, debugIRQ+"domains/"+name)
		if !strings.HasPrefix(got, want) || !strings.Contains(got, "\n     | CPU |") {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	if err := fs.Write(debugIRQ+"domains/VECTOR", []byte("1"), false); !errors.Is(err, errno.EINVAL) {
		t.Errorf("a write: %v", err)
	}
	_, remapped := boot(t, machine.Config{CPUs: 2, Board: board.Q35, Append: "intremap=on"})
	names, err = remapped.List(debugIRQ + "domains")
	if err != nil || strings.Join(names, " ") != "DMAR-MSI INTEL-IR-0 INTEL-IR-MSI-0-3 IO-APIC-0 VECTOR default" {
		t.Errorf("domains with remapping: %q, %v", names, err)
	}
}

// TestTrigger: "trigger" lets an interrupt come that is one of a message.
func TestTrigger(t *testing.T) {
	m, fs := irqMachine(t)
	for _, tt := range []struct {
		irq, text string
		want      error
		comes     bool
	}{
		{"30", "trigger\n", nil, true}, {"30", "trig", nil, true}, {"30", "trigger me", nil, true},
		{"30", "trigger", nil, true}, {"30", "\n", nil, false}, {"30", "now", nil, false},
		{"9", "trigger", errno.EINVAL, false}, {"2", "trigger", errno.EINVAL, false}, {"13", "trigger", errno.EINVAL, false},
	} {
		row := func() string { return read(t, fs, "/sys/kernel/irq/"+tt.irq+"/per_cpu_count") }
		before := row()
		if err := fs.Write(debugIRQ+"irqs/"+tt.irq, []byte(tt.text), false); !errors.Is(err, tt.want) {
			t.Errorf("%s <- %q: %v, want %v", tt.irq, tt.text, err, tt.want)
		}
		if err := m.RunIdle(); err != nil {
			t.Fatal(err)
		}
		if (row() != before) != tt.comes {
			t.Errorf("%s <- %q: counts %s were %s", tt.irq, tt.text, row(), before)
		}
	}
}
