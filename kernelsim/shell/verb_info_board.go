package shell

import (
	"fmt"

	"bothhalves/kernelsim/board"
)

// infoBoard shows the state of what is on the board.
func (c *Call) infoBoard(topic string, args []string) error {
	b := c.board()
	switch topic {
	case "lapic":
		return c.infoLAPIC(args)
	case "ioapic":
		c.Printf("%s", b.IOAPIC.Dump())
	case "pic":
		c.Printf("%s", b.PIC.Dump())
	case "pci":
		c.Printf("%s", b.DumpPCI())
	case "msix":
		return c.infoMSIX(args)
	}
	return nil
}

// infoLAPIC prints a CPU's local APIC, CPU 0's if none is named.
func (c *Call) infoLAPIC(args []string) error {
	n := 0
	if len(args) == 1 {
		var err error
		if n, err = c.cpu("", args[0]); err != nil {
			return err
		}
	}
	return c.bench(func() { c.Printf("%s", c.board().APICs[n].DumpAs(n)) })
}

// infoMSIX prints a function's table.
func (c *Call) infoMSIX(args []string) error {
	if len(args) == 0 {
		return c.Misuse("msix wants a BDF")
	}
	f, err := c.function(args[0])
	if err != nil {
		return err
	}
	if f.MSIX() == nil {
		return c.Fail(fmt.Sprintf("msix: %s: the function has no MSI-X", args[0]), nil)
	}
	return c.bench(func() { c.Printf("%s", board.DumpMSIX(f)) })
}
