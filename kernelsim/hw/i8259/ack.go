package i8259

import "bothhalves/kernelsim/hw/i8259/i8259reg"

// Cascade is the default i8259reg.Acknowledger.
type Cascade struct{}

// floating is what is read from a data bus that no chip drives.
const floating = 0xff

// Ack is the acknowledge cycle (8259A data sheet, "Interrupt Sequence" and
// "Cascade Mode"). A chip that has no request left drives the vector of input
// 7 and puts nothing in service. If that is the slave, the master has its own
// input 2 in service all the same: it has no part in the slave's mistake.
func (Cascade) Ack(master, slave i8259reg.Chip) (vec uint8, spurious bool) {
	n, ok := master.Request()
	if !ok {
		return master.Vector(i8259reg.SpuriousInput), true
	}
	master.Serve(n)
	if !master.HasSlave(n) {
		return master.Vector(n), false
	}
	if slave.Identity() != n {
		return floating, false
	}
	if n, ok = slave.Request(); !ok {
		return slave.Vector(i8259reg.SpuriousInput), true
	}
	slave.Serve(n)
	return slave.Vector(n), false
}
