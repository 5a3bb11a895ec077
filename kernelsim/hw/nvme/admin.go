package nvme

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/nvme/nvmeabi"
)

// execute carries a command out.
func (d *Device) execute(c *command) (result uint32, status nvmeabi.Status) {
	if c.sq != 0 {
		return 0, ioStatus(c)
	}
	switch c.Opcode {
	case nvmeabi.AdminCreateCQ:
		return 0, d.createCQ(c)
	case nvmeabi.AdminCreateSQ:
		return 0, d.createSQ(c)
	case nvmeabi.AdminDeleteCQ:
		return 0, d.deleteCQ(c)
	case nvmeabi.AdminDeleteSQ:
		return 0, d.deleteSQ(c)
	case nvmeabi.AdminIdentify:
		return 0, d.identify(c)
	case nvmeabi.AdminSetFeatures, nvmeabi.AdminGetFeatures:
		return d.features(c)
	}
	return 0, nvmeabi.InvalidOpcode
}

// ioStatus is how an I/O command ends. No data moves.
func ioStatus(c *command) nvmeabi.Status {
	switch {
	case c.Opcode > nvmeabi.Read:
		return nvmeabi.InvalidOpcode
	case c.Namespace != 1:
		return nvmeabi.InvalidNamespace
	}
	return nvmeabi.Success
}

// queue takes apart what the commands on queues have in common: a number,
// which must be that of an I/O queue, and a size.
func (d *Device) queue(c *command) (q int, size uint32, status nvmeabi.Status) {
	q, size = int(c.DW10&0xffff), c.DW10>>16+1
	switch {
	case q == 0 || q >= len(d.sq):
		return q, size, nvmeabi.InvalidQueueID
	case c.Opcode != nvmeabi.AdminCreateCQ && c.Opcode != nvmeabi.AdminCreateSQ:
	case size < 2 || size > maxEntries:
		return q, size, nvmeabi.InvalidQueueSize
	case c.DW11&nvmeabi.QueueContiguous == 0:
		return q, size, nvmeabi.InvalidField
	}
	return q, size, nvmeabi.Success
}

// createCQ creates an I/O completion queue (specification 5.3).
func (d *Device) createCQ(c *command) nvmeabi.Status {
	q, size, status := d.queue(c)
	vector := uint16(c.DW11 >> 16)
	switch {
	case status != nvmeabi.Success:
		return status
	case d.cq[q].size != 0:
		return nvmeabi.InvalidQueueID
	case int(vector) >= d.MSIX().Len():
		return nvmeabi.InvalidVector
	}
	d.cq[q] = completion{base: c.PRP1, size: size, phase: true, interrupt: c.DW11&nvmeabi.CQInterrupt != 0, vector: vector}
	return nvmeabi.Success
}

// createSQ creates an I/O submission queue that completes in a completion
// queue which is there already (specification 5.4).
func (d *Device) createSQ(c *command) nvmeabi.Status {
	q, size, status := d.queue(c)
	cq := int(c.DW11 >> 16)
	switch {
	case status != nvmeabi.Success:
		return status
	case d.sq[q].size != 0:
		return nvmeabi.InvalidQueueID
	case cq == 0 || cq >= len(d.cq) || d.cq[cq].size == 0:
		return nvmeabi.CQInvalid
	}
	d.sq[q] = submission{base: c.PRP1, size: size, cq: uint16(cq)}
	d.cq[cq].users++
	return nvmeabi.Success
}

// deleteCQ deletes a completion queue in which no submission queue completes
// any more (specification 5.5).
func (d *Device) deleteCQ(c *command) nvmeabi.Status {
	q, _, status := d.queue(c)
	switch {
	case status != nvmeabi.Success:
		return status
	case d.cq[q].size == 0:
		return nvmeabi.InvalidQueueID
	case d.cq[q].users != 0:
		return nvmeabi.InvalidDeletion
	}
	d.satisfied(q)
	d.cq[q] = completion{}
	return nvmeabi.Success
}

// deleteSQ deletes a submission queue (specification 5.6). Its commands that
// have not completed never do.
func (d *Device) deleteSQ(c *command) nvmeabi.Status {
	q, _, status := d.queue(c)
	switch {
	case status != nvmeabi.Success:
		return status
	case d.sq[q].size == 0:
		return nvmeabi.InvalidQueueID
	}
	d.cq[d.sq[q].cq].users--
	d.sq[q] = submission{}
	for i := range d.flight {
		if int(d.flight[i].sq) == q {
			d.flight[i].lost = true
		}
	}
	return nvmeabi.Success
}

// features knows one feature: the number of queues, which is what the
// controller has whatever is asked for (specification 5.21.1.7).
func (d *Device) features(c *command) (uint32, nvmeabi.Status) {
	if c.DW10&0xff != nvmeabi.FeatureQueues {
		return 0, nvmeabi.InvalidField
	}
	n := uint32(d.cfg.Queues - 1)
	return n<<16 | n, nvmeabi.Success
}

// identify writes a page that says what the controller, or its one namespace,
// is like (specification 5.15.2). Fields that interrupts do not need are zero.
func (d *Device) identify(c *command) nvmeabi.Status {
	var page [nvmeabi.IdentifySize / 8]uint64
	switch c.DW10 & 0xff {
	case nvmeabi.IdentifyController:
		page[0] = 0x1af4_1b36         // subsystem vendor, vendor
		page[512/8] = 1<<32 | 0x44_66 // entries of 64 and 16 bytes, one namespace
	case nvmeabi.IdentifyNamespace:
		if c.Namespace != 1 {
			return nvmeabi.InvalidNamespace
		}
		page[0], page[1], page[2] = namespaceBlocks, namespaceBlocks, namespaceBlocks
		page[128/8] = 9 << 16 // blocks of 1<<9 bytes
	case nvmeabi.IdentifyActive:
		if c.Namespace == 0 {
			page[0] = 1
		}
	default:
		return nvmeabi.InvalidField
	}
	for i, v := range page {
		d.DMAWrite(bus.Addr(c.PRP1)+bus.Addr(8*i), 8, v)
	}
	return nvmeabi.Success
}

// namespaceBlocks is the size of the namespace: 64 MiB.
const namespaceBlocks = 64 << 20 >> 9
