package shell

import "slices"

func pinVerb() *Verb {
	return &Verb{
		Name: "pin", Group: GroupBench,
		Args:    "ioapic N LEVEL | pic N LEVEL | pic int | lint0 CPU LEVEL | lint1 CPU LEVEL | nmi CPU LEVEL",
		Summary: "drives an interrupt line",
		Detail: `LEVEL is raise, lower or pulse (raise, then lower). The IOAPIC has pins 0 to 23,
the 8259A pair lines 0 to 15 without 2, each CPU LINT0, LINT1 and NMI. pin pic int
prints the level of the pair's output, 0 or 1.`,
		Words: []string{"ioapic", "pic", "lint0", "lint1", "nmi"},
		Run:   runPin,
	}
}

func runPin(c *Call) error {
	if len(c.Args) == 0 {
		return c.Misuse("wants to know which line")
	}
	chip, rest := c.Args[0], c.Args[1:]
	if err := c.oneOf(chip); err != nil {
		return err
	}
	if chip == "pic" && slices.Equal(rest, []string{"int"}) {
		c.Printf("%d\n", bit(c.board().PIC.INT()))
		return nil
	}
	if len(rest) != 2 {
		return c.Misuse("%s wants a number and raise, lower or pulse", chip)
	}
	levels, err := c.levels(rest[1])
	if err != nil {
		return err
	}
	line, err := c.line(chip, rest[0])
	if err != nil {
		return err
	}
	return c.bench(func() {
		for _, high := range levels {
			line(high)
		}
	})
}

// levels is what a LEVEL does to a line.
func (c *Call) levels(text string) ([]bool, error) {
	switch text {
	case "raise":
		return []bool{true}, nil
	case "lower":
		return []bool{false}, nil
	case "pulse":
		return []bool{true, false}, nil
	}
	return nil, c.Misuse("%s: not raise, lower or pulse%s", text, didYouMean(text, []string{"raise", "lower", "pulse"}))
}

// line finds the line of a chip by its number.
func (c *Call) line(chip, text string) (func(high bool), error) {
	b := c.board()
	switch chip {
	case "ioapic":
		n, err := c.number("N", text, 0, 23)
		return func(high bool) { b.IOAPIC.SetPin(n, high) }, err
	case "pic":
		n, err := c.number("N", text, 0, 15)
		if err == nil && n == 2 {
			err = c.Misuse("N: 2: the second chip is there, not a line")
		}
		return func(high bool) { b.PIC.SetLine(n, high) }, err
	}
	n, err := c.cpu("", text)
	switch {
	case err != nil:
		return nil, err
	case chip == "nmi":
		return func(high bool) { b.PinNMI(n, high) }, nil
	}
	lint := int(chip[len(chip)-1] - '0')
	return func(high bool) { b.APICs[n].SetLINT(lint, high) }, nil
}
