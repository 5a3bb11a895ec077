package main

import (
	"errors"
	"fmt"
	"go/build"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bothhalves/checker/internal/mutate"
)

// An outcome is what became of a mutant.
type outcome uint8

const (
	survived outcome = iota
	killed
	notBuilt // the compiler refuses it
)

// A mutant is one change of one file.
type mutant struct {
	file    string // in its package's folder
	line    string
	change  string
	src     []byte // the file as a whole
	outcome outcome
	hung    bool // killed because it ran too long
}

// key names the mutant as survivors.txt does: `file.go:12 + becomes -`.
func (m *mutant) key() string { return m.file + ":" + m.line + " " + m.change }

// A pkg is a target with its mutants.
type pkg struct {
	target
	sources map[string][]byte // by file
	mutants []*mutant
	made    map[string]bool   // keys of all, also of those that a sample leaves out
	allowed map[string]string // key to reason
	took    time.Duration
}

// load reads a package and makes its mutants.
func load(root string, t target) (*pkg, error) {
	p := &pkg{target: t, sources: map[string][]byte{}, made: map[string]bool{}}
	found, err := build.ImportDir(filepath.Join(root, t.dir), 0)
	var none *build.NoGoError
	if errors.As(err, &none) || errors.Is(err, fs.ErrNotExist) || found != nil && len(found.GoFiles) == 0 {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range found.GoFiles {
		src, err := os.ReadFile(filepath.Join(root, t.dir, name))
		if err != nil {
			return nil, err
		}
		list, err := mutate.All(name, src)
		if err != nil {
			return nil, err
		}
		p.sources[name] = src
		for _, m := range list {
			line, change, _ := strings.Cut(strings.TrimPrefix(m.Name, "line "), ": ")
			p.mutants = append(p.mutants, &mutant{file: name, line: line, change: change, src: m.Src})
		}
	}
	for _, m := range p.mutants {
		p.made[m.key()] = true
	}
	p.allowed, err = readAllowed(filepath.Join(root, t.dir, "testdata", "survivors.txt"))
	return p, err
}

// readAllowed reads lines of `file:line change — reason`.
func readAllowed(name string) (map[string]string, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for n, line := range strings.Split(string(data), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, reason, ok := strings.Cut(line, " — ")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: want `file.go:12 change — reason`, not %q", name, n+1, line)
		}
		out[strings.TrimSpace(key)] = strings.TrimSpace(reason)
	}
	return out, nil
}

func (p *pkg) allowedKeys() []string {
	var keys []string
	for key := range p.allowed {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// tried says whether the mutant of this key has been run.
func (p *pkg) tried(key string) bool {
	return slices.ContainsFunc(p.mutants, func(m *mutant) bool { return m.key() == key && m.outcome != notBuilt })
}

// only keeps the mutants of some files.
func only(packages []*pkg, files []string) {
	for _, p := range packages {
		p.mutants = slices.DeleteFunc(p.mutants, func(m *mutant) bool { return !slices.Contains(files, m.file) })
	}
}

// sample keeps n mutants of all, those whose names hash lowest: a change in
// one function leaves the rest of the sample as it was.
func sample(packages []*pkg, n int) {
	hash := func(p *pkg, m *mutant) uint64 {
		h := fnv.New64a()
		_, _ = h.Write([]byte(p.dir + "/" + m.key()))
		return h.Sum64()
	}
	var all []uint64
	for _, p := range packages {
		for _, m := range p.mutants {
			all = append(all, hash(p, m))
		}
	}
	slices.Sort(all)
	if n >= len(all) {
		return
	}
	for _, p := range packages {
		p.mutants = slices.DeleteFunc(p.mutants, func(m *mutant) bool { return hash(p, m) >= all[n] })
	}
}

// counts is a line of the table.
type counts struct{ made, killed, hung, excused int }

func (c *counts) add(d counts) {
	c.made, c.killed, c.hung, c.excused = c.made+d.made, c.killed+d.killed, c.hung+d.hung, c.excused+d.excused
}

// percent is how many of those that can be noticed were.
func (c counts) percent() float64 {
	if c.made == c.excused {
		return 100
	}
	return 100 * float64(c.killed) / float64(c.made-c.excused)
}

func (p *pkg) count() (c counts) {
	for _, m := range p.mutants {
		if m.outcome == notBuilt {
			continue
		}
		c.made++
		if m.outcome == killed {
			c.killed++
			if m.hung {
				c.hung++
			}
		} else if _, ok := p.allowed[m.key()]; ok {
			c.excused++
		}
	}
	return c
}
