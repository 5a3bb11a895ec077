package shell

// infoBlock prints what each CPU has done for each disk.
func (c *Call) infoBlock() error {
	m := c.Machine()
	if m.Bare() {
		return c.Fail("block"+noKernel, nil)
	}
	for _, drv := range m.Disks() {
		d := drv.Disk()
		if d == nil {
			c.Printf("%s: not opened\n", drv.DiskName())
			continue
		}
		c.Printf("%s: hardware queues: %d\n", d.Name, len(d.Queues))
		c.Printf("%4s %5s %10s %10s %10s %10s\n", "cpu", "queue", "submitted", "ended here", "ended away", "handed on")
		for id, s := range d.Stats {
			c.Printf("%4d %5d %10d %10d %10d %10d\n", id, d.QueueOf(id).Index+1, s.Submitted, s.Completed, s.Away, s.Handed)
		}
	}
	return nil
}
