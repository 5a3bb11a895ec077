package shell

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"bothhalves/kernelsim/machine"
)

// A box is one machine of a session with the way it came about.
type box struct {
	name    string
	m       *machine.Machine
	born    uint64 // Events() when it had booted
	recipe  recipe
	tracing tracing
}

// A recipe is a machine as the commands that made it. Coroutines cannot be
// written to a file; but a run is a function of its commands and its build, so
// whoever types the same commands to the same build gets the same machine, bit
// for bit.
type recipe struct {
	lines []item
	files map[string][]byte // the host's files that the commands read
}

// An item is one command of a recipe.
type item struct {
	cmd  Command
	stop uint64 // the run was stopped at this event; 0: it went to its end
	cut  uint64 // the command happened in the midst of a later run, at this event
}

// forever is an event number that no machine reaches.
const forever = ^uint64(0)

// install makes m the session's machine in the place of the current one.
func (s *Session) install(m *machine.Machine) {
	if s.box == nil {
		s.box = &box{name: "main"}
		s.boxes = append(s.boxes, s.box)
	}
	s.box.replace(&box{m: m, born: m.Events()})
}

// replace puts another machine into the box; the box keeps its name.
func (b *box) replace(other *box) {
	if b.m != nil {
		b.m.Close()
	}
	name := b.name
	*b = *other
	b.name = name
}

// note writes a command that was run down in the current machine's recipe.
func (s *Session) note(cmd Command, call *Call) {
	first := s.box != nil && len(s.box.recipe.lines) == 0
	if s.box == nil || (call.look || call.Verb.ReadOnly) && cmd.To == "" || call.Verb.Name == "boot" != first {
		return
	}
	cmd.Negated = false
	s.box.recipe.add(item{cmd: cmd, stop: call.stop})
	for _, name := range slices.Sorted(maps.Keys(call.files)) {
		s.box.recipe.keep(name, call.files[name])
	}
}

func (r *recipe) add(e item) { r.lines = append(r.lines[:len(r.lines):len(r.lines)], e) }

func (r *recipe) keep(name string, data []byte) {
	if r.files == nil {
		r.files = map[string][]byte{}
	}
	r.files[name] = data
}

// Cut lets a command happen in the midst of the next run: n decision points
// from now, between two moves of the machine, whatever runs there. 1 is the
// next point. The command must be one that takes no time itself.
func (s *Session) Cut(n int, argv []string) error {
	cmd, err := ParseWords(argv)
	if err != nil {
		return err
	}
	call, err := s.call(cmd.Stages[0])
	switch {
	case err != nil:
		return err
	case s.Machine() == nil:
		return &Error{Status: StatusFailed, Msg: "cut: no machine: type boot first"}
	case n < 1:
		return &Error{Status: StatusUsage, Msg: fmt.Sprintf("cut: %d: decision points count from 1, the next one", n)}
	case call.Verb.Runs:
		return &Error{Status: StatusUsage, Msg: "cut: " + call.Verb.Name + ": it lets time pass, and a cut takes none"}
	}
	at := s.Machine().Events() + uint64(n)
	s.cutAt(at, cmd)
	s.box.recipe.add(item{cmd: cmd, cut: at})
	return nil
}

// cutAt arms a cut. What the command prints goes nowhere; its failure becomes
// that of the run which it was in.
func (s *Session) cutAt(at uint64, cmd Command) {
	s.Machine().AtDecision(at, func() {
		s.depth++
		if err := s.pipeline(cmd, io.Discard); err != nil && s.cutFailed == nil {
			s.cutFailed = &Error{Status: StatusFailed, Msg: fmt.Sprintf("cut at event %d: %v", at, err)}
		}
		s.depth--
	})
}

// Points is the number of decision points that the machine has passed since
// power-on. The difference over a command is how many cuts it offers.
func (s *Session) Points() uint64 { return s.Machine().Events() }

// errReplayed ends a replay that the host interrupted.
var errReplayed error = &Error{Status: StatusFailed, Msg: "interrupted; the machine is as it was"}

// replay makes a machine of its recipe, up to an event. The session that calls
// keeps its own machine.
func (s *Session) replay(r recipe, upTo uint64) (*box, error) {
	host := &replayHost{files: r.files, host: s.host}
	again := &Session{host: host, parts: s.parts, verbs: s.verbs}
	for i, e := range r.lines {
		if again.box != nil && again.box.m.Events() >= upTo {
			break
		}
		if err := again.again(e); again.box == nil {
			return nil, err
		}
		if i == 0 {
			again.stopAt(upTo)
		}
	}
	if host.hit {
		again.Close()
		return nil, errReplayed
	}
	if last := len(again.box.recipe.lines) - 1; again.box.m.Events() == upTo {
		again.box.recipe.lines[last].stop = upTo
	}
	return again.box, nil
}

// again does one item of a recipe. That a command fails is no surprise: it
// failed the first time.
func (s *Session) again(e item) error {
	if e.cut != 0 {
		s.cutAt(e.cut, e.cmd)
		s.box.recipe.add(e)
		return nil
	}
	if e.stop != 0 && s.box != nil {
		s.stopAt(e.stop)
	}
	err := s.pipeline(e.cmd, io.Discard)
	if s.box != nil {
		s.box.recipe.lines[len(s.box.recipe.lines)-1].stop = e.stop
	}
	return err
}

// stopAt ends the run that reaches an event.
func (s *Session) stopAt(event uint64) {
	if event != forever {
		s.box.m.AtDecision(event, s.box.m.Engine().Stop)
	}
}

// A replayHost has the files that the commands once read, and lets the real
// host interrupt.
type replayHost struct {
	files map[string][]byte
	host  Host
	hit   bool
}

func (h *replayHost) ReadFile(name string) ([]byte, error) {
	if data, ok := h.files[name]; ok {
		return data, nil
	}
	return nil, errNoCopy
}

// errNoCopy answers a command that could not read the file the first time.
var errNoCopy = errors.New("the saved machine has no copy of it")

func (h *replayHost) WriteFile(string, []byte) error { return nil }

func (h *replayHost) Interrupted() bool {
	h.hit = h.hit || h.host.Interrupted()
	return h.hit
}
