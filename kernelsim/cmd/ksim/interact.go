package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/peterh/liner"

	"bothhalves/kernelsim/shell"
)

// interact reads commands from the terminal until Ctrl-D. A failed command
// does not end it.
func interact(s *shell.Session, h *host, out *pipeWriter, stderr io.Writer) int {
	cooked, err := liner.TerminalMode()
	if err != nil {
		return status(runLines(s, out, stderr, "standard input", os.Stdin))
	}
	line := liner.NewLiner()
	defer line.Close()
	raw, err := liner.TerminalMode()
	if err != nil {
		return status(runLines(s, out, stderr, "standard input", os.Stdin))
	}
	line.SetCtrlCAborts(true)
	line.SetTabCompletionStyle(liner.TabPrints)
	line.SetWordCompleter(s.Complete)
	readHistory(line)
	defer writeHistory(line, stderr)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	go func() {
		for range signals {
			h.interrupted.Store(true)
		}
	}()
	fmt.Fprintln(out, "A simulated machine and its kernel. boot starts it, help lists the commands, Ctrl-D leaves.")
	for {
		out.Flush()
		text, err := line.Prompt(prompt(s))
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			continue
		case err != nil:
			fmt.Fprintln(out)
			return shell.StatusOK
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		line.AppendHistory(text)
		if word := strings.TrimSpace(text); word == "exit" || word == "quit" {
			return shell.StatusOK
		}
		cooked.ApplyMode()
		h.interrupted.Store(false)
		s.Line(text, out, &flushFirst{out, stderr})
		raw.ApplyMode()
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

// historyFile is where the lines typed are kept between sessions.
func historyFile() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "bothhalves", "ksim_history"), nil
}

// readHistory is silent about what is missing: the first session has none.
func readHistory(line *liner.State) {
	name, err := historyFile()
	if err != nil {
		return
	}
	if f, err := os.Open(name); err == nil {
		line.ReadHistory(f)
		f.Close()
	}
}

func writeHistory(line *liner.State, stderr io.Writer) {
	name, err := historyFile()
	if err != nil {
		return
	}
	if err = os.MkdirAll(filepath.Dir(name), 0o700); err == nil {
		var f *os.File
		if f, err = os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err == nil {
			_, err = line.WriteHistory(f)
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "ksim: the history was not saved: %v\n", err)
	}
}
