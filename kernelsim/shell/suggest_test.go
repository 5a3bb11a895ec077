package shell

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"boot", "back", "burn", "trace", "taskset", "-cpus", "-append", "ps"}
	for name, want := range map[string]string{
		"boto": "boot", "bot": "boot", "tarce": "trace", "taskse": "taskset", "--cpus": "-cpus",
		"-apend": "-append", "x": "", "pss": "ps", "reboot": "boot", "python": "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
