package build

import (
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong in the book: where, what, and what to
// do about it.
type Problem struct {
	File string // slash path from the repository's root
	Line int    // from 1; 0 means the whole file
	What string
	Do   string
	Diff string // recorded against actual, if that is what is wrong
	// Drift says that only a copy in the Markdown is out of date: update
	// repairs it.
	Drift bool
}

// Error is the problem as one message, its diff indented under it.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": " + p.What)
	if p.Do != "" {
		b.WriteString("\n\t" + p.Do)
	}
	for _, line := range strings.Split(strings.TrimRight(p.Diff, "\n"), "\n") {
		if line != "" {
			b.WriteString("\n\t\t" + line)
		}
	}
	return b.String()
}

// Problems is everything that is wrong, in the order of files and lines.
type Problems []Problem

// Error lists all problems and counts them.
func (ps Problems) Error() string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.Error() + "\n")
	}
	if len(ps) == 1 {
		return b.String() + "1 problem"
	}
	return fmt.Sprintf("%s%d problems", b.String(), len(ps))
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
}

// err is ps as an error, nil if there is no problem.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
