package ps_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/tools/libproc/fake"
	"bothhalves/kernelsim/tools/ps"
)

func load(t *testing.T) fake.Files {
	t.Helper()
	text, err := os.ReadFile("../libproc/testdata/before")
	if err != nil {
		t.Fatal(err)
	}
	return fake.Parse(string(text))
}

// TestAsProcps: procps-ng's own ps 4.0.2 has read the same files; its output
// stands in testdata, without ps itself. It read them fifty years later: so it
// says only 1970 of when a process began.
func TestAsProcps(t *testing.T) {
	for name, spec := range map[string]string{
		"default": ps.Default,
		"o":       "pid,comm,psr,stat,cls,rtprio,ni,time",
		"more":    "pid,ppid,pgid,sid,nlwp,pri,priority,s,c,%cpu,etime,sched,policy,class,nice",
		"mid":     "user,cmd,pid",
		"aux":     ps.User,
		"ef":      ps.Full,
	} {
		want, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := ps.Run(load(t), spec, &b); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		if name == "aux" || name == "ef" {
			for _, at := range []string{" 00:00 ", " 00:15 ", " 00:16 "} {
				got = strings.ReplaceAll(got, at, "  1970 ")
			}
		}
		if got != string(want) {
			t.Errorf("%s:\n%s\nprocps has\n%s", name, got, want)
		}
	}
}

// TestStarted: a process of an earlier day has its date.
func TestStarted(t *testing.T) {
	f := load(t)
	f["/proc/uptime"] = "90000.00 0.00\n"
	var b bytes.Buffer
	if err := ps.Run(f, "pid,stime", &b); err != nil || !strings.Contains(b.String(), "    201 Jan01\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestUnknownColumn(t *testing.T) {
	var b bytes.Buffer
	err := ps.Run(load(t), "pid,wchan", &b)
	if err == nil || err.Error() != "-o: wchan: no such column" || b.Len() > 0 {
		t.Errorf("%v %q", err, b.String())
	}
}

// TestLongName: a worker's name with its workqueue is cut where another column
// follows.
func TestLongName(t *testing.T) {
	f := fake.Files{}
	for path, text := range load(t) {
		if path == "/proc/29/stat" {
			text = strings.Replace(text, "kworker/3:1-eve", "kworker/3:1-events", 1)
		}
		f[path] = text
	}
	for spec, want := range map[string]string{"comm,psr": "kworker/3:1-eve   3\n", "psr,comm": "  3 kworker/3:1-events\n"} {
		var b bytes.Buffer
		if err := ps.Run(f, spec, &b); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%s: %v\n%s\nhas no %q", spec, err, b.String(), want)
		}
	}
}
