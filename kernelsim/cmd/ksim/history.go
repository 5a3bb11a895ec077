package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/peterh/liner"
)

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

// writeHistory says if the lines could not be kept.
func writeHistory(typed []string, stderr io.Writer) {
	name, err := historyFile()
	if err != nil || len(typed) == 0 {
		return
	}
	if err := addHistory(name, typed); err != nil {
		fmt.Fprintf(stderr, "ksim: the history was not saved: %v\n", err)
	}
}

// addHistory puts lines behind those in the file: another session may have
// added its own meanwhile. The file is replaced as a whole or not at all.
func addHistory(name string, typed []string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	lines := append(strings.Split(strings.TrimSuffix(string(old), "\n"), "\n"), typed...)
	if lines[0] == "" {
		lines = lines[1:]
	}
	lines = lines[max(0, len(lines)-liner.HistoryLimit):]
	f, err := os.CreateTemp(filepath.Dir(name), "history-")
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
