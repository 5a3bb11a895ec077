package cpu

import "bothhalves/kernelsim/hw/cpu/gatereg"

// A Code is what stands at an address that a gate leads to: an entry stub and
// what it calls. It runs with IF as the gate left it, and its return is the
// IRET.
type Code func(c *CPU, f *Frame)

// A Text is the kernel's text as far as gates lead into it: which function
// stands at which address, and what kallsyms calls it.
type Text struct {
	at      map[uint64]symbol
	decoded [256]decoded
	used    bool // decoded holds something
}

type symbol struct {
	name string
	code Code
}

// decoded is a gate that was used, kept as long as its bytes stay the same.
type decoded struct {
	low, high uint64
	gate      gatereg.Gate
	code      Code
	ok        bool
}

// NewText returns a text without functions.
func NewText() *Text { return &Text{at: map[uint64]symbol{}} }

// Put places a function at an address. A nil code takes what was there away:
// init memory is freed after boot.
func (t *Text) Put(addr uint64, name string, code Code) {
	t.at[addr] = symbol{name, code}
	if t.used {
		t.decoded, t.used = [256]decoded{}, false
	}
}

// Name is what kallsyms says of an address, "" if nothing is known of it.
func (t *Text) Name(addr uint64) string { return t.at[addr].name }

// Code is the function at an address, nil if there is none.
func (t *Text) Code(addr uint64) Code { return t.at[addr].code }
