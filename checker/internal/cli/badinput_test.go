package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bothhalves/checker/grade"
	"bothhalves/checker/script"
)

func TestHelpOfAVerb(t *testing.T) {
	root := tree(t)
	for _, args := range [][]string{{"check", "-h"}, {"check", "-help"}, {"help", "check"}} {
		if status, out, errs := run(root, args...); status != ok || errs != "" || !strings.HasPrefix(out, "usage: checker check [LAB") {
			t.Errorf("checker %v: %d %q %q", args, status, out, errs)
		}
	}
	if status, _, errs := run(root, "help", "chekc"); status != usage || !strings.Contains(errs, "did you mean check?") {
		t.Errorf("help chekc: %d %q", status, errs)
	}
}

// TestPathsNameTasks: what a shell completes is understood.
func TestPathsNameTasks(t *testing.T) {
	root := tree(t)
	for _, arg := range []string{"toy/toy-guess", "toy/toy-guess.answer", "labs/toy/toy-guess.answer", "./labs/toy/toy-guess.answer", "labs/toy", "labs/toy/"} {
		if status, out, errs := run(root, "check", arg); status != ok || !strings.Contains(out, "toy/toy-guess: not started") {
			t.Errorf("check %s: %d %q %q", arg, status, out, errs)
		}
	}
}

func TestShellRefusesWhatIsNotThere(t *testing.T) {
	root := tree(t)
	for _, tc := range []struct{ flag, value, want string }{
		{"-at", "-1", "events count from 1"},
		{"-cut", "-2", "decision points count from 1"},
		{"-check", "no such", "its checks are: the plain case;"},
	} {
		if status, _, errs := run(root, "shell", "toy/toy-guess", tc.flag, tc.value); status != usage || !strings.Contains(errs, tc.want) {
			t.Errorf("shell %s %s: %d %q", tc.flag, tc.value, status, errs)
		}
	}
}

// TestNoFileToRead: in the place of a student's file lies something else. It
// is named, nothing is removed, and what would never end is not read.
func TestNoFileToRead(t *testing.T) {
	root := tree(t)
	file := filepath.Join(root, "labs/toy/toy-guess.answer")
	for _, tc := range []struct {
		name, want string
		put        func() error
	}{
		{"a folder", "labs/toy/toy-guess.answer is a folder: move it away", func() error { return os.Mkdir(file, 0o755) }},
		{"a device", "is no regular file: move it away", func() error { return os.Symlink(os.DevNull, file) }},
		{"a link to nothing", "is gone; go run ./checker reset", func() error { return os.Symlink("nowhere", file) }},
		{"a flood", "is not read", func() error { return os.WriteFile(file, make([]byte, 50<<20), 0o644) }},
	} {
		os.RemoveAll(file)
		if err := tc.put(); err != nil {
			t.Log(err) // no links on this system
			continue
		}
		if status, out, errs := run(root, "check", "toy/toy-guess"); status != failed || !strings.Contains(out, tc.want) {
			t.Errorf("%s: %d %q %q", tc.name, status, out, errs)
		}
		if _, err := os.Lstat(file); err != nil {
			t.Errorf("%s: it was removed: %v", tc.name, err)
		}
	}
	os.RemoveAll(file)
	os.Mkdir(file, 0o755)
	if status, _, errs := run(root, "reset", "toy/toy-guess"); status != failed || !strings.Contains(errs, "is a folder: move it away") {
		t.Errorf("reset of a folder: %d %q", status, errs)
	}
}

// TestNoRoomForSnapshots: where a student's file cannot be kept, it is not
// replaced.
func TestNoRoomForSnapshots(t *testing.T) {
	root := tree(t)
	put(t, root, "labs/toy/toy-guess.answer", "cpus = 4\n")
	put(t, root, ".bothhalves", "a file in the folder's place")
	if status, out, errs := run(root, "reset", "toy/toy-guess"); status != failed || !strings.Contains(errs, ".bothhalves") {
		t.Errorf("%d %q %q", status, out, errs)
	}
	if got := get(t, root, "labs/toy/toy-guess.answer"); got != "cpus = 4\n" {
		t.Errorf("the student's file is now %q", got)
	}
	if status, _, errs := run(root, "check", "toy/toy-guess"); status != failed || !strings.Contains(errs, "make it one that can be written") {
		t.Errorf("check: %d %q", status, errs)
	}
}

func TestBrokenHintsStartOver(t *testing.T) {
	root := tree(t)
	for _, text := range []string{"{", "", "null", `{"toy/toy-guess": -7}`, "\x00\xff"} {
		put(t, root, ".bothhalves/hints.json", text)
		if status, out, errs := run(root, "hint", "toy/toy-guess"); status != ok || !strings.Contains(out, "Hint 1 of 3") {
			t.Errorf("%q: %d %q %q", text, status, out, errs)
		}
	}
}

// TestWatchOutlivesItsFiles: a file may be renamed over, deleted, made anew,
// and its folder may be moved away and back.
func TestWatchOutlivesItsFiles(t *testing.T) {
	root := tree(t)
	co, err := grade.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	verdicts, ended := make(chan grade.Verdict, 100), make(chan error, 1)
	go func() { ended <- co.Watch(ctx, grade.WatchOptions{}, func(v grade.Verdict) { verdicts <- v }) }()
	next := func(what string) grade.Verdict {
		t.Helper()
		select {
		case v := <-verdicts:
			return v
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: no verdict", what)
		}
		return grade.Verdict{}
	}
	name := filepath.Join(root, "labs/toy/toy-guess.answer")
	version := byte(0)
	save := func(file string) { // too long to be read: a verdict that needs no build
		t.Helper()
		version++
		fresh := filepath.Join(root, "fresh")
		if err := os.WriteFile(fresh, bytes.Repeat([]byte{version}, 300<<10), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(fresh, file); err != nil { // whole at once, however slow this computer is
			t.Fatal(err)
		}
	}
	graded := func(what string) {
		t.Helper()
		if v := next(what); v.Err != nil || len(v.Results) != 1 || v.Results[0].Status != script.Rejected {
			t.Errorf("%s: %+v", what, v)
		}
	}
	for len(verdicts) == 0 { // until it watches
		save(name)
		time.Sleep(300 * time.Millisecond)
	}
	graded("a save")
	time.Sleep(300 * time.Millisecond)
	for len(verdicts) > 0 {
		graded("saved once too often")
	}
	os.Remove(name)
	save(name)
	graded("deleted and made anew")
	os.Rename(filepath.Join(root, "labs/toy"), filepath.Join(root, "labs/away"))
	if v := next("the folder goes"); v.Err == nil || !strings.Contains(v.Err.Error(), "labs/toy is gone") {
		t.Errorf("the folder goes: %+v", v)
	}
	save(filepath.Join(root, "labs/away/toy-guess.answer"))
	os.Rename(filepath.Join(root, "labs/away"), filepath.Join(root, "labs/toy"))
	graded("saved while away")
	save(name)
	graded("saved when back")
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
