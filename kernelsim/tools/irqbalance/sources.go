package irqbalance

import (
	"fmt"
	"strconv"
	"strings"
)

// A class is what kind of device interrupts; the higher one is placed first.
type class int

const (
	other class = iota
	legacy
	storage
	video
	ethernet
	gigabit
	tenGigabit
	virtEvent
)

// String is the class as --debug prints it.
func (c class) String() string {
	return [...]string{"other", "legacy", "storage", "video", "ethernet", "gbit-ethernet", "10gbit-ethernet", "virt-event"}[c]
}

// A level is how closely an interrupt is bound: anywhere, or to the processors
// of a package, to those of a cache, or to one.
type level int

const (
	levelNone level = iota
	levelPackage
	levelCache
	levelCore
)

// level is how closely interrupts of a class are bound.
func (c class) level() level {
	switch c {
	case other:
		return levelPackage
	case legacy:
		return levelCache
	}
	return levelCore
}

// A source is an interrupt.
type source struct {
	irq         int
	seq         int // in the order of finding
	class       class
	level       level
	node        *object
	place       *object
	count, last uint64 // how often it came until this look, and until the one before
}

const pciDir = "/sys/bus/pci/devices"

// findInterrupts lists the interrupts of the functions on the PCI bus, then
// those that have a line in /proc/interrupts and belong to none of them
// (rebuild_irq_db).
func (b *balancer) findInterrupts() error {
	rows, err := b.rows()
	if err != nil {
		return err
	}
	names, _ := b.files.List(pciDir)
	for _, name := range names {
		b.findDevice(pciDir + "/" + name)
	}
	for _, r := range rows {
		b.addSource(r.irq, "")
	}
	return nil
}

// findDevice lists a function's interrupts: those of its messages, else that
// of its pin (build_one_dev_entry).
func (b *balancer) findDevice(dir string) {
	names, err := b.files.List(dir + "/msi_irqs")
	if err == nil {
		for _, name := range names {
			if irq, err := strconv.Atoi(name); err == nil && irq > 0 {
				b.addSource(irq, dir)
			}
		}
		return
	}
	text, ok := b.line(dir + "/irq")
	if irq, err := strconv.Atoi(text); ok && err == nil && irq != 0 && irq != 255 {
		b.addSource(irq, dir)
	}
}

// addSource adds an interrupt, of the function with a directory or of none,
// unless it is known (add_one_irq_to_db).
func (b *balancer) addSource(irq int, dir string) {
	if b.source(irq) != nil {
		return
	}
	s := &source{irq: irq, seq: len(b.db)}
	nodeFile := fmt.Sprintf("/proc/irq/%d/node", irq)
	if dir != "" {
		nodeFile = dir + "/numa_node"
	}
	if c, ok := b.classOf(dir); ok {
		s.class, s.level = c, c.level()
	}
	text, _ := b.line(nodeFile)
	n, err := strconv.Atoi(text)
	if err != nil {
		n = noNode
	}
	if s.node = b.node(n); s.node == nil {
		b.log("IRQ %d has an unknown node", irq)
		s.node = b.node(noNode)
	}
	b.db = append(b.db, s)
	b.log("Adding IRQ %d to database", irq)
}

// source finds an interrupt by number, nil if it is unknown.
func (b *balancer) source(irq int) *source {
	for _, s := range b.db {
		if s.irq == irq {
			return s
		}
	}
	return nil
}

// classOf reads what kind of function a directory describes (get_irq_class);
// without a directory it is none of those that matter. ok is false for a
// function whose class says nothing: its interrupts are not balanced.
func (b *balancer) classOf(dir string) (class, bool) {
	if dir == "" {
		return other, true
	}
	for _, name := range []string{"vendor", "device", "subsystem_vendor", "subsystem_device", "class"} {
		if _, ok := b.line(dir + "/" + name); !ok {
			b.log("PCI: can't get from file:%s/%s", dir, name)
			return other, false
		}
	}
	text, _ := b.line(dir + "/class")
	code, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 32)
	if err != nil {
		return other, false
	}
	return classOfCode(uint32(code))
}

// classOfCode maps a PCI class code (PCI Code and ID Assignment Specification)
// to a class; ok is false for one that says nothing.
func classOfCode(code uint32) (c class, ok bool) {
	switch base, sub := code>>16, code>>8&0xff; base {
	case 0x01, 0x0e:
		return storage, true
	case 0x02, 0x0d:
		return ethernet, true
	case 0x03:
		return video, true
	case 0x06, 0x09, 0x12, 0x13:
		return legacy, true
	case 0x0c:
		return serialClass(sub)
	default:
		return other, base < 0x14
	}
}

// serialClass maps the subclass of a serial bus controller.
func serialClass(sub uint32) (c class, ok bool) {
	switch {
	case sub == 4 || sub == 6: // Fibre Channel and InfiniBand
		return storage, true
	case sub <= 9 || sub == 0x80:
		return legacy, true
	}
	return other, false
}

// A row is a line of /proc/interrupts: how often the interrupt came to all
// processors together.
type row struct {
	irq, cpus int
	count     uint64
}

// rows reads the lines of /proc/interrupts that begin with a number; those
// with letters come behind.
func (b *balancer) rows() (list []row, err error) {
	text, err := b.files.Read("/proc/interrupts")
	if err != nil {
		return nil, fmt.Errorf("/proc/interrupts: %w", err)
	}
	for i, line := range strings.Split(text, "\n") {
		name, rest, found := strings.Cut(line, ":")
		irq, err := strconv.Atoi(strings.TrimSpace(name))
		switch {
		case i == 0:
			continue // the processors
		case err != nil || !found:
			return list, nil
		}
		r := row{irq: irq}
		for _, word := range strings.Fields(rest) {
			n, err := strconv.ParseUint(word, 10, 64)
			if err != nil {
				break
			}
			r.cpus++
			r.count += n
		}
		list = append(list, r)
	}
	return list, nil
}

// countInterrupts notes how often each interrupt has come since the last look
// (parse_proc_interrupts). One that has appeared since is known from now on.
func (b *balancer) countInterrupts() error {
	rows, err := b.rows()
	if err != nil {
		return err
	}
	for _, r := range rows {
		if b.source(r.irq) == nil {
			b.addSource(r.irq, "")
			b.waiting = append(b.waiting, b.source(r.irq))
		}
		s := b.source(r.irq)
		s.last, s.count = s.count, r.count
	}
	return nil
}
