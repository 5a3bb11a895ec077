package shell_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/shell"
)

// An impatient host interrupts every run at once.
type impatient struct{ *memoryHost }

func (impatient) Interrupted() bool { return true }

// FuzzSession: no line of the language makes the shell or the machine panic,
// and a line that fails has a status and, unless a tool said no silently, a
// message.
func FuzzSession(f *testing.F) {
	for _, name := range []string{"errors", "tour", "grammar", "help", "hardware-errors"} {
		text, err := os.ReadFile("testdata/sessions/" + name + ".session")
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if cmd, ok := strings.CutPrefix(line, "$ "); ok {
				f.Add(strings.TrimSpace(cmd))
			}
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "step") {
			return // it makes as many moves as it is told to
		}
		s := shell.New(impatient{newHost()})
		defer s.Close()
		s.Line("boot -cpus 1", io.Discard, io.Discard)
		var errw strings.Builder
		err := s.Line(line, io.Discard, &errw)
		switch status := shell.ErrorStatus(err); {
		case status == 0 && err != nil:
			t.Fatalf("%q failed with status 0: %v", line, err)
		case status == 2 && errw.Len() == 0, status == 127 && errw.Len() == 0:
			t.Fatalf("%q failed without a word", line)
		}
	})
}
