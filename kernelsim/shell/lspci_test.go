package shell_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/shell"
)

// A recordedBus is a recorded run and the command that boots its machine. The
// files are testdata/lspci/NAME.vvv (lspci -vvv -xxxx without the lines of the
// extended space that are all zero), .nn (lspci -nn) and .info (info pci).
type recordedBus struct{ name, boot string }

func recordedBuses() []recordedBus {
	return []recordedBus{
		{"pc-smp4", "boot -cpus 4 -nic none -device virtio-net,vectors=10 -device e1000e -blk nvme,queues=4"},
		{"q35-smp2", "boot -machine q35 -cpus 2 -nic none -device virtio-net,vectors=6 -device e1000e -blk nvme,queues=2"},
		{"smp8", "boot -cpus 8 -nic none -device virtio-net,vectors=10 -blk nvme,queues=8"},
		{"virtio-1q", "boot -cpus 1 -nic none -device virtio-net,vectors=4"},
		{"vmxnet3", "boot -cpus 1 -nic none -device vmxnet3"},
		{"e1000e", "boot -cpus 1 -nic none -device e1000e"},
		{"ena-probe", "boot -cpus 4 -nic ena,queues=8"},
	}
}

// TestLspciAsRecorded compares all that lspci prints for the recorded
// machines, byte for byte.
func TestLspciAsRecorded(t *testing.T) {
	for _, r := range recordedBuses() {
		t.Run(r.name, func(t *testing.T) {
			compareRecorded(t, r, "lspci -nn", "nn", nil)
			compareRecorded(t, r, "lspci -vvv -xxxx", "vvv", withoutZeros)
			compareRecorded(t, r, "info pci", "info", nil)
		})
	}
}

// compareRecorded runs a command on the machine and compares its output with
// the recording, if there is one.
func compareRecorded(t *testing.T, r recordedBus, command, ext string, filter func(string) string) {
	t.Helper()
	want, err := os.ReadFile("testdata/lspci/" + r.name + "." + ext)
	if err != nil && ext == "info" {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	s := shell.New(newHost())
	defer s.Close()
	do(t, s, r.boot)
	got := do(t, s, command)
	if filter != nil {
		got = filter(got)
	}
	text := strings.TrimPrefix(string(want), "(qemu) info pci\n")
	if d := cmp.Diff(text, got); d != "" {
		t.Errorf("%s: (-recorded +printed)\n%s", command, d)
	}
}

// withoutZeros drops the lines of the extended space that are all zero.
func withoutZeros(text string) string {
	var b strings.Builder
	zero := strings.Repeat(" 00", 16)
	for line := range strings.Lines(text) {
		at, bytes, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if len(at) != 3 || bytes != zero {
			b.WriteString(line)
		}
	}
	return b.String()
}
