// Package irqbalance is a program that deals interrupts to processors, in the
// manner of irqbalance 1.9.2 with --oneshot. It sees the machine as that one
// does: through files under /proc and /sys, which it reads, and smp_affinity,
// which it writes. The rules are its own; the placements are the real one's.
//
// Once is too early to know a load: irqbalance learns it from the difference
// between two looks at /proc/stat. So what this program does depends on which
// interrupts and processors there are and on the order in which directories
// name them, and on nothing else.
package irqbalance

import (
	"fmt"
	"slices"
	"strings"
)

// Files is the file system of the machine that the program runs on.
type Files interface {
	Read(path string) (string, error)
	Write(path, text string) error
	// List names what is in a directory, in the order in which the kernel
	// does (readdir).
	List(path string) ([]string, error)
}

// Interval is how many seconds the program waits before it acts.
const Interval = 10

// A balancer is one run of the program.
type balancer struct {
	files Files
	debug func(line string) // nil: nobody listens

	nodes, packages, caches, cpus []*object
	banned, online                mask

	db      []*source // all interrupts, in the order in which they were found
	waiting []*source // those without a place
}

// Run places all interrupts and tells the kernel. sleep lets so many seconds
// pass. debug, unless it is nil, gets the lines that --debug prints. The error
// is sleep's, or says that a file is missing without which nothing can be done.
func Run(files Files, sleep func(seconds int) error, debug func(line string)) error {
	b := &balancer{files: files, debug: debug}
	if err := b.build(); err != nil {
		return err
	}
	b.dumpNodes()
	if len(b.cpus) <= 1 {
		return nil // there is nothing to balance
	}
	for _, s := range b.db {
		if s.level != levelNone {
			b.waiting = append(b.waiting, s)
		}
	}
	if err := b.countInterrupts(); err != nil {
		return err
	}
	if err := sleep(Interval); err != nil {
		return err
	}
	b.log("\n\n\n-----------------------------------------------------------------------------")
	if err := b.countInterrupts(); err != nil {
		return err
	}
	b.place()
	b.activate()
	b.dumpTree()
	return nil
}

// build finds nodes, processors and interrupts (build_object_tree).
func (b *balancer) build() error {
	b.findNodes()
	if err := b.findCPUs(); err != nil {
		return err
	}
	return b.findInterrupts()
}

func (b *balancer) log(format string, args ...any) {
	if b.debug != nil {
		b.debug(fmt.Sprintf(format, args...))
	}
}

// line is the first line of a file; ok is false if there is none.
func (b *balancer) line(path string) (text string, ok bool) {
	text, err := b.files.Read(path)
	text, _, _ = strings.Cut(text, "\n")
	return strings.TrimSpace(text), err == nil
}

// place deals the interrupts out, level by level: to nodes, to the packages of
// each node, to their caches, to their processors (calculate_placement). Those
// of the classes that matter most come first, among equals the one that was
// found last.
func (b *balancer) place() {
	slices.SortStableFunc(b.waiting, func(x, y *source) int {
		if x.class != y.class {
			return int(y.class - x.class)
		}
		return y.seq - x.seq
	})
	list := b.waiting
	b.waiting = nil
	for _, s := range list {
		b.toNode(s)
	}
	for _, level := range [][]*object{b.nodes, b.packages, b.caches} {
		for _, d := range level {
			deal(d)
		}
	}
}

// toNode chooses a node (place_irq_in_node): its device's own, if it has one
// whose processors may be used.
func (b *balancer) toNode(s *source) {
	if s.node.number != noNode && s.node.mask.intersects(b.unbanned()) {
		s.assign(s.node)
		s.node.load++
		return
	}
	var best *object
	for _, d := range b.nodes {
		if d.number != noNode && d.mask.intersects(b.unbanned()) {
			best = better(best, d)
		}
	}
	if best == nil {
		b.waiting = append(b.waiting, s)
		return
	}
	s.assign(best)
}

// deal passes on what an object's interrupts need not share with all that is
// in it (find_best_object_for_irq).
func deal(d *object) {
	list := d.irqs
	d.irqs = nil
	for _, s := range list {
		var best *object
		for _, child := range d.children {
			best = better(best, child)
		}
		if best == nil || s.level == d.holds() {
			d.irqs = append(d.irqs, s)
			continue
		}
		s.assign(best)
	}
}

// better is which of two objects gets an interrupt: the one with less load, of
// equals the one with fewer interrupts, of equals the first (find_best_object).
func better(best, d *object) *object {
	switch {
	case best == nil, d.load < best.load, d.load == best.load && len(d.irqs) < len(best.irqs):
		return d
	}
	return best
}

// assign gives an interrupt its place.
func (s *source) assign(d *object) {
	s.place = d
	d.irqs = append(d.irqs, s)
}

// activate writes what has changed (activate_mapping). The kernel refuses to
// move interrupts that it manages itself; the program does not mind, because
// its library tells of the refusal only when the file is closed.
func (b *balancer) activate() {
	for _, s := range b.db {
		if s.place == nil {
			continue
		}
		want := s.place.mask.and(b.online)
		path := fmt.Sprintf("/proc/irq/%d/smp_affinity", s.irq)
		text, ok := b.line(path)
		if now, err := parseMask(text); !ok || err == nil && now == want {
			continue
		}
		_ = b.files.Write(path, want.String())
	}
}
