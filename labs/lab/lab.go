// Package lab marks the gaps that a student's file leaves open.
//
// A shipped file ends the function that is to be written with
//
//	panic(lab.TODO("choose the vector with the larger class"))
//
// so that it compiles and vets as it stands, whatever the function returns.
// The package imports nothing but the standard library: it is linked into
// whatever a student's file is linked into.
package lab

import (
	"slices"
	"sync"
)

// A Gap is the value a reached gap panics with.
type Gap struct {
	What string // what is still to be written there
}

// Error says what is missing.
func (g Gap) Error() string { return "still to write: " + g.What }

// reached is the one piece of state here that changes: a gap must be noticed
// even when the code around it recovers from the panic, so the note cannot
// travel with the panic value alone.
var reached struct {
	sync.Mutex
	what []string
}

// TODO records that a gap was reached and returns the value to panic with.
// It does not panic itself: only the word panic in the student's own function
// tells the compiler that the function ends there.
func TODO(what string) Gap {
	reached.Lock()
	defer reached.Unlock()
	if !slices.Contains(reached.what, what) {
		reached.what = append(reached.what, what)
	}
	return Gap{What: what}
}

// Reached returns the gaps reached since the last Forget, first one first.
func Reached() []string {
	reached.Lock()
	defer reached.Unlock()
	return slices.Clone(reached.what)
}

// Forget drops what was recorded: the next check starts without it.
func Forget() {
	reached.Lock()
	defer reached.Unlock()
	reached.what = nil
}
