package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// try builds the package's tests with all its mutants and runs them once for
// each. A run that takes four times as long as the unchanged one, and patience
// on top, hangs.
func (p *pkg) try(root string, patience time.Duration) error {
	start := time.Now()
	defer func() { p.took = time.Since(start) }()
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "test")
	if err := p.build(root, dir, bin); err != nil {
		return err
	}
	if _, err := os.Stat(bin); errors.Is(err, fs.ErrNotExist) {
		return nil // there are no tests: everything survives
	}
	r := runner{bin: bin, dir: filepath.Join(root, p.testsOf()), cpu: time.Minute}
	out, took, ok := r.run(0)
	if !ok {
		return fmt.Errorf("the tests fail without any change:\n%s", out)
	}
	r.cpu = patience + 4*took
	r.each(p.mutants)
	return nil
}

// build compiles until the compiler has refused what it will.
func (p *pkg) build(root, dir, bin string) error {
	for range 8 {
		file, err := p.overlay(root, dir)
		if err != nil {
			return err
		}
		cmd := exec.Command(goTool(), "test", "-c", "-vet=off", "-ldflags=-s -w", "-gcflags=./"+p.dir+"=-e", "-overlay", file, "-o", bin, "./"+p.testsOf())
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		if !p.refuse(out) {
			return fmt.Errorf("does not build: %v\n%s", err, out)
		}
	}
	return errors.New("the compiler finds ever more mutants that do not build")
}

// refuse takes out the mutants that the compiler names.
func (p *pkg) refuse(out []byte) (some bool) {
	for _, match := range regexp.MustCompile(`(?m)(?:^|/)mutant(\d+):\d+`).FindAllSubmatch(out, -1) {
		if id, err := strconv.Atoi(string(match[1])); err == nil && id >= 1 && id <= len(p.mutants) {
			some = some || p.mutants[id-1].outcome != notBuilt
			p.mutants[id-1].outcome = notBuilt
		}
	}
	return some
}

// overlay writes the woven files and returns the file for -overlay.
func (p *pkg) overlay(root, dir string) (string, error) {
	replace := map[string]string{}
	put := func(name, text string) error {
		replace[filepath.Join(root, p.dir, name)] = filepath.Join(dir, name)
		return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
	}
	byFile := map[string]map[int]*mutant{}
	for i, m := range p.mutants {
		if m.outcome == notBuilt {
			continue
		}
		if byFile[m.file] == nil {
			byFile[m.file] = map[int]*mutant{}
		}
		byFile[m.file][i+1] = m
	}
	clause := ""
	for name, list := range byFile {
		path := filepath.Join(root, p.dir, name)
		text, err := weave(path, p.sources[name], list)
		if err != nil {
			return "", err
		}
		if err := put(name, text); err != nil {
			return "", err
		}
		clause = packageClause(p.sources[name])
	}
	if err := put("mutants_active.go", fmt.Sprintf(activeFile, clause)); err != nil {
		return "", err
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, data, 0o644)
}

// packageClause is the name behind `package`.
func packageClause(src []byte) string {
	return string(regexp.MustCompile(`(?m)^package (\w+)`).FindSubmatch(src)[1])
}

// goTool is the go command that the Makefile chose.
func goTool() string {
	if name := os.Getenv("GO"); name != "" {
		return name
	}
	return "go"
}

// A runner runs a test binary with one mutant switched on.
type runner struct {
	bin, dir string
	cpu      time.Duration // that a run may take; it is the same however busy the machine is
}

// each runs all mutants, as many at a time as there are cores.
func (r runner) each(list []*mutant) {
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.NumCPU())
	for i, m := range list {
		if m.outcome == notBuilt {
			continue
		}
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			if _, took, ok := r.run(i + 1); !ok {
				m.outcome, m.hung = killed, took >= r.cpu
			}
		})
	}
	wg.Wait()
}

// memory is how much address space a test may take, in KB: a changed loop that
// never ends may also never stop to append.
const memory = "8000000"

// run reports what the tests printed, the processor time that they took, and
// whether they passed. Taking too long is failing.
func (r runner) run(id int) (printed string, took time.Duration, ok bool) {
	seconds := int(math.Ceil(r.cpu.Seconds()))
	wall := time.Duration(20*seconds) * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), wall)
	defer cancel()
	args := []string{r.bin, "-test.failfast", "-test.short", "-test.skip=^(Fuzz|Benchmark|Example)", "-test.timeout=" + wall.String()}
	if sh, err := exec.LookPath("sh"); err == nil {
		limits := fmt.Sprintf("ulimit -v %s; ulimit -t %d; ", memory, seconds)
		args = append([]string{sh, "-c", limits + `exec "$0" "$@"`}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = r.dir
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), environment+"="+strconv.Itoa(id), "GOMAXPROCS=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if s := cmd.ProcessState; s != nil {
		took = s.UserTime() + s.SystemTime()
	}
	return out.String(), took, err == nil
}
