// Command site builds the book and serves it while it is being written.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bothhalves/checker/grade"
	"bothhalves/kernelsim/shell"
	"bothhalves/site/build"
	"bothhalves/site/console"
	"bothhalves/site/internal/serve"
)

const help = `site builds the book "Both Halves" and serves it.

usage: go run ./site VERB

  start [-addr HOST:PORT]   build, serve on localhost, follow every save
  build [-o DIR] [-k]       write the pages (to site/public); -k even if
                            something is wrong with them
  update                    rewrite what has drifted in the Markdown: listings,
                            recorded output, computed answers
  check                     say what update would rewrite, change nothing
  help                      this text

It is to be run from the root of the repository, or a folder below it.
`

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(status(err))
	}
}

// A usage error is a command line that cannot be understood.
type usage string

func (u usage) Error() string { return string(u) }

func status(err error) int {
	var u usage
	if errors.As(err, &u) {
		return 2
	}
	return 1
}

func run(args []string, out, progress io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(out, help)
		return nil
	}
	verbs := map[string]func([]string, io.Writer, io.Writer) error{
		"start": start, "build": buildSite, "update": update, "check": check,
	}
	verb, ok := verbs[args[0]]
	if !ok {
		return usage("site: no verb " + args[0] + "; there are build, check, start, update; `site help` explains them")
	}
	return verb(args[1:], out, progress)
}

// options parses a verb's flags; it takes no other arguments.
func options(name string, args []string, define func(*flag.FlagSet)) error {
	f := flag.NewFlagSet("site "+name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	if define != nil {
		define(f)
	}
	if err := f.Parse(args); err != nil {
		return usage("site " + name + ": " + err.Error() + "; `site help` lists the flags")
	}
	if f.NArg() > 0 {
		return usage("site " + name + ": does not know what to do with " + strings.Join(f.Args(), " ") + "; `site help` explains it")
	}
	return nil
}

func start(args []string, out, progress io.Writer) error {
	addr := "localhost:8080"
	if err := options("start", args, func(f *flag.FlagSet) { f.StringVar(&addr, "addr", addr, "") }); err != nil {
		return err
	}
	c, err := config(progress)
	if err != nil {
		return err
	}
	return serve.Run(serve.Options{Config: c, Addr: addr, Out: out, Err: progress, Args: append([]string{"start"}, args...)})
}

func buildSite(args []string, out, progress io.Writer) error {
	dir, anyway := "", false
	define := func(f *flag.FlagSet) { f.StringVar(&dir, "o", "", ""); f.BoolVar(&anyway, "k", false, "") }
	if err := options("build", args, define); err != nil {
		return err
	}
	c, err := config(progress)
	if err != nil {
		return err
	}
	if dir == "" {
		dir = filepath.Join(c.Root, "site", "public")
	}
	b, err := build.New(c)
	if err != nil {
		return err
	}
	site, err := b.Build()
	if err != nil && (!anyway || site == nil) {
		return err
	}
	if werr := site.Write(dir); werr != nil {
		return werr
	}
	fmt.Fprintf(out, "%d files in %s; open %s\n", len(site.Files), dir, filepath.Join(dir, "index.html"))
	return err
}

func update(args []string, out, progress io.Writer) error {
	b, err := builder("update", args, progress)
	if err != nil {
		return err
	}
	changed, err := b.Update()
	for _, f := range changed {
		fmt.Fprintln(out, "rewrote", f)
	}
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		fmt.Fprintln(out, "nothing had drifted")
	}
	_, err = b.Build()
	return err
}

func check(args []string, out, progress io.Writer) error {
	b, err := builder("check", args, progress)
	if err != nil {
		return err
	}
	_, err = b.Build()
	var all, drifted build.Problems
	if err != nil && !errors.As(err, &all) {
		return err
	}
	for _, p := range all {
		if p.Drift {
			drifted = append(drifted, p)
		}
	}
	if len(drifted) > 0 {
		return drifted
	}
	fmt.Fprintln(out, "every listing, console block and answer is as the machine says")
	return nil
}

func builder(name string, args []string, progress io.Writer) (*build.Builder, error) {
	if err := options(name, args, nil); err != nil {
		return nil, err
	}
	c, err := config(progress)
	if err != nil {
		return nil, err
	}
	return build.New(c)
}

// config is the book of the repository around the current folder.
func config(progress io.Writer) (build.Config, error) {
	root, err := findRoot()
	if err != nil {
		return build.Config{}, err
	}
	tested, err := killTables(root)
	if err != nil {
		return build.Config{}, err
	}
	return build.Config{Root: root, Open: console.Open, Layouts: console.Layouts(), Verbs: verbs(), Tested: tested,
		Progress: serve.Bar(progress)}, nil
}

// killTables are the labs' own, as their tests wrote them.
func killTables(root string) ([]build.Tested, error) {
	course, err := grade.Open(root)
	if err != nil {
		return nil, err
	}
	var out []build.Tested
	for _, lab := range course.Labs {
		table, err := grade.ReadKills(lab)
		if err != nil {
			return nil, fmt.Errorf("%s: %v; write it with: go test ./checker/grade -run Labs -update", lab.Name, err)
		}
		out = append(out, build.Tested{Lab: lab.Name, Markdown: table.Markdown()})
	}
	return out, nil
}

func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "book")); err == nil {
			if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
				return at, nil
			}
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s: not inside the repository (no folder here or above has go.mod and book); cd to it first", dir)
		}
	}
}

// verbs are the shell's commands for the appendix.
func verbs() []build.Verb {
	var out []build.Verb
	for _, v := range shell.Commands() {
		b := build.Verb{Name: v.Name, Group: v.Group, Usage: v.Usage(), Summary: v.Summary, Detail: v.Detail}
		for _, f := range v.Flags {
			if !f.Held {
				b.Flags = append(b.Flags, [2]string{strings.TrimSpace("-" + f.Name + " " + f.Arg), f.Help})
			}
		}
		out = append(out, b)
	}
	return out
}
