package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMain lets this test binary be ksim itself.
func TestMain(m *testing.M) {
	if os.Getenv("BE_KSIM") != "" {
		main()
	}
	os.Exit(m.Run())
}

func ksim(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "BE_KSIM=1")
	return cmd
}

// TestExit: statuses and messages of the program.
func TestExit(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "a.ks")
	os.WriteFile(script, []byte("# a script\nboot -cpus 1\r\n\n! ps | grep nothing\necho 'two\nps -x\necho never"), 0o666)
	good := filepath.Join(dir, "good.ks")
	os.WriteFile(good, []byte("boot -cpus 1\nuname | wc -l"), 0o666)
	bom := filepath.Join(dir, "bom.ks")
	os.WriteFile(bom, []byte("\ufeffboot -cpus 1\r\nuname | wc -l\r\n"), 0o666)
	utf16 := filepath.Join(dir, "utf16.ks")
	os.WriteFile(utf16, []byte("\xff\xfeb\x00o\x00"), 0o666)
	for _, tt := range []struct {
		args, stdin string
		status      int
		out, err    string // what must be in them
	}{
		{"-c|echo a; echo b", "", 0, "a\nb\n", ""},
		{"-c|", "", 0, "", ""},
		{"-c|ps; echo never", "", 1, "", "ps: no machine: type boot first\n"},
		{"-c|boot -x", "", 2, "", "boot: -x: no such flag"},
		{"-c|boto", "", 127, "", "boto: command not found; did you mean boot?\n"},
		{"-c|! boto; echo on", "", 0, "on\n", "boto: command not found"},
		{"-c|echo 'a", "", 2, "", "syntax error: column 6"},
		{"-c|boot -cpus 1\nps | grep nothing", "", 1, "", ""},
		{script, "", 2, "", "a.ks:5: stopped here, status 2\n"},
		{good, "", 0, "1\n", ""},
		{filepath.Join(dir, "missing.ks"), "", 127, "", "missing.ks: no such file or directory\n"},
		{dir, "", 1, "", "is a directory\n"},
		{"", "boot -cpus 1\nuname | wc -l\n", 0, "1\n", ""},
		{bom, "", 0, "1\n", ""},
		{utf16, "", 2, "", "syntax error: column 1: a byte 0xff: this is no UTF-8 text\n"},
		{"", "echo a\x00b", 2, "", "syntax error: column 7: a byte 0x00: this is no text\n"},
		{"", "echo " + strings.Repeat("a", 17<<20), 1, "", "standard input:1: a line of more than 16 MiB: this is no script\n"},
		{"", strings.Repeat("a", 1<<20), 127, "", "… (1048595 bytes)\n"},
		{"-c|boot -cost /dev/zero", "", 1, "", "boot: -cost: /dev/zero: "},
		{"-c|load " + os.Args[0], "", 1, "", "not a saved machine\n"},
		{"-version|x", "", 2, "", "ksim: -version stands alone\n"},
		{"", "echo a\nnothing", 127, "a\n", "standard input:2: stopped here, status 127\n"},
		{"-h", "", 0, "usage: ksim [-c COMMANDS | SCRIPT]\n", ""},
		{"-version", "", 0, "ksim build ", ""},
		{"-nosuch", "", 2, "", "usage: ksim"},
		{"-c", "", 2, "", "usage: ksim"},
		{"a|b", "", 2, "", "ksim: b: one script at a time\n"},
		{"-c|ps|b", "", 2, "", "ksim: b: a script and -c exclude each other\n"},
	} {
		var args []string
		if tt.args != "" {
			args = strings.Split(tt.args, "|")
		}
		if strings.HasPrefix(tt.args, "-c|") && tt.args != "-c|ps|b" {
			args = strings.SplitN(tt.args, "|", 2)
		}
		cmd := ksim(args...)
		var out, errw bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(tt.stdin), &out, &errw
		status := 0
		if err := cmd.Run(); err != nil {
			var e *exec.ExitError
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			status = e.ExitCode()
		}
		if status != tt.status || !strings.Contains(out.String(), tt.out) || !strings.Contains(errw.String(), tt.err) || tt.err == "" && errw.Len() > 0 {
			t.Errorf("ksim %q < %q: status %d, want %d\nout: %s\nwant: %s\nerr: %s\nwant: %s", args, tt.stdin, status, tt.status, &out, tt.out, &errw, tt.err)
		}
	}
}

