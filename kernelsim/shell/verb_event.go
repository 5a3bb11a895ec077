package shell

func eventVerb() *Verb {
	return &Verb{
		Name: "event", Group: GroupBench, Args: "BDF ENTRY [clear]",
		Summary: "lets a PCI function want to signal",
		Detail: `What the function does then is up to what software has enabled and masked: send
the message of ENTRY, set its pending bit, or assert its pin. A legacy device sets
cause ENTRY, which asserts the pin where the mask register lets it. To a pattern
device ENTRY events happen, a microsecond apart; of a metronome ENTRY has a beat. With clear, what caused the event
has been satisfied by other means: the driver polled.`,
		Run: runEvent,
	}
}

func runEvent(c *Call) error {
	if len(c.Args) < 2 || len(c.Args) > 3 {
		return c.Misuse("wants BDF and ENTRY")
	}
	if len(c.Args) == 3 && c.Args[2] != "clear" {
		return c.Misuse("%s: only clear may stand here", c.Args[2])
	}
	bdf, err := c.bdf(c.Args[0])
	if err != nil {
		return err
	}
	k, err := c.number("ENTRY", c.Args[1], 0, 2047)
	if err != nil {
		return err
	}
	var failed error
	err = c.bench(func() { failed = c.board().Event(bdf, k, len(c.Args) == 3) })
	if err == nil && failed != nil {
		return c.Fail(c.Args[0]+" "+c.Args[1], failed)
	}
	return err
}
