package libproc_test

import (
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/tools/libproc"
	"bothhalves/kernelsim/tools/libproc/fake"
)

func files(t testing.TB) fake.Files {
	t.Helper()
	text, err := os.ReadFile("testdata/before")
	if err != nil {
		t.Fatal(err)
	}
	return fake.Parse(string(text))
}

func TestRead(t *testing.T) {
	f := files(t)
	stat, err := libproc.ReadStat(f)
	if err != nil || len(stat.CPUs) != 4 || stat.CPUs[1].SoftIRQ != 3200 || stat.All.Total() != 401447 || stat.Interrupts != 169382 {
		t.Errorf("%+v %v", stat, err)
	}
	if up, err := libproc.ReadUptime(f); up != 101027 || err != nil {
		t.Errorf("uptime %d %v", up, err)
	}
	list, err := libproc.ReadProcesses(f)
	if err != nil || len(list) != 13 {
		t.Fatalf("%d processes, %v", len(list), err)
	}
	want := libproc.Process{PID: 202, Comm: "nice (one) two", State: "R", PPID: 1, PGRP: 201, Session: 201, TPGID: -1, Flags: 0x400000,
		UTime: 40000, STime: 600, Priority: 39, Nice: 19, Threads: 1, Start: 1600}
	if list[11] != want {
		t.Errorf("%+v\nwant\n%+v", list[11], want)
	}
	soft, err := libproc.ReadTable(f, "/proc/softirqs")
	if err != nil || len(soft.Rows) != 10 || soft.Of("NET_RX", 1) != 90 || soft.Sum(3) != 53 || soft.Of("NET_RX", 7) != 0 {
		t.Errorf("%+v %v", soft, err)
	}
	if avg := libproc.LoadAverage(f); avg != [3]float64{1.07, 0.53, 12.20} {
		t.Errorf("load %v", avg)
	}
}

// TestBroken: files that are not what they should be are refused, each with the
// file's name.
func TestBroken(t *testing.T) {
	for path, text := range map[string]string{
		"/proc/stat": "intr 5\n", "/proc/uptime": "many\n", "/proc/softirqs": "CPUx\n", "/proc/14/stat": "14 ksoftirqd/0 S 2\n",
	} {
		f := files(t)
		f[path] = text
		_, a := libproc.ReadStat(f)
		_, b := libproc.ReadUptime(f)
		_, c := libproc.ReadTable(f, "/proc/softirqs")
		_, d := libproc.ReadProcesses(f)
		failed := 0
		for _, err := range []error{a, b, c, d} {
			if err != nil && strings.HasPrefix(err.Error(), path+": ") {
				failed++
			}
		}
		if failed != 1 {
			t.Errorf("%s with %q: %v %v %v %v", path, text, a, b, c, d)
		}
	}
}

func TestDate(t *testing.T) {
	for seconds, want := range map[uint64][3]int{0: {1970, 1, 1}, 86399: {1970, 1, 1}, 86400: {1970, 1, 2}, 951782400: {2000, 2, 29},
		4107542400: {2100, 3, 1}, 1795392000: {2026, 11, 23}, 13574563200: {2400, 2, 29}} {
		if y, m, d := libproc.Date(seconds); [3]int{y, m, d} != want {
			t.Errorf("%d is %d-%d-%d, want %v", seconds, y, m, d, want)
		}
	}
}

// FuzzFiles: no text makes a reader panic, and what a reader takes for a
// process or a table has what the programs rely on.
func FuzzFiles(f *testing.F) {
	all := files(f)
	for _, path := range []string{"/proc/stat", "/proc/uptime", "/proc/softirqs", "/proc/interrupts", "/proc/21/stat", "/proc/loadavg"} {
		f.Add(all[path])
	}
	f.Fuzz(func(t *testing.T, text string) {
		f := fake.Files{"/proc/stat": text, "/proc/uptime": text, "/proc/softirqs": text, "/proc/loadavg": text, "/proc/1/stat": text,
			"/proc/sys/kernel/pid_max": text}
		if s, err := libproc.ReadStat(f); err == nil && len(s.CPUs) == 0 {
			t.Error("no CPU and no error")
		}
		libproc.ReadUptime(f)
		libproc.LoadAverage(f)
		libproc.PIDWidth(f)
		if p, err := libproc.ParseProcess(text); err == nil && (p.PID <= 0 || p.State == "") {
			t.Errorf("%+v", p)
		}
		if table, err := libproc.ReadTable(f, "/proc/softirqs"); err == nil {
			for _, r := range table.Rows {
				if len(r.Counts) != len(table.CPUs) {
					t.Errorf("%+v", table)
				}
			}
		}
	})
}
