package shell

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
)

// The addresses at which a write is a message and no store (SDM volume 3,
// "Message Address Register Format").
const (
	firstMessage = 0xfee0_0000
	lastMessage  = 0xfeef_ffff
)

func msiVerb() *Verb {
	return &Verb{
		Name: "msi", Group: GroupBench, Args: "ADDR DATA",
		Summary: "writes four bytes as a device does: an interrupt message",
		Detail: `ADDR in 0xfee00000 to 0xfeefffff names the destination, DATA the vector and how
it is delivered. A write elsewhere is a store to memory, as on the wire, and msi says so.`,
		Run: runMSI,
	}
}

func runMSI(c *Call) error {
	if len(c.Args) != 2 {
		return c.Misuse("wants ADDR and DATA")
	}
	addr, err := c.unsigned("ADDR", c.Args[0], 8)
	if err != nil {
		return err
	}
	data, err := c.unsigned("DATA", c.Args[1], 4)
	if err != nil {
		return err
	}
	if addr%4 != 0 {
		return c.Misuse("ADDR: %s: not a multiple of 4", c.Args[0])
	}
	if addr < firstMessage || addr > lastMessage {
		fmt.Fprintf(c, "no message: %s is a plain write to memory; messages go to 0xfee00000 to 0xfeefffff\n", c.Args[0])
	}
	return c.bench(func() { c.board().MSI(bus.Addr(addr), uint32(data)) })
}
