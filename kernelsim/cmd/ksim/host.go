package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
)

// A host gives the shell the files of this computer and Ctrl-C.
type host struct{ interrupted atomic.Bool }

func newHost() *host { return &host{} }

func (h *host) ReadFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, fileLimit+1))
	if err != nil {
		return nil, plain(err)
	}
	if len(data) > fileLimit {
		return nil, fmt.Errorf("more than %d MiB: that is none of the shell's files", fileLimit>>20)
	}
	return data, nil
}

// fileLimit is the size of a file above which it is not read: a device may
// have no end.
const fileLimit = 64 << 20

func (h *host) WriteFile(name string, data []byte) error {
	if err := os.WriteFile(name, data, 0o666); err != nil {
		return plain(err)
	}
	return nil
}

// Interrupted is true once after each Ctrl-C.
func (h *host) Interrupted() bool { return h.interrupted.Swap(false) }

// watchInterrupts notes each Ctrl-C until the function that it returns is
// called.
func (h *host) watchInterrupts() (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	go func() {
		for range signals {
			h.interrupted.Store(true)
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}

// Build identifies this build: the program's own bytes.
func (h *host) Build() string { return buildID() }

// buildID is a digest of the running program.
func buildID() string {
	name, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	f, err := os.Open(name)
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// isTerminal tells whether a stream is a terminal.
func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
