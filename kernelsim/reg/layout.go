package reg

import (
	"fmt"
	"slices"
	"strings"
)

// A Kind says how a field's value is shown.
type Kind uint8

// The kinds of field.
const (
	IsNumber   Kind = iota // vector=0x31
	IsEnum                 // a name for each value: fixed
	IsFlag                 // its name when set, nothing when clear: masked
	IsReserved             // no meaning; shown only when it is not zero
)

// A Named is a field with its name and the way its value is shown.
type Named struct {
	Name   string
	Field  Field
	Kind   Kind
	Values []string // of an IsEnum field: Values[x] is the name of value x, "" if it has none
	Note   string   // one line for the table beside a bit figure
}

// Number declares a field that is shown as a hexadecimal number.
func Number(name string, hi, lo uint8) Named {
	return Named{Name: name, Field: Field{hi, lo}, Kind: IsNumber}
}

// Enum declares a field whose values have names, from value 0 up. A value
// without a name is shown as a number.
func Enum(name string, hi, lo uint8, values ...string) Named {
	return Named{Name: name, Field: Field{hi, lo}, Kind: IsEnum, Values: values}
}

// Flag declares one bit that is shown by its name when it is set.
func Flag(name string, bit uint8) Named {
	return Named{Name: name, Field: Bit(bit), Kind: IsFlag}
}

// Noted returns the field with a note for the table beside a bit figure.
func (n Named) Noted(note string) Named {
	n.Note = note
	return n
}

// text is the field as String shows it, "" when there is nothing to show.
func (n Named) text(v uint64) string {
	x := n.Field.Get(v)
	switch {
	case n.Kind == IsFlag && x == 0, n.Kind == IsReserved && x == 0:
		return ""
	case n.Kind == IsFlag:
		return n.Name
	case n.Kind == IsEnum && x < uint64(len(n.Values)) && n.Values[x] != "":
		return n.Values[x]
	}
	return fmt.Sprintf("%s=%#x", n.Name, x)
}

// A Layout is the fields of a register, in the order in which they are shown.
type Layout []Named

// String shows a register value field by field: "vector=0x31 fixed edge
// masked". Bits that belong to no field are shown as well when they are set,
// so that nothing in the value stays hidden.
func (l Layout) String(v uint64) string {
	var words []string
	rest := v
	for _, n := range l {
		rest &^= n.Field.Mask()
		if w := n.text(v); w != "" {
			words = append(words, w)
		}
	}
	if rest != 0 {
		words = append(words, fmt.Sprintf("reserved=%#x", rest))
	}
	return strings.Join(words, " ")
}

// Lookup finds a field by its name.
func (l Layout) Lookup(name string) (Named, bool) {
	i := slices.IndexFunc(l, func(n Named) bool { return n.Name == name })
	if i < 0 {
		return Named{}, false
	}
	return l[i], true
}

// Rows lists the whole register of the given width in bits from the most
// significant bit down, with the gaps between the fields as reserved rows.
// A bit figure draws one box for each row; its table twin has one line each.
func (l Layout) Rows(width int) []Named {
	fields := slices.Clone(l)
	slices.SortFunc(fields, func(a, b Named) int { return int(b.Field.Hi) - int(a.Field.Hi) })
	var rows []Named
	next := width - 1
	for _, n := range fields {
		rows = appendGap(rows, next, int(n.Field.Hi)+1)
		rows = append(rows, n)
		next = int(n.Field.Lo) - 1
	}
	return appendGap(rows, next, 0)
}

// appendGap adds a reserved row for the bits hi..lo, if there are any.
func appendGap(rows []Named, hi, lo int) []Named {
	if hi < lo {
		return rows
	}
	f := Field{uint8(hi), uint8(lo)}
	return append(rows, Named{Name: "reserved", Field: f, Kind: IsReserved})
}

// Table renders Rows as text: bits, name, values and note, one row a line.
func (l Layout) Table(width int) string {
	var b strings.Builder
	for _, n := range l.Rows(width) {
		line := fmt.Sprintf("%-6s %-18s %s", n.Field, n.Name, n.Meaning())
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// Meaning is what a table says about the field: its named values, then its
// note.
func (n Named) Meaning() string {
	var parts []string
	for x, name := range n.Values {
		if name != "" {
			parts = append(parts, fmt.Sprintf("%d %s", x, name))
		}
	}
	words := []string{strings.Join(parts, ", "), n.Note}
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), ". ")
}

// Check reports the first mistake in a layout of a register of the given
// width: a field without a name or a place, a name for a value that does not
// fit, two fields on one bit or of one name.
func (l Layout) Check(width int) error {
	var used uint64
	seen := map[string]bool{}
	for _, n := range l {
		if err := n.check(width); err != nil {
			return err
		}
		if used&n.Field.Mask() != 0 {
			return fmt.Errorf("field %q (bits %v) lies on bits of an earlier field: correct one of the two", n.Name, n.Field)
		}
		if seen[n.Name] {
			return fmt.Errorf("field name %q is used twice: rename one of the two", n.Name)
		}
		used |= n.Field.Mask()
		seen[n.Name] = true
	}
	return nil
}

// check reports a mistake in one field by itself.
func (n Named) check(width int) error {
	switch {
	case n.Name == "":
		return fmt.Errorf("the field at bits %v has no name: give it the manual's", n.Field)
	case n.Field.Width() == 0:
		return fmt.Errorf("field %q has bits %d..%d: write the most significant bit first, at most 63", n.Name, n.Field.Hi, n.Field.Lo)
	case int(n.Field.Hi) >= width:
		return fmt.Errorf("field %q (bits %v) reaches beyond the register's %d bits", n.Name, n.Field, width)
	case n.Field.Width() < 64 && uint64(len(n.Values)) > 1<<n.Field.Width():
		return fmt.Errorf("field %q has %d named values but only %d bits", n.Name, len(n.Values), n.Field.Width())
	}
	return nil
}
