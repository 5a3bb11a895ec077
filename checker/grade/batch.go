package grade

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bothhalves/checker/internal/worker"
	"bothhalves/checker/script"
)

// A Variant is one version of a lab: some of its files replaced.
type Variant struct {
	Name  string
	Files map[string][]byte
	Task  *Task // the task to run
}

// A Batch is a program that holds several versions of a lab's package, each
// under an import path of its own, so that one link serves them all.
type Batch struct {
	course   *Course
	lab      *Lab
	binary   string
	Variants []Variant         // those that compile
	Refused  map[string]string // by name: what the compiler said of the others
}

// NewBatch builds the variants of a lab.
func (c *Course) NewBatch(l *Lab, variants []Variant) (*Batch, error) {
	b := &Batch{course: c, lab: l, Variants: variants, Refused: make(map[string]string)}
	own, err := b.sources()
	if err != nil {
		return nil, err
	}
	if err := b.compilable(own); err != nil {
		return nil, err
	}
	o, paths := b.overlay(own)
	o[b.path("overlaymain", "main.go")] = b.main(paths)
	b.binary = c.State("bin", l.Name+".variants")
	if err := os.MkdirAll(filepath.Dir(b.binary), 0o755); err != nil {
		return nil, err
	}
	return b, c.compile(o, "build", "-ldflags=-s -w", "-o", b.binary, "./labs/"+l.Name+"/overlaymain")
}

// sources reads the lab's own Go files.
func (b *Batch) sources() (map[string][]byte, error) {
	names, err := filepath.Glob(filepath.Join(b.lab.Dir, "*.go"))
	if err != nil {
		return nil, err
	}
	out := make(map[string][]byte)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if out[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			return nil, err
		}
	}
	for _, t := range b.lab.Tasks { // what a reader has started plays no part
		if starter, err := b.lab.Starter(t); err == nil && t.Kind.Ext() == ".go" {
			out[t.File()] = starter
		}
	}
	return out, nil
}

func (b *Batch) path(dir, file string) string { return filepath.Join(b.lab.Dir, dir, file) }

// overlay places every variant in a folder that only the build sees.
func (b *Batch) overlay(own map[string][]byte) (o overlay, paths []string) {
	o = make(overlay)
	for i, v := range b.Variants {
		dir := fmt.Sprintf("overlay%03d", i)
		for name, src := range own {
			if other, ok := v.Files[name]; ok {
				src = other
			}
			o[b.path(dir, name)] = src
		}
		paths = append(paths, dir)
	}
	return o, paths
}

// compilable drops the variants that the compiler refuses.
func (b *Batch) compilable(own map[string][]byte) error {
	o, paths := b.overlay(own)
	args := []string{"build"}
	for _, p := range paths {
		args = append(args, "./labs/"+b.lab.Name+"/"+p)
	}
	err := b.course.compile(o, args...)
	var be *BuildError
	if err == nil {
		return nil
	}
	if !errors.As(err, &be) || len(be.Packages) == 0 {
		return err
	}
	var keep []Variant
	for i, v := range b.Variants {
		if msg, bad := be.Packages[fmt.Sprintf("bothhalves/labs/%s/overlay%03d", b.lab.Name, i)]; bad {
			b.Refused[v.Name] = msg
			continue
		}
		keep = append(keep, v)
	}
	if len(keep) == len(b.Variants) {
		return err
	}
	b.Variants = keep
	return b.compilable(own)
}

// main is the program around the variants.
func (b *Batch) main(paths []string) []byte {
	var s strings.Builder
	s.WriteString("package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\n\t\"bothhalves/checker/labtest\"\n\t\"bothhalves/kernelsim/machine\"\n")
	for i, p := range paths {
		fmt.Fprintf(&s, "\tv%d \"bothhalves/labs/%s/%s\"\n", i, b.lab.Name, p)
	}
	s.WriteString(")\n\nfunc main() {\n\terr := labtest.Variants([]func() map[string][]machine.Part{\n")
	for i := range paths {
		fmt.Fprintf(&s, "\t\tv%d.Parts,\n", i)
	}
	s.WriteString("\t})\n\tif err != nil {\n\t\tfmt.Fprintln(os.Stderr, err)\n\t\tos.Exit(1)\n\t}\n}\n")
	return []byte(s.String())
}

// Run runs one variant's task.
func (b *Batch) Run(i int, opt Options) (script.TaskResult, error) {
	v := b.Variants[i]
	req := worker.Request{Lab: b.lab.Name, Task: v.Task.ID, Text: v.Task.Text, Variant: i,
		Limit: opt.Limit, FirstOnly: opt.FirstOnly, Student: v.Files[v.Task.File()]}
	reply, err := worker.Launch(worker.Program{Path: b.binary, Dir: b.lab.Dir}, req)
	if err != nil {
		return script.TaskResult{}, err
	}
	if reply.Fault != "" {
		return script.TaskResult{}, fmt.Errorf("%s: %s\n%s", v.Name, reply.Fault, reply.Output)
	}
	r := v.Task.Merge(reply.Checks)
	r.Output = reply.Output
	return r, nil
}

// Index finds a variant by name, -1 if the compiler refused it.
func (b *Batch) Index(name string) int {
	return slices.IndexFunc(b.Variants, func(v Variant) bool { return v.Name == name })
}
