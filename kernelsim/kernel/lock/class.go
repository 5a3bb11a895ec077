// Package lock models spinlocks (include/linux/spinlock.h, kernel/locking/
// spinlock_debug.c, qspinlock.c) and the lock validator that watches every
// lock of the kernel (kernel/locking/lockdep.c).
//
// Locks that are used alike share a class. The validator learns of a class in
// which contexts its locks are taken and in what order they nest with those of
// others, and reports the first use that could deadlock with another one it
// has seen, whether or not it does deadlock this time.
package lock

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
)

// A Class names locks that obey the same rules (struct lock_class_key). Declare
// it at package level; what is learned about it lives in the machine.
type Class struct {
	name  string
	state percpu.Global[class]
}

// NewClass declares a class. Its name is what reports call its locks, and is
// a symbol of the kernel's image: no two are alike.
func NewClass(name string) Class {
	return Class{name, percpu.Shared[class]("lock_class " + name)}
}

// A class is what one machine has learned about a Class (struct lock_class).
type class struct {
	name    string
	id      int // among the machine's classes, in the order of their first use
	used    usage
	firstAt [numUsages][]uintptr // who first used it so
	follows []uint64             // bit n: class n has been taken while this one was held
	edges   []edge               // the same as a list, in the order of their discovery
}

// An edge says that a lock of class to was taken with one of this class held
// (struct lock_list).
type edge struct {
	to *class
	at []uintptr
}

// registry numbers a machine's classes.
type registry struct{ classes []*class }

var lockClasses = percpu.Shared[registry]("lock_classes")

// of models register_lock_class: the machine's state of a class.
func (cl Class) of(c *cpu.CPU) *class {
	s := cl.state.Of(c)
	if s.name == "" {
		r := lockClasses.Of(c)
		s.name, s.id = cl.name, len(r.classes)
		r.classes = append(r.classes, s)
	}
	return s
}

// hasEdge says whether a lock of class to has been taken under one of from.
func (from *class) hasEdge(to *class) bool {
	w := to.id >> 6
	return w < len(from.follows) && from.follows[w]&(1<<(to.id&63)) != 0
}

// addEdge remembers that to is taken under from.
func (from *class) addEdge(to *class, at []uintptr) {
	for len(from.follows) <= to.id>>6 {
		from.follows = append(from.follows, 0)
	}
	from.follows[to.id>>6] |= 1 << (to.id & 63)
	from.edges = append(from.edges, edge{to, at})
}

// A step is one class on a path through the graph, and who made the edge
// that leads to it.
type step struct {
	class *class
	at    []uintptr
	prev  int // index of the step before, -1 at the root
}

// path models __bfs: the shortest way along the edges from one class to one
// that matches, both ends included; nil if there is none.
func (from *class) path(match func(*class) bool, classes int) []step {
	seen := make([]bool, classes)
	queue := []step{{class: from, prev: -1}}
	seen[from.id] = true
	for i := 0; i < len(queue); i++ {
		if match(queue[i].class) {
			return trail(queue, i)
		}
		for _, e := range queue[i].class.edges {
			if !seen[e.to.id] {
				seen[e.to.id] = true
				queue = append(queue, step{e.to, e.at, i})
			}
		}
	}
	return nil
}

// trail is the way that led to step i, from the root on.
func trail(queue []step, i int) []step {
	if i < 0 {
		return nil
	}
	return append(trail(queue, queue[i].prev), queue[i])
}
