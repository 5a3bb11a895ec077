package reg

import (
	"strings"
	"testing"
)

func TestField(t *testing.T) {
	tests := []struct {
		f         Field
		v, get    uint64
		put, want uint64 // Put(v, put)
	}{
		{Field{7, 0}, 0x1_0031, 0x31, 0x40, 0x1_0040},
		{Field{10, 8}, 0x0700, 7, 0, 0},
		{Field{10, 8}, 0xf8ff, 0, 0xf, 0xffff}, // a bit that does not fit is dropped
		{Bit(16), 0x1_0000, 1, 0, 0},
		{Bit(16), 0xfffe_ffff, 0, 1, 0xffff_ffff},
		{Bit(63), 1 << 63, 1, 0, 0},
		{Field{63, 0}, 5, 5, ^uint64(0), ^uint64(0)},
		{Field{0, 7}, 0xff, 0, 0xff, 0xff}, // no field: nothing read, nothing put
		{Field{64, 60}, ^uint64(0), 0, 0, ^uint64(0)},
	}
	for _, tt := range tests {
		if got := tt.f.Get(tt.v); got != tt.get {
			t.Errorf("%v.Get(%#x) = %#x, want %#x", tt.f, tt.v, got, tt.get)
		}
		if got := tt.f.Put(tt.v, tt.put); got != tt.want {
			t.Errorf("%v.Put(%#x, %#x) = %#x, want %#x", tt.f, tt.v, tt.put, got, tt.want)
		}
	}
	if s := (Field{7, 0}).String() + " " + Bit(16).String(); s != "7:0 16" {
		t.Errorf("fields print as %q", s)
	}
}

// redirection is the low half of an IOAPIC redirection entry.
var redirection = Layout{
	Number("vector", 7, 0),
	Enum("delivery", 10, 8, "fixed", "lowest", "SMI", "", "NMI", "INIT", "", "ExtINT"),
	Enum("trigger", 15, 15, "edge", "level"),
	Flag("masked", 16).Noted("set after reset"),
}

func TestLayoutString(t *testing.T) {
	tests := []struct {
		v    uint64
		want string
	}{
		{0x1_0031, "vector=0x31 fixed edge masked"},
		{0x8131, "vector=0x31 lowest level"},
		{0x0300, "vector=0x0 delivery=0x3 edge"}, // a value without a name
		{0x2_0000, "vector=0x0 fixed edge reserved=0x20000"},
		{0, "vector=0x0 fixed edge"},
	}
	for _, tt := range tests {
		if got := redirection.String(tt.v); got != tt.want {
			t.Errorf("String(%#x) = %q, want %q", tt.v, got, tt.want)
		}
	}
	if got := Layout(nil).String(0); got != "" {
		t.Errorf("an empty layout shows 0 as %q", got)
	}
}

func TestLayoutTable(t *testing.T) {
	want := `31:17  reserved
16     masked             set after reset
15     trigger            0 edge, 1 level
14:11  reserved
10:8   delivery           0 fixed, 1 lowest, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT
7:0    vector
`
	if got := redirection.Table(32); got != want {
		t.Errorf("table:\n%swant:\n%s", got, want)
	}
	bits := 0
	for _, r := range redirection.Rows(32) {
		bits += r.Field.Width()
	}
	if bits != 32 {
		t.Errorf("the rows of a 32-bit register cover %d bits", bits)
	}
}

func TestLayoutLookup(t *testing.T) {
	if n, ok := redirection.Lookup("trigger"); !ok || n.Field != Bit(15) {
		t.Errorf("Lookup(trigger) = %v, %v", n, ok)
	}
	if n, ok := redirection.Lookup("colour"); ok {
		t.Errorf("Lookup(colour) found %v", n)
	}
}

func TestLayoutCheck(t *testing.T) {
	tests := []struct {
		name string
		l    Layout
		want string // "" means that it is right
	}{
		{"right", redirection, ""},
		{"empty", nil, ""},
		{"whole word", Layout{Number("v", 31, 0)}, ""},
		{"too wide", Layout{Number("v", 32, 0)}, `"v" (bits 32:0) reaches beyond the register's 32 bits`},
		{"shared bit", Layout{Number("a", 7, 0), Flag("b", 7)}, `"b" (bits 7) lies on bits`},
		{"one name twice", Layout{Flag("a", 0), Flag("a", 1)}, `"a" is used twice`},
		{"no name", Layout{Flag("", 3)}, "bits 3 has no name"},
		{"backwards", Layout{Number("v", 0, 7)}, `"v" has bits 0..7`},
		{"many values", Layout{Enum("e", 0, 0, "a", "b", "c")}, "3 named values but only 1 bits"},
	}
	for _, tt := range tests {
		err := tt.l.Check(32)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}
