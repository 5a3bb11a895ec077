// Command mutants asks how much a package's tests notice. It makes one-line
// changes of the package's functions, runs the tests against each, and prints
// which were killed and which survived.
//
//	go run ./checker/internal/mutants [-sample N] [-files A.go,B.go] [-least PERCENT] [PACKAGE…]
//
// Without a package it takes the list in packages.go. A survivor that no test
// could kill, since it does the same, stands with its reason in the package's
// testdata/survivors.txt.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	sample int    // 0: all
	files  string // names with commas between them; "": all
	least  float64
	root   string
	// patience is how much longer than usual a test may take before it hangs.
	patience time.Duration
}

func run(args []string, out io.Writer) error {
	o := options{patience: 500 * time.Millisecond}
	f := flag.NewFlagSet("mutants", flag.ContinueOnError)
	f.IntVar(&o.sample, "sample", 0, "run this many mutants of all, always the same ones")
	f.StringVar(&o.files, "files", "", "change these files alone")
	f.Float64Var(&o.least, "least", 90, "percentage that has to be killed")
	if err := f.Parse(args); err != nil {
		return err
	}
	var err error
	if o.root, err = moduleRoot(); err != nil {
		return err
	}
	var list []target
	for _, name := range f.Args() {
		list = append(list, find(filepath.ToSlash(filepath.Clean(name))))
	}
	if len(list) == 0 {
		list = targets()
	}
	return o.all(list, out)
}

// all makes the mutants of every target, runs them and reports.
func (o options) all(list []target, out io.Writer) error {
	var packages []*pkg
	for _, t := range list {
		p, err := load(o.root, t)
		if err != nil {
			return err
		}
		if len(t.files) > 0 {
			only([]*pkg{p}, t.files)
		}
		if len(p.mutants) == 0 {
			fmt.Fprintf(out, "%s: nothing to change yet\n", t.dir)
			continue
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		return fmt.Errorf("no package with code to change")
	}
	if o.files != "" {
		only(packages, strings.Split(o.files, ","))
	}
	if o.sample > 0 {
		sample(packages, o.sample)
	}
	for _, p := range packages {
		if len(p.mutants) == 0 {
			continue
		}
		if err := p.try(o.root, o.patience); err != nil {
			return fmt.Errorf("%s: %w", p.dir, err)
		}
	}
	return o.report(packages, out)
}

// moduleRoot is the folder of go.mod, here or above.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod here or above: run it in the repository")
		}
		dir = up
	}
}

// report prints the table and the survivors; the error says what is not well.
func (o options) report(packages []*pkg, out io.Writer) error {
	fmt.Fprintf(out, "\n%-34s %6s %6s %6s %8s %7s %7s %8s\n", "package", "made", "killed", "(hung)", "survived", "excused", "killed", "time")
	var sum counts
	var bad []string
	for _, p := range packages {
		c := p.count()
		sum.add(c)
		fmt.Fprintf(out, "%-34s %6d %6d %6d %8d %7d %6.1f%% %7.1fs\n", p.dir, c.made, c.killed, c.hung, c.made-c.killed, c.excused, c.percent(), p.took.Seconds())
		if o.sample == 0 && c.percent() < o.least {
			bad = append(bad, p.dir)
		}
	}
	fmt.Fprintf(out, "%-34s %6d %6d %6d %8d %7d %6.1f%%\n", "all", sum.made, sum.killed, sum.hung, sum.made-sum.killed, sum.excused, sum.percent())
	var stale []string
	for _, p := range packages {
		stale = append(stale, p.survivors(out)...)
	}
	switch {
	case len(stale) > 0:
		return fmt.Errorf("these lines of survivors.txt name no survivor; take them out or give them their new line number:\n  %s", strings.Join(stale, "\n  "))
	case len(bad) > 0:
		return fmt.Errorf("less than %g %% killed in %s: write the tests that notice the survivors, or say in testdata/survivors.txt why none can", o.least, strings.Join(bad, ", "))
	case sum.percent() < o.least:
		return fmt.Errorf("less than %g %% killed", o.least)
	}
	return nil
}

// survivors prints what was not killed, with its reason if it has one, and
// returns the reasons of what does not survive.
func (p *pkg) survivors(out io.Writer) (stale []string) {
	known := map[string]bool{}
	for _, m := range p.mutants {
		if m.outcome != survived {
			continue
		}
		known[m.key()] = true
		why := "SURVIVED"
		if reason, ok := p.allowed[m.key()]; ok {
			why = "excused: " + reason
		}
		fmt.Fprintf(out, "%s/%s — %s\n", p.dir, m.key(), why)
	}
	for _, key := range p.allowedKeys() {
		if !known[key] && (p.tried(key) || !p.made[key]) {
			stale = append(stale, p.dir+"/"+key)
		}
	}
	return stale
}
