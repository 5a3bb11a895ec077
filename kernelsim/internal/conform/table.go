// Package conform runs conformance tables: sentences of the manuals as they
// are typed at the bare machine, each with its witness.
//
//	# A comment.
//	case: The spurious vector sets no ISR bit
//	witness: SDM volume 3, "Spurious Interrupt"
//	boot -bare -cpus 1
//	mmio write 4 0xfee000f0 0x1ff
//	msi 0xfee00000 0x45
//	cpu 0 ack -tpr 0x50 → 0xff
//	irr 0 → {0x45}
//	isr 0 → {}
//	! msr write 0x1b 0xfee00901 → #GP
//
// A line is a line of the shell; behind → stands what it must print. Numbers
// are compared as numbers. Beside the shell's verbs there are
//
//	irr N → {0x45 0x46}        the vectors in a register of CPU N; isr and tmr too
//	count irr 0x62 1 2 → 1     of the CPUs listed, how many have the vector there
//	bus log → messages 0x77    the vectors of the messages, in order
//	bus log → eoi 0x77         of the EOI broadcasts
//	bus log → none             no message
//	… → ok                     it must not fault; what it prints does not matter
//
// and the word CAP, or CAP+2 and so on, which is the offset of the MSI-X
// capability in the configuration space of the bare machine's function.
package conform

import (
	"fmt"
	"io/fs"
	"strings"
)

// A Case is one sentence.
type Case struct {
	Name    string
	Witness string // the manual's section, or who was seen doing it
	File    string
	Line    int
	Steps   []Step
}

// A Step is one line of a case.
type Step struct {
	Line    int
	Command string
	Want    string // "" if nothing is expected
}

// Parse reads a table; name is for messages. A case needs a witness, and at
// least one line that expects something: a check that cannot fail is none.
func Parse(name, text string) ([]Case, error) {
	var cases []Case
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		title, isCase := strings.CutPrefix(line, "case:")
		witness, isWitness := strings.CutPrefix(line, "witness:")
		switch {
		case line == "" || line[0] == '#':
		case isCase:
			cases = append(cases, Case{Name: strings.TrimSpace(title), File: name, Line: number})
		case len(cases) == 0:
			return nil, fmt.Errorf("%s:%d: %s: it belongs to no case: begin with case: NAME", name, number, line)
		case isWitness:
			cases[len(cases)-1].Witness = strings.TrimSpace(witness)
		default:
			c := &cases[len(cases)-1]
			c.Steps = append(c.Steps, step(number, line))
		}
	}
	for _, c := range cases {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("%s:%d: case %s: %w", name, c.Line, c.Name, err)
		}
	}
	return cases, nil
}

// Load reads all tables of a folder, files ending in .txt.
func Load(dir fs.FS) ([]Case, error) {
	names, err := fs.Glob(dir, "*.txt")
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		cases, err := Parse(name, string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, cases...)
	}
	return all, nil
}

// step takes a line apart.
func step(number int, line string) Step {
	command, want, _ := strings.Cut(line, "→")
	return Step{number, strings.TrimSpace(command), strings.TrimSpace(want)}
}

// check refuses a case that says or tests nothing.
func (c Case) check() error {
	tests := false
	for _, s := range c.Steps {
		tests = tests || s.Want != ""
	}
	switch {
	case c.Name == "":
		return fmt.Errorf("it has no name")
	case c.Witness == "":
		return fmt.Errorf("it has no witness: say where it is written")
	case !tests:
		return fmt.Errorf("it expects nothing: it could not fail")
	}
	return nil
}