// TestOrder: an error message comes after what was printed before it, also
// when both go to the same place.
func TestOrder(t *testing.T) {
	out, _ := ksim("-c", "echo one; ps").CombinedOutput()
	if string(out) != "one\nps: no machine: type boot first\n" {
		t.Errorf("combined output: %q", out)
	}
}

// TestBrokenPipe: when the reader leaves, the program ends at once and says
// nothing.
func TestBrokenPipe(t *testing.T) {
	cmd := ksim("-c", strings.Repeat("help; help; help; help; help; help; help; help\n", 200)+"nothing")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var errw bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &errw
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	r.Read(make([]byte, 10))
	r.Close()
	err = cmd.Wait()
	if errw.Len() > 0 || strings.Contains(err.Error(), "exit status 127") {
		t.Errorf("a reader that leaves: %v, %s", err, &errw)
	}
}

// TestFullDisk: output that is lost is no success.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	defer full.Close()
	cmd := ksim("-c", "boot -cpus 1; uname")
	var errw bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &errw
	if err := cmd.Run(); err == nil || err.Error() != "exit status 1" || errw.String() != "ksim: standard output: no space left on device\n" {
		t.Errorf("%v, %s", err, &errw)
	}
}

// TestHistoryOfTwo: two sessions at once both keep their lines, and what does
// not fit leaves from the front.
func TestHistoryOfTwo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cache", "history")
	for _, typed := range [][]string{{"boot"}, {"boot -cpus 2", "ps"}} {
		if err := addHistory(name, typed); err != nil {
			t.Fatal(err)
		}
	}
	if data, _ := os.ReadFile(name); string(data) != "boot\nboot -cpus 2\nps\n" {
		t.Errorf("history %q", data)
	}
	if err := addHistory(name, slices.Repeat([]string{"run 1ms"}, 999)); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(name); !strings.HasPrefix(string(data), "ps\nrun 1ms\n") || strings.Count(string(data), "\n") != 1000 {
		t.Errorf("history of %d lines", strings.Count(string(data), "\n"))
	}
	if list, _ := os.ReadDir(filepath.Dir(name)); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
	if err := addHistory(filepath.Join(name, "below a file"), []string{"x"}); err == nil {
		t.Error("a history below a file was saved")
	}
}

// TestFiles: FILE is a path of this computer, and save and load go through it.
func TestFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m")
	saved, err := ksim("-c", "boot -cpus 2; burn 1ms; run 500us; ps; save "+file).Output()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ksim("-c", "load "+file+"; ps").Output()
	if err != nil || !bytes.Equal(saved, loaded) {
		t.Errorf("load: %v\n%s\nwant\n%s", err, loaded, saved)
	}
	out, err := ksim("-c", "boot -cpus 1; save /nowhere/at/all").CombinedOutput()
	if err == nil || string(out) != "save: /nowhere/at/all: no such file or directory\n" {
		t.Errorf("save to nowhere: %v, %s", err, out)
	}
}

// TestHistoryFile lies in the user's cache, never in the working directory.
func TestHistoryFile(t *testing.T) {
	t.Setenv("HOME", "/home/reader")
	t.Setenv("XDG_CACHE_HOME", "/home/reader/.cache")
	name, err := historyFile()
	if err != nil || !filepath.IsAbs(name) || !strings.Contains(name, "bothhalves") {
		t.Errorf("history in %q, %v", name, err)
	}
}
