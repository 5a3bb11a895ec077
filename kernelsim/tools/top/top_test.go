package top_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/tools/libproc/fake"
	"bothhalves/kernelsim/tools/top"
)

// machine is one whose files change when somebody sleeps for more than the
// first frame's window.
type machine struct{ fake.Files }

func load(t *testing.T, name string) fake.Files {
	t.Helper()
	text, err := os.ReadFile("../libproc/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return fake.Parse(string(text))
}

// TestAsProcps: procps-ng's own top 4.0.2 has read the same files; its two
// frames stand in testdata, with this machine's time, and without top itself.
// CPU 2 has been off line in between, so that nothing is said of it.
func TestAsProcps(t *testing.T) {
	want, err := os.ReadFile("testdata/frames")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{load(t, "before")}
	var slept []int
	sleep := func(ms int) error {
		if slept = append(slept, ms); ms > 150 {
			m.Files = load(t, "after")
		}
		return nil
	}
	var b bytes.Buffer
	if err := top.Run(top.Options{Files: m, Sleep: sleep, Frames: 2, Delay: 3000}, &b); err != nil {
		t.Fatal(err)
	}
	if len(slept) != 2 || slept[0] != 150 || slept[1] != 3000 {
		t.Errorf("top slept %v ms", slept)
	}
	if b.String() != string(want) {
		t.Errorf("%s\nprocps has\n%s", b.String(), want)
	}
}

// TestFirstFrame: what happens in the window is what the first frame shows, of
// CPUs and tasks alike.
func TestFirstFrame(t *testing.T) {
	m := &machine{load(t, "before")}
	var b bytes.Buffer
	err := top.Run(top.Options{Files: m, Frames: 1, Sleep: func(int) error { m.Files = load(t, "after"); return nil }}, &b)
	if got := b.String(); err != nil || !strings.Contains(got, "%Cpu1  : 45.0 us, 15.5 sy,") || !strings.Contains(got, "  31.6   0:15.46 1 ksoftirqd/1\n") {
		t.Errorf("%v\n%s", err, got)
	}
}

// TestSleepFails: a machine that stops while top looks shows no frame.
func TestSleepFails(t *testing.T) {
	stop := errors.New("stopped")
	var b bytes.Buffer
	if err := top.Run(top.Options{Files: load(t, "before"), Frames: 1, Sleep: func(int) error { return stop }}, &b); err != stop || b.Len() > 0 {
		t.Errorf("%v %q", err, b.String())
	}
}
