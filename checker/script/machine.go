package script

import "io"

// A Machine is what a script drives: a session of the simulator's shell. It
// is an interface so that the session may live in this process or behind a
// wall, one command in and one reply out.
type Machine interface {
	// Exec runs one command already split into words.
	Exec(argv []string, out, errw io.Writer) error
	// Line runs a line of the shell's grammar.
	Line(text string, out, errw io.Writer) error
	// Decisions counts the points passed at which an interrupt could have
	// got in, since power-on.
	Decisions() uint64
	// At calls fn when that decision point is reached.
	At(decision uint64, fn func())
	// Trace returns what the machine's ring holds, a line an event.
	Trace() []string
	Close()
}

// An Opener gives a fresh session. Part says what is plugged into its
// machines: Own for the student's part, Reference for nothing at all, or the
// name of a broken one that the lab keeps.
type Opener func(part string) (Machine, error)

// The two parts that every task has.
const (
	Own       = ""
	Reference = "reference"
)

// A Fault is an error that can say more than its text: the report of a
// machine that stopped.
type Fault struct {
	Title string // one line, as the kernel prints it
	Why   string
	Where string // line of the student's file
	Trace string // the last lines of the culprit CPU
	Text  string // the whole report
}

// Error is the title.
func (f *Fault) Error() string { return f.Title }
