package shell

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/machine"
)

// What the verbs of the hardware bench have in common: how they read sizes,
// addresses and values, and how they print what they read.

// board is the hardware of the current machine.
func (c *Call) board() *board.Board { return c.Machine().Board() }

// core is the processor that -cpu names, 0 by default.
func (c *Call) core() (machine.Core, error) {
	n := 0
	if c.Has("cpu") {
		var err error
		if n, err = c.cpu("-cpu: ", c.Flag("cpu", "")); err != nil {
			return nil, err
		}
	}
	return c.Machine().Core(n), nil
}

// cpuFlag is the flag that core reads.
func cpuFlag() Flag {
	return Flag{Name: "cpu", Arg: "N", Help: "the CPU that makes the access (0)"}
}

// bench lets the verb act on the hardware.
func (c *Call) bench(act func()) error { return c.ran(c.Machine().Bench(act)) }

// unsigned reads an unsigned number that fits into so many bytes.
func (c *Call) unsigned(what, text string, size int) (uint64, error) {
	hex, base := text, 10
	if rest, ok := strings.CutPrefix(text, "0x"); ok {
		hex, base = rest, 16
	}
	v, err := strconv.ParseUint(hex, base, 64)
	switch {
	case err != nil:
		return 0, c.Misuse("%s: %s: not a number", what, text)
	case size < 8 && v>>(8*size) != 0:
		return 0, c.Misuse("%s: %s: does not fit into %d byte%s", what, text, size, plural(size))
	}
	return v, nil
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// size reads the SIZE of an access, which is one of sizes.
func (c *Call) size(text string, sizes ...int) (int, error) {
	var names []string
	for _, n := range sizes {
		if text == strconv.Itoa(n) {
			return n, nil
		}
		names = append(names, strconv.Itoa(n))
	}
	last := len(names) - 1
	return 0, c.Misuse("SIZE: %s: not %s or %s", text, strings.Join(names[:last], ", "), names[last])
}

// direction checks the word that says which way an access goes, and the words
// behind it: those that are named, and to write a VALUE more.
func (c *Call) direction(write string, names ...string) (writes bool, rest []string, err error) {
	if len(c.Args) == 0 {
		return false, nil, c.Misuse("wants one of %s", strings.Join(c.Verb.Words, ", "))
	}
	if err := c.oneOf(c.Args[0]); err != nil {
		return false, nil, err
	}
	writes, rest = c.Args[0] == write, c.Args[1:]
	if writes {
		names = append(names, "VALUE")
	}
	if len(rest) != len(names) {
		return writes, nil, c.Misuse("%s wants %s", c.Args[0], strings.Join(names, " "))
	}
	return writes, rest, nil
}

// printValue prints what was read: 0x and two digits a byte.
func (c *Call) printValue(v uint64, size int) {
	c.Printf("0x%0*x\n", 2*size, v&(^uint64(0)>>(64-8*size)))
}

// gp is an access that raises #GP: the verb prints it and fails.
func (c *Call) gp() error {
	c.Printf("#GP\n")
	return &Error{Status: StatusFailed}
}

// bdf reads the address of a function: 00:05.0, or with a domain 0000 before.
func (c *Call) bdf(text string) (pcie.BDF, error) {
	bdf, err := pcie.ParseBDF(text)
	if err != nil {
		return 0, c.Misuse("BDF: %s: not a function such as 00:05.0", text)
	}
	return bdf, nil
}

// function finds a function of bus 0 that exists.
func (c *Call) function(text string) (*pcie.Func, error) {
	bdf, err := c.bdf(text)
	if err != nil {
		return nil, err
	}
	f := c.board().PCI.Func(bdf)
	if f == nil {
		return nil, c.Fail(fmt.Sprintf("%s: no such function; info pci lists them", text), nil)
	}
	return f, nil
}
