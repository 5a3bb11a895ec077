package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/peterh/liner"

	"bothhalves/kernelsim/shell"
)

// A terminal is the prompt: the line editor, and how the terminal behaves
// while a line is edited and while a command runs.
type terminal struct {
	line        *liner.State
	cooked, raw liner.ModeApplier
}

func openTerminal(s *shell.Session) (*terminal, error) {
	cooked, err := liner.TerminalMode()
	if err != nil {
		return nil, err
	}
	line := liner.NewLiner()
	raw, err := liner.TerminalMode()
	if err != nil {
		line.Close()
		return nil, err
	}
	line.SetCtrlCAborts(true)
	line.SetTabCompletionStyle(liner.TabPrints)
	line.SetWordCompleter(s.Complete)
	return &terminal{line, cooked, raw}, nil
}

// interact reads commands from the terminal until Ctrl-D. A failed command
// does not end it, and Ctrl-C ends only the command that runs.
func interact(s *shell.Session, h *host, out *pipeWriter, stderr io.Writer) int {
	t, err := openTerminal(s)
	if err != nil {
		return status(runLines(s, out, stderr, "standard input", os.Stdin))
	}
	defer t.line.Close()
	var typed []string
	readHistory(t.line)
	defer func() { writeHistory(typed, stderr) }()
	defer h.watchInterrupts()()
	fmt.Fprintln(out, "A simulated machine and its kernel. boot starts it, help lists the commands, Ctrl-D leaves.")
	for {
		out.Flush()
		text, err := t.line.Prompt(prompt(s))
		word := strings.TrimSpace(text)
		switch {
		case errors.Is(err, liner.ErrPromptAborted), err == nil && word == "":
			continue
		case err != nil:
			fmt.Fprintln(out)
			return shell.StatusOK
		case word == "exit", word == "quit":
			return shell.StatusOK
		}
		t.line.AppendHistory(text)
		typed = append(typed, text)
		t.cooked.ApplyMode()
		h.interrupted.Store(false)
		s.Line(text, out, &flushFirst{out, stderr})
		t.raw.ApplyMode()
	}
}

// prompt shows root's # when a machine is on, and its time.
func prompt(s *shell.Session) string {
	m := s.Machine()
	switch {
	case m == nil:
		return "ksim> "
	case m.Report() != nil:
		return "ksim (stopped)# "
	}
	return "ksim# "
}
