// Package irqremap models the kernel's interrupt remapping on VT-d
// (drivers/iommu/intel/irq_remapping.c, dmar.c): the table, the invalidation
// queue, and the messages that name an entry of the table instead of a
// processor.
package irqremap

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/vector"
)

// Sizes of the table and the queue (include/linux/dmar.h INTR_REMAP_TABLE_*,
// drivers/iommu/intel/iommu.h QI_LENGTH).
const (
	Entries   = 65536
	TableSize = Entries * iommureg.IRTESize
	QueueSize = 4096
	tableReg  = 0xf // INTR_REMAP_TABLE_REG_SIZE
)

// A Config is what firmware's DMAR table tells, and where the unit's memory
// comes from.
type Config struct {
	Base   bus.Addr
	X2APIC bool // X86_FEATURE_X2APIC
	// Alloc takes zeroed memory that devices reach, aligned to its size.
	Alloc func(name string, size uint64) (bus.Addr, error)
}

// A Unit models struct intel_iommu with its ir_table and q_inval.
type Unit struct {
	cfg                     Config
	base, queuePage, status bus.Addr // of the table, the queue, its waits' status
	gcmd                    uint32
	eim                     bool
	table                   *table
	tail                    uint64 // free_head of the queue, in bytes
	ready                   bool
	domain                  irq.Domain // ir_domain
	faults                  irq.Domain // dmar_domain
}

// New takes down what is known of the unit; it touches nothing yet.
func New(cfg Config) *Unit { return &Unit{cfg: cfg, table: &table{}} }

// EIM reports whether destinations have 32 bits (eim_mode).
func (u *Unit) EIM() bool { return u.eim }

// Enable models intel_prepare_irq_remapping and intel_enable_irq_remapping: the
// invalidation queue, the table's address, then remapping itself. x2apic tells
// whether destinations of 32 bits work; ok is false where there is no unit
// that can remap.
func (u *Unit) Enable(c *cpu.CPU) (x2apic, ok bool) {
	ecap := u.readQ(c, iommureg.ECAP)
	if ecap&iommureg.ECapIR == 0 || ecap == ^uint64(0) {
		return false, false
	}
	printk.Printk(c, printk.Info, "DMAR-IR: IOAPIC id 0 under DRHD base  %#x IOMMU 0", u.cfg.Base)
	if !u.allocate(c) {
		return false, false
	}
	u.chooseMode(c, ecap)
	u.enableQueue(c)
	u.setTable(c)
	u.command(c, iommureg.IRE)
	u.domain = irq.Domain{Name: "INTEL-IR-0", Parent: vector.Domain(c), Ops: domainOps{u}, Size: Entries}
	irq.AddDomain(c, &u.domain)
	u.ready = true
	printk.Printk(c, printk.Info, "DMAR-IR: Enabled IRQ remapping in %s mode", u.mode())
	return u.eim, true
}

// allocate takes memory for the table, the queue, and the status of its waits.
func (u *Unit) allocate(c *cpu.CPU) bool {
	var err [2]error
	u.base, err[0] = u.cfg.Alloc("ir-table", TableSize)
	u.queuePage, err[1] = u.cfg.Alloc("qi-queue", 2*QueueSize)
	u.status = u.queuePage + QueueSize
	if err[0] != nil || err[1] != nil {
		printk.Printk(c, printk.Err, "DMAR-IR: IR0: failed to allocate pages of order 8")
		return false
	}
	return true
}

// chooseMode decides for the width of destinations.
func (u *Unit) chooseMode(c *cpu.CPU, ecap uint64) {
	u.eim = u.cfg.X2APIC && ecap&iommureg.ECapEIM != 0
	if u.cfg.X2APIC && !u.eim {
		printk.Printk(c, printk.Info, "DMAR-IR: dmar0 does not support EIM")
	}
	if u.eim {
		printk.Printk(c, printk.Info, "DMAR-IR: Queued invalidation will be enabled to support x2apic and Intr-remapping.")
	}
}

// mode is the mode as the log has it.
func (u *Unit) mode() string {
	if u.eim {
		return "x2apic"
	}
	return "xapic"
}

// enableQueue models dmar_enable_qi: an empty queue of one page.
func (u *Unit) enableQueue(c *cpu.CPU) {
	u.writeL(c, iommureg.IQT, 0)
	u.writeQ(c, iommureg.IQA, uint64(u.queuePage))
	u.command(c, iommureg.QIE)
	u.tail = 0
}

// setTable models iommu_set_irq_remapping: the unit takes the table's address,
// and forgets what it knew of another one.
func (u *Unit) setTable(c *cpu.CPU) {
	irta := uint64(u.base) | tableReg
	if u.eim {
		irta |= iommureg.EIME
	}
	u.writeQ(c, iommureg.IRTA, irta)
	u.writeL(c, iommureg.GCMD, u.gcmd|iommureg.SIRTP)
	u.waitStatus(c, iommureg.SIRTP)
	u.submit(c, iommureg.InvalidateAll())
}

// command sets a bit of the global command and waits until the status shows it.
func (u *Unit) command(c *cpu.CPU, bit uint32) {
	u.gcmd |= bit
	u.writeL(c, iommureg.GCMD, u.gcmd)
	u.waitStatus(c, bit)
}

// waitStatus models IOMMU_WAIT_OP. The unit answers at once; one that never
// does is left after as many looks as would take ten seconds.
func (u *Unit) waitStatus(c *cpu.CPU, bit uint32) {
	for range 1000 {
		if bus.ReadL(c, u.cfg.Base+iommureg.GSTS)&bit != 0 {
			return
		}
		c.Spend(cost.CPURelax)
	}
}

// queueLock guards the invalidation queue.
var queueLock = lock.Define("&qi->q_lock")

// submit models qi_submit_sync: the descriptor, a wait behind it, the doorbell,
// and a look at the status that the wait writes.
func (u *Unit) submit(c *cpu.CPU, d iommureg.Descriptor) {
	const inUse, done = 1, 2 // QI_IN_USE, QI_DONE
	l := queueLock.Of(c)
	flags := l.LockIRQSave(c)
	u.store(c, u.status, 4, inUse)
	u.queue(c, d)
	u.queue(c, iommureg.WaitFor(done, uint64(u.status)))
	u.writeL(c, iommureg.IQT, uint32(u.tail))
	for range 1000 {
		if c.ReadPhys(uint64(u.status), 4) == done {
			break
		}
		c.Spend(cost.CPURelax)
	}
	l.UnlockIRQRestore(c, flags)
}

// queue puts one descriptor into the queue.
func (u *Unit) queue(c *cpu.CPU, d iommureg.Descriptor) {
	at := u.queuePage + bus.Addr(u.tail)
	u.store(c, at, 8, d.Low)
	u.store(c, at+8, 8, d.High)
	u.tail = (u.tail + iommureg.DescriptorSize) % QueueSize
}

// store writes to memory by its physical address, as through the direct map.
func (u *Unit) store(c *cpu.CPU, at bus.Addr, size int, v uint64) {
	c.Spend(cost.Instruction)
	c.WritePhys(uint64(at), size, v)
}

func (u *Unit) readQ(c *cpu.CPU, off bus.Addr) uint64 { return bus.ReadQ(c, u.cfg.Base+off) }

func (u *Unit) writeQ(c *cpu.CPU, off bus.Addr, v uint64) { bus.WriteQ(c, u.cfg.Base+off, v) }

func (u *Unit) writeL(c *cpu.CPU, off bus.Addr, v uint32) { bus.WriteL(c, u.cfg.Base+off, v) }
