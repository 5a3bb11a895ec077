package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bothhalves/checker/grade"
	"bothhalves/checker/script"
)

func runNew(c *call) error {
	kind := c.flags.String("kind", string(script.Implement), "what the student does")
	if err := c.parse(1, 1); err != nil {
		return err
	}
	if !slices.Contains(script.Kinds(), script.Kind(*kind)) {
		return c.misuse("no kind %q: the kinds are %q", *kind, script.Kinds())
	}
	co, err := c.course()
	if err != nil {
		return err
	}
	lab, id, err := script.ParseName(c.args[0])
	if err != nil || id == "" {
		return c.misuse("want LAB/TASK")
	}
	t := &script.Task{Lab: lab, ID: id, Kind: script.Kind(*kind)}
	text := skeleton(t)
	if errs := grade.LintTask(lab, id, []byte(text)); len(errs) > 0 {
		return &usageError{errs[0].Error()}
	}
	dir := filepath.Join(co.Root, "labs", lab, "testdata")
	task, solution := filepath.Join(dir, id+".txtar"), filepath.Join(dir, "solution", t.File())
	for _, f := range []struct{ name, text string }{{task, text}, {solution, solutionSkeleton(t)}} {
		if err := writeNew(f.name, f.text); err != nil {
			return err
		}
		fmt.Fprintf(c.Out, "wrote %s\n", c.relative(co, f.name))
	}
	fmt.Fprintf(c.Out, "Next: the solution, at least four mutants in testdata/mutants/%s for a Go task, an entry %q in Parts(),\na paragraph in labs/%s/README.md, then go test ./checker/grade -run Labs -update\n",
		strings.TrimSuffix(t.File(), filepath.Ext(t.File())), id, lab)
	return nil
}

// writeNew writes a file that must not exist.
func writeNew(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("not overwritten: %w", err)
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// skeleton is a task that passes its lint.
func skeleton(t *script.Task) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Task: %s\n# Kind: %s   Size: S   Minutes: 15   Chapter: %s#the-section\n# Shapes: cpus=1; cpus=4\n", t.ID, t.Kind, t.Lab)
	if t.Kind.Ext() == ".go" {
		b.WriteString("# Imports: bothhalves/kernelsim/hw/cpu\n")
	}
	verdict := "dmesg\nexpect 'Brought up .* CPU'\n"
	switch t.Kind.Ext() {
	case ".answer":
		verdict = "dmesg | grep 'Brought up'\nanswer cpus '(\\d+) CPU'\n"
	case ".ks":
		verdict = "only-box " + t.File() + "\n"
	}
	for _, name := range []string{"the plain case", "the wrong idea that this task is about", "many machines", "nothing is left behind"} {
		fmt.Fprintf(&b, "#\n# Check: %s (weight 1)\n# Why: the reason, in the kernel's words\nboot -cpus $CPUS\n%s", name, verdict)
	}
	b.WriteString("-- hint-1 --\nA question.\n-- hint-2 --\nA pointer.\n-- hint-3 --\nNearly the code.\n")
	return b.String()
}

// solutionSkeleton is a solution with its marks.
func solutionSkeleton(t *script.Task) string {
	switch t.Kind.Ext() {
	case ".go":
		return "package " + t.Lab + "\n\nimport \"bothhalves/kernelsim/hw/cpu\"\n\n// Answer is to be written.\nfunc Answer(c *cpu.CPU) int {\n\t//gap say what is to be written\n\treturn c.ID\n\t//end\n}\n"
	case ".answer":
		return "# gap\ncpus = 4\n# ship\n# cpus =\n# end\n"
	}
	return "# gap\ncat /proc/cmdline\n# ship\n# # …\n# end\n"
}
