package shell

import (
	"fmt"
	"io"

	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/samples"
)

// A Host is where a session lives: what it must supply that a simulated
// machine does not have.
type Host interface {
	// ReadFile and WriteFile are the FILE arguments: paths in ksim, the
	// script's folder in a lab, an upload or a download in the page.
	ReadFile(name string) ([]byte, error)
	WriteFile(name string, data []byte) error
	// Interrupted is asked during long runs: true ends the run (Ctrl-C).
	Interrupted() bool
}

// An Identified host knows which build of the simulator it is. A saved machine
// can be loaded only by the build that saved it.
type Identified interface {
	Build() string
}

// A Session is one shell with its machines. It is used by one caller at a
// time.
type Session struct {
	host  Host
	parts []machine.Part
	verbs []*Verb
	boxes []*box
	box   *box // the current one, nil before the first boot
	depth int  // commands inside commands: taskset, cut

	affinity  []int // where taskset binds what it starts; nil: everywhere
	cutFailed error // what a cut had to say, for the run that it was in
}

// New returns a session without a machine. The parts are plugged into every
// machine that it boots, beside the sample modules.
func New(h Host, parts ...machine.Part) *Session {
	return &Session{host: h, parts: append(samples.Parts(), parts...), verbs: Commands()}
}

// Machine is the current machine, nil before the first boot.
func (s *Session) Machine() *machine.Machine {
	if s.box == nil {
		return nil
	}
	return s.box.m
}

// Close switches all machines off.
func (s *Session) Close() {
	for _, b := range s.boxes {
		b.m.Close()
	}
	s.boxes, s.box = nil, nil
}

// Line runs a line of the grammar, command by command, up to the first that
// fails. What a failing command has to say is on errw when the error returns.
func (s *Session) Line(text string, out, errw io.Writer) error {
	cmds, err := Parse(text)
	if err != nil {
		return complain(err, errw)
	}
	for _, cmd := range cmds {
		if err := s.run(cmd, out, errw); err != nil {
			return err
		}
	}
	return nil
}

// Exec runs one command that is already split into words; > >> and | are
// words of their own. Errors are as Line's.
func (s *Session) Exec(argv []string, out, errw io.Writer) error {
	cmd, err := ParseWords(argv)
	if err != nil {
		return complain(err, errw)
	}
	return s.run(cmd, out, errw)
}

// complain prints an error's message, if it has one, and hands it back.
func complain(err error, errw io.Writer) error {
	if e, ok := err.(*Error); !ok || e.Msg != "" {
		fmt.Fprintln(errw, printable(err.Error()))
	}
	return err
}

// verb finds a verb by name, nil if there is none.
func (s *Session) verb(name string) *Verb {
	for _, v := range s.verbs {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// verbNames lists the verbs in the registry's order.
func (s *Session) verbNames() []string {
	names := make([]string, len(s.verbs))
	for i, v := range s.verbs {
		names[i] = v.Name
	}
	return names
}

// build is the identity of this build of the simulator.
func (s *Session) build() string {
	if h, ok := s.host.(Identified); ok {
		return h.Build()
	}
	return unnamedBuild
}

// unnamedBuild stands for the build of a host that does not tell; such hosts
// load what they have saved themselves.
const unnamedBuild = "unnamed"
