package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"-h"}} {
		var out bytes.Buffer
		if err := run(args, &out, io.Discard); err != nil || !strings.Contains(out.String(), "usage: go run ./site VERB") {
			t.Errorf("%v: %v %q", args, err, out.String())
		}
	}
}

func TestBadCommandLines(t *testing.T) {
	for _, args := range [][]string{{"strat"}, {"build", "-x"}, {"build", "dir"}, {"start", "-addr"}, {"check", "now"}, {"update", "-o", "x"}} {
		err := run(args, io.Discard, io.Discard)
		var u usage
		if !errors.As(err, &u) || status(err) != 2 || !strings.Contains(err.Error(), "site help") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if status(errors.New("x")) != 1 {
		t.Error("other errors end with status 1")
	}
}

func TestVerbsComeFromTheShell(t *testing.T) {
	found := false
	for _, v := range verbs() {
		if v.Name == "" || v.Summary == "" || v.Usage == "" {
			t.Errorf("a verb says too little: %+v", v)
		}
		found = found || v.Name == "boot" && strings.Contains(v.Usage, "-cpus")
	}
	if !found {
		t.Error("boot is not among the verbs")
	}
}
