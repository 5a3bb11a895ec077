package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/mutex"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
)

// A Number is a Linux interrupt number: a name for software, known to no
// hardware (unsigned int irq).
type Number int

// A CommonData is what all levels of one interrupt share (struct
// irq_common_data, include/linux/irq.h).
type CommonData struct {
	State     State
	Node      int
	MSIDesc   any          // the bus's struct msi_desc
	Affinity  cpumask.Mask // where it may go
	Effective cpumask.Mask // where it goes
	desc      *Desc
}

// A Data is one level of an interrupt: what one chip knows of it (struct
// irq_data, include/linux/irq.h).
type Data struct {
	IRQ      Number
	HWIRQ    uint64 // its number inside the domain
	Common   *CommonData
	Domain   *Domain
	Parent   *Data
	ChipData any
	chip     chip
}

// Desc models irq_data_to_desc.
func (d *Data) Desc() *Desc { return d.Common.desc }

// A Desc is one interrupt (struct irq_desc, include/linux/irqdesc.h).
type Desc struct {
	CommonData
	Data
	Name string // of the flow: edge, fasteoi

	handle  FlowHandler
	action  *Action
	istate  IState
	level   bool   // IRQ_LEVEL of status_use_accessors
	depth   int    // how many disables are not undone
	wakes   int    // wake_depth: how many want it to wake the system
	total   uint64 // tot_count
	counts  []uint64
	pending cpumask.Mask
	hint    cpumask.Mask
	notify  *AffinityNotify
	lock    lock.Spin
	request mutex.Mutex

	settings    Setting      // status_use_accessors but for the level
	perCPU      cpumask.Mask // percpu_enabled: the processors that have it enabled
	threadsDesc              // what its threads have to do

	registered bool // it has a directory below /proc/irq

	watch // what note_interrupt keeps

	parts *Parts // never nil
}

var (
	descLock    = lock.NewClass("irq_desc_lock_class")
	requestLock = lock.NewClass("&desc->request_mutex")
)

// bitmapBits is IRQ_BITMAP_BITS of the recorded kernel: no number reaches it.
const bitmapBits = 524544 + 8196

// system is the package's state of one machine.
type system struct {
	descs   []*Desc // irq_desc_tree; what is nil is clear in allocated_irqs
	dynamic Number  // ioapic_dynirq_base: the first number for a message
	fail    failure
	force   bool    // force_irqthreads
	told    finding // what has been told once
	parts   Parts
}

var shared = percpu.Shared[system]("irq")

// legacy is nr_legacy_irqs: the interrupts of the 8259A pair.
const legacy = 16

// EarlyInit models early_irq_init (kernel/irq/irqdesc.c): descriptors for the
// interrupts that every PC has. firstDynamic is the first number that a
// message may get, behind the pins of the I/O APIC. Context: once, at boot.
func EarlyInit(c *cpu.CPU, firstDynamic Number) {
	s := shared.Of(c)
	*s = system{dynamic: firstDynamic, parts: s.parts}
	for n := range Number(legacy) {
		s.put(newDesc(c, n, 0, affinity.Desc{Mask: affinity.Default(c)}, 0))
	}
}

// put enters a descriptor.
func (s *system) put(d *Desc) {
	for int(d.IRQ) >= len(s.descs) {
		s.descs = append(s.descs, nil)
	}
	s.descs[d.IRQ] = d
}

// newDesc models alloc_desc and desc_set_defaults.
func newDesc(c *cpu.CPU, n Number, node int, a affinity.Desc, set State) *Desc {
	d := &Desc{depth: 1, handle: HandleBad, counts: make([]uint64, len(c.Peers)), parts: &shared.Of(c).parts}
	d.CommonData = CommonData{State: Disabled | Masked | set, Node: node, Affinity: a.Mask, desc: d}
	d.Data = Data{IRQ: n, Common: &d.CommonData}
	d.SetChip(NoChip{})
	d.lock.Init(c, descLock)
	d.request.Init(c, requestLock)
	d.threadsIdle.Init(c, threadsLock)
	return d
}

// ToDesc models irq_to_desc; nil for a number that nobody has.
func ToDesc(c *cpu.CPU, n Number) *Desc {
	s := shared.Of(c)
	if n < 0 || int(n) >= len(s.descs) {
		return nil
	}
	return s.descs[n]
}

