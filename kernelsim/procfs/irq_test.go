package procfs_test

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// irqMachine is that of the recording vectors/smp4.
func irqMachine(t testing.TB) (*machine.Machine, *procfs.FS) {
	return boot(t, machine.Config{Devices: []board.Device{
		{Kind: "nvme", BDF: 3 << 3, Queues: 4}, {Kind: "virtio-net", BDF: 2 << 3, Vectors: 10}}})
}

// TestAffinityRefusals goes through the recording vectors/smp4/10-refusals,
// and what else can be wrong: an error has changed nothing.
func TestAffinityRefusals(t *testing.T) {
	m, fs := irqMachine(t)
	tests := []struct {
		path, text string
		want       error
		after      string
	}{
		{"25/smp_affinity", "1", errno.EIO, "1\n"},
		{"24/smp_affinity", "1", nil, "1\n"},
		{"30/smp_affinity", "6", nil, "6\n"},
		{"30/smp_affinity", "0", errno.EINVAL, "6\n"},
		{"30/smp_affinity", "1000", errno.EOVERFLOW, "6\n"},
		{"30/smp_affinity", "zz", errno.EINVAL, "6\n"},
		{"30/smp_affinity", "", errno.EINVAL, "6\n"},
		{"30/smp_affinity", "1,2", errno.EOVERFLOW, "6\n"},
		{"30/smp_affinity", "1,,6 ", errno.EOVERFLOW, "6\n"},
		{"30/smp_affinity", ", 6,,", nil, "6\n"},
		{"30/smp_affinity", "6-", errno.EINVAL, "6\n"},
		{"30/smp_affinity", "00000006", nil, "6\n"},
		{"30/smp_affinity", "x00000006", nil, "6\n"}, // what stands there is not looked at
		{"30/smp_affinity", "10", errno.EOVERFLOW, "6\n"},
		{"30/smp_affinity", "123456789", errno.EOVERFLOW, "6\n"},
		{"30/smp_affinity", "0,00000003", errno.EOVERFLOW, "6\n"}, // one group is all that four CPUs have
		{"30/smp_affinity", "3", nil, "3\n"},
		{"0/smp_affinity", "1", errno.EIO, "f\n"},
		{"2/smp_affinity", "1", errno.EIO, "f\n"},
		{"30/smp_affinity_list", "0-1", nil, "0-1\n"},
		{"30/smp_affinity_list", "1-0", errno.EINVAL, "0-1\n"},
		{"30/smp_affinity_list", "4", errno.ERANGE, "0-1\n"},
		{"30/smp_affinity_list", "0,x", errno.EINVAL, "0-1\n"},
		{"30/smp_affinity_list", "", errno.EINVAL, "0-1\n"},
		{"30/smp_affinity_list", ",", errno.EINVAL, "0-1\n"},
		{"30/smp_affinity_list", "0-3:0/2", errno.EINVAL, "0-1\n"},
		{"30/smp_affinity_list", "0-3:3/2", errno.EINVAL, "0-1\n"},
		{"30/smp_affinity_list", "0-3:1", errno.EINVAL, "0-1\n"},
		{"30/smp_affinity_list", "4294967296", errno.EOVERFLOW, "0-1\n"},
		{"30/smp_affinity_list", "99999999999999999999999", errno.EOVERFLOW, "0-1\n"},
		{"30/smp_affinity_list", "4-0", errno.EINVAL, "0-1\n"},
		{"30/smp_affinity_list", "0-N", nil, "0-3\n"},
		{"30/smp_affinity_list", "0-3:1/2", nil, "0,2\n"},
		{"30/smp_affinity_list", "All:1/3", nil, "0,3\n"},
		{"30/smp_affinity_list", " 0, 1,,", nil, "0-1\n"},
		{"30/effective_affinity", "1", errno.EIO, "2\n"},
		{"30/affinity_hint", "2", errno.EIO, "1\n"},
		{"default_smp_affinity", "0", errno.EINVAL, "f\n"},
		{"9/smp_affinity", "1", nil, "1\n"},
		{"default_smp_affinity", "7", nil, "7\n"},
	}
	for _, tt := range tests {
		if err := fs.Write("/proc/irq/"+tt.path, []byte(tt.text+"\n"), false); !errors.Is(err, tt.want) {
			t.Errorf("%s <- %q: %v, want %v", tt.path, tt.text, err, tt.want)
		}
		if got := read(t, fs, "/proc/irq/"+tt.path); got != tt.after {
			t.Errorf("%s after %q: %q, want %q", tt.path, tt.text, got, tt.after)
		}
	}
	if err := m.Run(1000); err != nil {
		t.Error(err)
	}
}

// FuzzAffinity: whatever is written, the mask stays one of processors that
// exist, and an error changes nothing.
func FuzzAffinity(f *testing.F) {
	for _, s := range []string{"f", "0", "zz", "1000", "0-3", "3-", "-1", "1,2", ",", "ffffffff,ffffffff,ffffffff,ffffffff,ffffffff,ffffffff,ffffffff,ffffffff,f", "99999999999999999999", "0x1", "+1", "1_0", "0-3:1/2", "N", "all:1/3", "1\n2", "x00000001", "0-3:0/1", "1\x002"} {
		f.Add(s)
	}
	_, fs := irqMachine(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, path := range []string{"/proc/irq/30/smp_affinity", "/proc/irq/30/smp_affinity_list"} {
			before := read(t, fs, path)
			err := fs.Write(path, []byte(text), false)
			after := read(t, fs, path)
			if err != nil && after != before {
				t.Errorf("%s <- %q: %v, and %q is %q", path, text, err, before, after)
			}
			if err == nil && (after == "\n" || len(after) > 8 || after == "0\n" && strings.HasSuffix(path, "y")) {
				t.Errorf("%s <- %q made %q", path, text, after)
			}
		}
	})
}
