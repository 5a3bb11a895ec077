// Package sim is the engine under the simulated machine: virtual time, one
// queue of events, one coroutine per kernel task, and the loop that always
// runs whoever is furthest behind.
//
// # Why coroutines
//
// A kernel task must read like kernel code: a function that calls functions,
// sleeps in the middle, and goes on where it slept. Three other forms were
// tried. State machines are the fastest and cannot be read: five functions
// became seventeen numbered states. One stack for everything cannot express a
// spinlock held by a task below it on the same stack. A goroutine per task
// with channels reads well and costs 330 ns a switch, and whoever forgets one
// hand-off has a race in the simulator itself. iter.Pull gives a coroutine:
// the same text, 100 ns a switch, and only one of them can ever run.
//
// # The one rule
//
// A run is a function of the configuration, the parts, the commands and the
// seed. Nothing here reads a clock, starts a goroutine, or walks a map.
package sim

import "time"

// Time is a point in virtual time, or a span of it, in nanoseconds. Zero is
// power-on.
type Time int64

// Forever is later than every time that a run reaches.
const Forever Time = 1<<63 - 1

// Units of virtual time.
const (
	Nanosecond  Time = 1
	Microsecond      = 1000 * Nanosecond
	Millisecond      = 1000 * Microsecond
	Second           = 1000 * Millisecond
)

// String prints a span as a Go duration: 1.5ms.
func (t Time) String() string { return time.Duration(t).String() }
