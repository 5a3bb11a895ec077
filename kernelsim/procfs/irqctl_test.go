package procfs_test

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// cmd is the file of the module with which the recorded runs disabled
// interrupts.
const cmd = "/sys/module/irqctl/parameters/cmd"

// TestIRQCtl: the module disables and enables the interrupts of others, on the
// processor of who writes; what it does not understand changes nothing.
func TestIRQCtl(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 2, Devices: []board.Device{{Kind: "msix"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	fs := procfs.New(m)
	if err := fs.Write(cmd, []byte("disable 24\n"), false); !errors.Is(err, errno.ENOENT) {
		t.Errorf("before modprobe: %v", err)
	}
	if err := m.Modprobe("irqctl"); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Read(cmd); !errors.Is(err, errno.EPERM) {
		t.Errorf("it is read: %v", err)
	}
	d := m.Interrupts()[16]
	if d.IRQ != 24 || d.State&irq.Disabled != 0 {
		t.Fatalf("irq %d, state %#x", d.IRQ, uint32(d.State))
	}
	for _, bad := range []string{"", "disable", "disable x", "disable 99", "disable -1", "able 24", "disable 24 25"} {
		if err := fs.Write(cmd, []byte(bad), false); !errors.Is(err, errno.EINVAL) || d.State&irq.Disabled != 0 {
			t.Errorf("%q: %v, state %#x", bad, err, uint32(d.State))
		}
	}
	for i, tt := range []struct {
		text     string
		disabled bool
	}{
		{"disable 24", true}, {"nosync 24\n", true}, {"sync 24", true}, {"enable 24", true}, {"enable 24", false}, {"enable 24", false},
	} {
		if err := fs.On([]int{i % 2}).Write(cmd, []byte(tt.text), false); err != nil || d.State&irq.Disabled != 0 != tt.disabled {
			t.Errorf("%q: %v, state %#x", tt.text, err, uint32(d.State))
		}
	}
	var log string
	for _, l := range m.Dmesg() {
		log += l.Text + "\n"
	}
	if !strings.Contains(log, "Unbalanced enable for IRQ 24") {
		t.Errorf("no warning in\n%s", log)
	}
}
