package shell

import (
	"errors"
	"fmt"
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
