// Package printk models the kernel's log (kernel/printk/printk.c).
package printk

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/sim"
)

// A Level is a message's importance (include/linux/kern_levels.h).
type Level uint8

// The levels, the most important first.
const (
	Emerg Level = iota
	Alert
	Crit
	Err
	Warning
	Notice
	Info
	Debug
)

// A Line is one message.
type Line struct {
	Time  sim.Time
	Level Level
	Text  string
}

// String is the line as dmesg prints it.
func (l Line) String() string {
	us := int64(l.Time) / 1000
	return fmt.Sprintf("[%5d.%06d] %s", us/1e6, us%1e6, l.Text)
}

// limit is how many lines the log keeps; the oldest go first.
const limit = 4096

var buffer = percpu.Shared[[]Line]("printk_rb")

// Printk models printk: it adds a message, a line for each of its lines.
// Nothing is charged. Context: any.
func Printk(c *cpu.CPU, level Level, format string, args ...any) {
	log := buffer.Of(c)
	for _, text := range strings.Split(fmt.Sprintf(format, args...), "\n") {
		*log = append(*log, Line{c.Now(), level, text})
	}
	if over := len(*log) - limit; over > 0 {
		*log = append([]Line(nil), (*log)[over:]...)
	}
}

// Lines is the log, oldest first.
func Lines(c *cpu.CPU) []Line { return *buffer.Of(c) }

// ParseLevel is the level with a name as percpu.Message carries it; Info for
// an unknown one.
func ParseLevel(name string) Level {
	for i, n := range [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"} {
		if n == name {
			return Level(i)
		}
	}
	return Info
}
