// Package habits checks the habits of kernelsim's source: which package may
// import which, and what the simulator's determinism and readability rest on.
// The rules themselves stand in kernelsim/lattice_test.go, which calls it.
package habits

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Lattice is an import order: for each name, everything that it may import.
type Lattice struct {
	below map[string]map[string]bool
}

// ParseLattice reads an import order in the notation of Go's own
// go/build/deps_test.go:
//
//	a, b < c, d;      c and d may import a and b, and all that those may import
//	a < b < c;        a chain
//	a !< b;           b must not be able to import a, even indirectly
//
// Names in capitals are groups that only stand for what is below them. "#"
// begins a comment. A name may stand on the left only after it stood on the
// right; NONE is the bottom.
func ParseLattice(text string) (*Lattice, error) {
	l := &Lattice{below: map[string]map[string]bool{"NONE": {}}}
	for _, rule := range strings.Split(stripComments(text), ";") {
		words := strings.Fields(strings.NewReplacer(",", " , ").Replace(rule))
		if len(words) == 0 {
			continue
		}
		if err := l.add(words); err != nil {
			return nil, fmt.Errorf("lattice rule %q: %w", strings.Join(words, " "), err)
		}
	}
	return l, nil
}

// stripComments removes "#" to the end of each line.
func stripComments(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, "#")
	}
	return strings.Join(lines, "\n")
}

// add takes one rule: lists with an operator between each two.
func (l *Lattice) add(words []string) error {
	lists, ops, err := split(words)
	if err != nil {
		return err
	}
	if len(ops) == 0 {
		return fmt.Errorf("no operator: write a < b")
	}
	for i, op := range ops {
		if err := l.relate(lists[i], op, lists[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// split takes a rule apart into its lists and operators.
func split(words []string) (lists [][]string, ops []string, err error) {
	var list []string
	comma := true // a name may follow
	for _, w := range words {
		switch {
		case w == ",":
			comma = true
			continue
		case w == "<" || w == "!<":
			if len(list) == 0 {
				return nil, nil, fmt.Errorf("nothing stands before %q", w)
			}
			lists, ops, list = append(lists, list), append(ops, w), nil
			comma = true
			continue
		case !comma:
			return nil, nil, fmt.Errorf("%q follows %q: a comma, < or ; is missing", w, list[len(list)-1])
		}
		list = append(list, w)
		comma = false
	}
	if len(list) == 0 {
		return nil, nil, fmt.Errorf("nothing stands after the last operator")
	}
	return append(lists, list), ops, nil
}

// relate puts the names of low below the names of high, or checks that they
// are not.
func (l *Lattice) relate(low []string, op string, high []string) error {
	for _, a := range low {
		if l.below[a] == nil {
			return fmt.Errorf("%q stands on the left before it was placed: move its own rule up", a)
		}
		for _, b := range high {
			if err := l.relateOne(a, op, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// relateOne is relate for two names.
func (l *Lattice) relateOne(a, op, b string) error {
	if op == "!<" {
		if l.below[b][a] {
			return fmt.Errorf("%q may import %q by the rules above", b, a)
		}
		return nil
	}
	if a == b || l.below[a][b] {
		return fmt.Errorf("%q and %q would import each other", a, b)
	}
	if l.below[b] == nil {
		l.below[b] = map[string]bool{}
	}
	maps.Copy(l.below[b], l.below[a])
	l.below[b][a] = true
	return l.notYetUsed(b, a)
}

// notYetUsed fails when b is already below something that does not know of a:
// all rules for a name must stand before it is used.
func (l *Lattice) notYetUsed(b, a string) error {
	for _, name := range l.names() {
		if l.below[name][b] && !l.below[name][a] {
			return fmt.Errorf("%q was already used below %q: put all rules for %q before that", b, name, b)
		}
	}
	return nil
}

// names lists all names in order.
func (l *Lattice) names() []string {
	return slices.Sorted(maps.Keys(l.below))
}

// Knows reports whether a package has a place in the lattice.
func (l *Lattice) Knows(name string) bool { return l.below[name] != nil }

// Allows reports whether a package may import another.
func (l *Lattice) Allows(name, imported string) bool { return l.below[name][imported] }
