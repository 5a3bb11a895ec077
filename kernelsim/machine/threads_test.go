package machine_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/machine"
)

// TestThreadsOfACore: cores of several threads are whole, and within a node.
func TestThreadsOfACore(t *testing.T) {
	for _, tt := range []struct {
		cfg  machine.Config
		want string
	}{
		{machine.Config{CPUs: 8, Threads: 2}, ""},
		{machine.Config{CPUs: 8, Threads: 8}, ""},
		{machine.Config{CPUs: 12, Nodes: 3, Threads: 4}, ""},
		{machine.Config{CPUs: 8, Threads: 3}, "3 threads: a core has 1, 2, 4 or 8"},
		{machine.Config{CPUs: 8, Threads: -1}, "-1 threads: a core has 1, 2, 4 or 8"},
		{machine.Config{CPUs: 6, Threads: 4}, "6 CPUs on 1 nodes are no whole cores of 4 threads"},
		{machine.Config{CPUs: 12, Nodes: 4, Threads: 2}, "12 CPUs on 4 nodes are no whole cores of 2 threads"},
	} {
		m, err := machine.Boot(tt.cfg)
		switch {
		case err == nil:
			m.Close()
			if tt.want != "" {
				t.Errorf("%+v boots", tt.cfg)
			}
		case tt.want == "" || !strings.Contains(err.Error(), tt.want):
			t.Errorf("%+v: %v, want %q", tt.cfg, err, tt.want)
		}
	}
}
