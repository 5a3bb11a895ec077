package build

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/site/console"
	"bothhalves/site/internal/figure"
)

// A typed line is one command of a figure's script, `command  # note`, with
// what it printed.
type typed struct {
	command, note string
	mayFail       bool
	output        string
}

// script reads the lines of a figure's text as commands.
func script(text string) []typed {
	var out []typed
	for _, line := range strings.Split(text, "\n") {
		command, note := cutNote(line)
		if command == "" {
			continue
		}
		t := typed{command: command, note: note}
		if rest, ok := strings.CutPrefix(command, "! "); ok {
			t.command, t.mayFail = strings.TrimSpace(rest), true
		}
		out = append(out, t)
	}
	return out
}

// cutNote splits a line at the first # outside quotes, where the shell would
// begin a comment.
func cutNote(line string) (command, note string) {
	quoted := false
	for i, r := range line {
		if r == '\'' {
			quoted = !quoted
		}
		if r == '#' && !quoted {
			return strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:])
		}
	}
	return strings.TrimSpace(line), ""
}

// run types the line; a failure that is not announced by `! ` is an error.
func (t *typed) run(m *console.Machine) error {
	res := m.Run(t.command)
	t.output = res.Out
	switch {
	case res.Failed && !t.mayFail:
		return fmt.Errorf("`%s` failed: %s", t.command, strings.TrimSpace(res.Out))
	case !res.Failed && t.mayFail:
		return fmt.Errorf("`! %s` does not fail", t.command)
	}
	return nil
}

// grid draws an arbitration step by step: `run:` sets the machine up, each
// line of the text is a step, and `cpu:` says whose local APIC is looked at.
// What a frame shows is read from that APIC's registers.
func (s figureSpec) grid(p *page, f *fence) (figure.Drawing, error) {
	cpu := 0
	if text := s.keys["cpu"]; text != "" {
		var err error
		if cpu, err = strconv.Atoi(text); err != nil {
			return figure.Drawing{}, fmt.Errorf("cpu: %q is no number", text)
		}
	}
	steps := script(s.text)
	if len(steps) == 0 {
		return figure.Drawing{}, fmt.Errorf("no steps: write one command a line, `# note` behind it")
	}
	m := s.machine(p, f)
	if res, failed := m.RunAll(console.Commands(s.keys["run"])); failed != "" {
		return figure.Drawing{}, fmt.Errorf("`%s` failed: %s", failed, strings.TrimSpace(res.Out))
	}
	var g figure.Grid
	for i := -1; i < len(steps); i++ {
		step := typed{}
		if i >= 0 {
			step = steps[i]
			if err := step.run(m); err != nil {
				return figure.Drawing{}, err
			}
		}
		a, err := arbitration(m, cpu)
		if err != nil {
			return figure.Drawing{}, err
		}
		a.Command, a.Output, a.Note = step.command, step.output, step.note
		g = append(g, a)
	}
	return g.Draw(), nil
}

// Registers of the local APIC's page (SDM volume 3, "Local APIC Register
// Address Map").
const (
	lapicPage = 0xfee00000
	regTPR    = 0x80
	regPPR    = 0xa0
	regISR    = 0x100
	regIRR    = 0x200
)

// arbitration reads a local APIC by the same commands that a reader would
// type; reading these registers changes nothing.
func arbitration(m *console.Machine, cpu int) (a figure.Arbitration, err error) {
	if a.IRR, err = readSet(m, regIRR, cpu); err != nil {
		return a, err
	}
	if a.ISR, err = readSet(m, regISR, cpu); err != nil {
		return a, err
	}
	if a.TPR, err = readRegister(m, regTPR, cpu); err != nil {
		return a, err
	}
	if a.PPR, err = readRegister(m, regPPR, cpu); err != nil {
		return a, err
	}
	res := m.Run(fmt.Sprintf("cpu %d pending", cpu))
	if res.Failed {
		return a, fmt.Errorf("`cpu %d pending` failed: %s", cpu, strings.TrimSpace(res.Out))
	}
	a.Offered = console.Value(res.Out)
	return a, nil
}

// readSet is the vectors whose bits are set in eight registers, 16 bytes
// apart.
func readSet(m *console.Machine, at, cpu int) ([]int, error) {
	var out []int
	for word := range 8 {
		v, err := readRegister(m, at+word*16, cpu)
		if err != nil {
			return nil, err
		}
		for bit := range 32 {
			if v>>bit&1 == 1 {
				out = append(out, word*32+bit)
			}
		}
	}
	return out, nil
}

func readRegister(m *console.Machine, at, cpu int) (int, error) {
	line := fmt.Sprintf("mmio read 4 %#x -cpu %d", lapicPage+at, cpu)
	res := m.Run(line)
	v, err := strconv.ParseUint(console.Value(res.Out), 0, 32)
	if res.Failed || err != nil {
		return 0, fmt.Errorf("`%s` does not read a register: %s", line, strings.TrimSpace(res.Out))
	}
	return int(v), nil
}
