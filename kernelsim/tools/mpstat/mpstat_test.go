package mpstat_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/tools/libproc/fake"
	"bothhalves/kernelsim/tools/mpstat"
)

// machine is one whose files change once, when somebody sleeps.
type machine struct{ fake.Files }

func load(t *testing.T, name string) fake.Files {
	t.Helper()
	text, err := os.ReadFile("../libproc/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return fake.Parse(string(text))
}

func run(t *testing.T, o mpstat.Options) string {
	t.Helper()
	m := &machine{load(t, "before")}
	o.Files, o.System, o.Machine = m, "Linux 6.1.0-56-amd64 (box)", "x86_64"
	o.Sleep = func(int) error {
		m.Files = load(t, "after")
		return nil
	}
	var b bytes.Buffer
	if err := mpstat.Run(o, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestAsSysstat: sysstat's own mpstat 12.6.1 has read the same files; its
// output stands in testdata, with this machine's name and time. CPU 2 has been
// off line in between: its idle time begins anew.
func TestAsSysstat(t *testing.T) {
	for name, o := range map[string]mpstat.Options{
		"plain":    {CPU: true, All: true},
		"all":      {CPU: true, All: true, Each: true},
		"sum":      {Sum: true, All: true, Each: true},
		"scpu":     {SoftIRQs: true, All: true},
		"cpu":      {IRQs: true, Each: true, CPUs: []int{0, 2}},
		"int":      {CPU: true, All: true, Interval: 3, Count: 1},
		"all-int":  {CPU: true, SoftIRQs: true, All: true, Each: true, Interval: 3, Count: 1},
		"sum-int":  {Sum: true, All: true, Each: true, Interval: 3, Count: 1},
		"scpu-int": {SoftIRQs: true, Each: true, CPUs: []int{1}, Interval: 3, Count: 1},
	} {
		want, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := run(t, o); got != string(want) {
			t.Errorf("%s:\n%s\nsysstat has\n%s", name, got, want)
		}
	}
}

// TestOffline: a CPU that /proc/stat does not list has no line, and one that
// was not there at the beginning of an interval is left out of it.
func TestOffline(t *testing.T) {
	f := load(t, "before")
	for _, line := range strings.SplitAfter(f["/proc/stat"], "\n") {
		if strings.HasPrefix(line, "cpu3 ") {
			f["/proc/stat"] = strings.Replace(f["/proc/stat"], line, "", 1)
		}
	}
	m := &machine{f}
	var b bytes.Buffer
	err := mpstat.Run(mpstat.Options{Files: m, CPU: true, All: true, Each: true, Interval: 1, Count: 1, Sleep: func(int) error {
		m.Files = load(t, "after")
		return nil
	}}, &b)
	if got := b.String(); err != nil || strings.Contains(got, "    3 ") || !strings.Contains(got, "    2 ") {
		t.Errorf("%v\n%s", err, got)
	}
}