// Descs lists the descriptors by number (for_each_irq_desc).
func Descs(c *cpu.CPU) (list []*Desc) {
	for _, d := range shared.Of(c).descs {
		if d != nil {
			list = append(list, d)
		}
	}
	return list
}

// AllocDescs models __irq_alloc_descs: count numbers in a row, from irq on or,
// for a negative one, where there is room. masks, if there are any, say which
// processors each may use: EINVAL for an empty one. EEXIST if irq is taken.
func AllocDescs(c *cpu.CPU, irq Number, count, node int, masks []affinity.Desc) (Number, error) {
	if count < 1 {
		return 0, fmt.Errorf("irq: %d numbers asked for: ask for one or more: %w", count, errno.EINVAL)
	}
	for _, m := range masks {
		if m.Mask.Empty() {
			return 0, fmt.Errorf("irq: an affinity mask names no processor: %w", errno.EINVAL)
		}
	}
	start, err := shared.Of(c).room(irq, count)
	if err != nil {
		return 0, err
	}
	for i := range count {
		a, at, set := affinity.Desc{Mask: affinity.Default(c)}, node, State(0)
		if masks != nil {
			a = masks[i]
			at, set = affinity.TopologyOf(c).NodeOf(a.Mask.First()), AffinitySet
			if a.Managed {
				set |= AffinityManaged | ManagedShutdown
			}
		}
		shared.Of(c).put(newDesc(c, start+Number(i), at, a, set))
	}
	return start, nil
}

// room finds count free numbers in a row (bitmap_find_next_zero_area).
func (s *system) room(irq Number, count int) (Number, error) {
	start := irq
	if irq < 0 {
		for start = max(s.dynamic, 1); !s.free(start, count); {
			start++
		}
	}
	switch {
	case int(start)+count > bitmapBits:
		return 0, fmt.Errorf("irq: no %d numbers in a row below %d: %w", count, bitmapBits, errno.ENOMEM)
	case !s.free(start, count):
		return 0, fmt.Errorf("irq: number %d is taken: %w", irq, errno.EEXIST)
	}
	return start, nil
}

// free reports whether nobody has a run of numbers.
func (s *system) free(start Number, count int) bool {
	for n := start; n < start+Number(count) && int(n) < len(s.descs); n++ {
		if s.descs[n] != nil {
			return false
		}
	}
	return true
}

// FreeDescs models irq_free_descs.
func FreeDescs(c *cpu.CPU, n Number, count int) {
	s := shared.Of(c)
	for i := range Number(count) {
		d := ToDesc(c, n+i)
		if d == nil {
			continue
		}
		if d.action != nil { // the kernel's directory of it is not empty
			printk.Printk(c, printk.Warning, "remove_proc_entry: removing non-empty directory 'irq/%d', leaking at least '%s'", d.IRQ, d.action.Name)
		}
		s.descs[n+i] = nil
	}
}

// Count is how often the interrupt has been handled on CPU n
// (kstat_irqs_cpu).
func (d *Desc) Count(n int) uint64 { return d.counts[n] }

// Total is how often it has been handled (tot_count).
func (d *Desc) Total() uint64 { return d.total }

// Requested reports whether a driver has it.
func (d *Desc) Requested() bool { return d.action != nil }

// Registered reports whether there is a /proc/irq/N: from boot on for the
// first sixteen, for others from their first handler on (register_irq_proc).
func (d *Desc) Registered() bool { return d.registered || d.IRQ < legacy }

// Names lists the names of its actions in the order of their requests.
func (d *Desc) Names() (list []string) {
	for a := d.action; a != nil; a = a.next {
		list = append(list, a.Name)
	}
	return list
}

// has reports whether one of the bits is set (irqd_has_set).
func (d *CommonData) has(s State) bool { return d.State&s != 0 }

// Managed models irqd_affinity_is_managed.
func (d *CommonData) Managed() bool { return d.has(AffinityManaged) }

// Set sets and Clear clears bits of the state (irqd_set, irqd_clear).
func (d *CommonData) Set(s State) { d.State |= s }

// Clear models irqd_clear.
func (d *CommonData) Clear(s State) { d.State &^= s }
