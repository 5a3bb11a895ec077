package shell

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

// run runs one command and, unless it is a mere look, writes it down in the
// machine's recipe.
func (s *Session) run(cmd Command, out, errw io.Writer) error {
	err := s.pipeline(cmd, out)
	if err != nil {
		complain(err, errw)
	}
	if !cmd.Negated {
		return err
	}
	if err != nil {
		return nil
	}
	plain := cmd
	plain.Negated = false
	return complain(&Error{Status: StatusFailed, Msg: "! " + plain.String() + ": it was to fail, and it succeeded"}, errw)
}

// pipeline runs a verb through its filters into out or a file of the machine.
func (s *Session) pipeline(cmd Command, out io.Writer) error {
	call, err := s.call(cmd.Stages[0])
	if err != nil {
		return err
	}
	if cmd.To != "" && s.Machine() == nil {
		return call.Fail(cmd.To+": no machine: type boot first", nil)
	}
	if cmd.To != "" && s.Machine().Bare() {
		return call.Fail(cmd.To+noKernel, nil)
	}
	var file bytes.Buffer
	if cmd.To != "" {
		out = &file
	}
	stages, err := connect(cmd.Stages[1:], out)
	if err != nil {
		return err
	}
	if call.out = out; len(stages) > 0 {
		call.out = stages[0]
	}
	s.depth++
	verr := call.run()
	if err = first(verr, closeAll(stages)); err == nil && cmd.To != "" {
		err = call.store(cmd, file.Bytes())
	}
	if s.depth--; s.depth == 0 {
		s.note(cmd, call)
		err, s.cutFailed = first(err, s.cutFailed), nil
	}
	return err
}

// noKernel refuses what a kernel would do.
const noKernel = ": no kernel runs on the bare machine: boot without -bare"

// needsKernel tells the verbs that a kernel answers: what is typed at its
// prompt, but for echo.
func (v *Verb) needsKernel() bool { return v.Kernel || v.Group == GroupBox && !v.NoMachine }

// store writes a command's output to a file of the simulated kernel, bound to
// the CPUs to which taskset binds the command.
func (c *Call) store(cmd Command, text []byte) error {
	fs := files(c.Machine())
	if c.Verb.Name == "taskset" {
		cpus, err := c.cpuList("-c", c.Flag("c", ""))
		if err != nil {
			return err
		}
		fs = fs.On(cpus)
	}
	if err := fs.Write(cmd.To, text, cmd.Append); err != nil {
		return c.fileError(cmd.To, err)
	}
	return nil
}

// call finds the verb and reads its flags.
func (s *Session) call(words []string) (*Call, error) {
	v := s.verb(words[0])
	if v == nil {
		return nil, s.notFound(words[0])
	}
	args, flags, err := parseFlags(v, words[1:])
	if err != nil {
		return nil, err
	}
	if s.Machine() == nil && !v.NoMachine {
		return nil, &Error{Status: StatusFailed, Msg: v.Name + ": no machine: type boot first"}
	}
	m := s.Machine()
	if m != nil && m.Bare() && v.needsKernel() {
		return nil, &Error{Status: StatusFailed, Msg: v.Name + noKernel}
	}
	return &Call{Session: s, Verb: v, Args: args, words: words, flags: flags, dead: m != nil && m.Report() != nil}, nil
}

// notFound tells a verb of a later build from a verb that nobody knows.
func (s *Session) notFound(name string) error {
	if comes := later(name); comes != "" {
		return &Error{Status: StatusFailed, Msg: name + ": comes with " + comes + ": not in this build"}
	}
	if rest, ok := strings.CutPrefix(name, "!"); ok && s.verb(rest) != nil {
		return &Error{Status: StatusNotFound, Msg: name + ": command not found; ! stands apart: ! " + rest}
	}
	return &Error{Status: StatusNotFound, Msg: name + ": command not found" + didYouMean(name, s.verbNames())}
}

// run runs the verb. That its reader has left is no failure.
func (c *Call) run() error {
	err := c.Verb.Run(c)
	if errors.Is(err, errFull) {
		err = nil
	}
	if err == nil && c.gone != nil && !errors.Is(c.gone, errFull) {
		return c.gone
	}
	return err
}

// connect builds the filters from the last to the first.
func connect(words [][]string, out io.Writer) ([]*stage, error) {
	stages := make([]*stage, len(words))
	for i := len(words) - 1; i >= 0; i-- {
		f, err := newFilter(words[i], out)
		if err != nil {
			return nil, err
		}
		stages[i] = &stage{filter: f}
		out = stages[i]
	}
	return stages, nil
}

// closeAll ends the filters in the order of the stream. A tool that says no by
// its status alone speaks for the whole pipe only if it stands last.
func closeAll(stages []*stage) error {
	var failed error
	for i, st := range stages {
		err := st.Close()
		e, ok := err.(*Error)
		silent := ok && e.Msg == "" && i < len(stages)-1
		if err != nil && failed == nil && !silent {
			failed = err
		}
	}
	return failed
}

// first is the first error of a pipe: what the verb said comes before what the
// tools made of it.
func first(errs ...error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}
