package shell

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The statuses a command ends with, as a Unix shell has them.
const (
	StatusOK       = 0
	StatusFailed   = 1   // the verb could not do it
	StatusUsage    = 2   // the command was written wrongly
	StatusNotFound = 127 // no such verb
)

// An Error is a command that failed: its status and what it printed. Msg is
// empty where a tool says no by its status alone, as grep does. Cause is what
// ended the machine, a *oops.Report, if that is why.
type Error struct {
	Status int
	Msg    string
	Cause  error
}

// Error is the message, or the status where there is none.
func (e *Error) Error() string {
	if e.Msg == "" {
		return fmt.Sprintf("exit status %d", e.Status)
	}
	return e.Msg
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// lineShown is how much of a message's line is printed.
const lineShown = 1000

// printable is a message as a terminal may see it: what was typed is repeated
// in messages, and it may be anything.
func printable(msg string) string {
	lines := strings.Split(msg, "\n")
	for i, line := range lines {
		if len(line) > lineShown {
			line = fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(line[:lineShown], ""), len(line))
		}
		lines[i] = escape(line)
	}
	return strings.Join(lines, "\n")
}

// escape writes what is no character of a text as Go writes it: \x1b.
func escape(line string) string {
	var out strings.Builder
	for i, r := range line {
		switch {
		case r == '\t' || r == '\u2026' || strconv.IsPrint(r) && r != utf8.RuneError:
			out.WriteRune(r)
		case r == utf8.RuneError:
			fmt.Fprintf(&out, "\\x%02x", line[i])
		default:
			out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return out.String()
}

// ErrorStatus is the status a command's error stands for; 0 for nil.
func ErrorStatus(err error) int {
	var e *Error
	switch {
	case err == nil:
		return StatusOK
	case errors.As(err, &e):
		return e.Status
	}
	return StatusFailed
}
