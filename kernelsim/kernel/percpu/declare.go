// Package percpu models Linux's per-CPU variables (include/linux/percpu-defs.h,
// arch/x86/include/asm/percpu.h): how they are declared, where they lie, and
// the operations on them with what these promise and what they do not.
//
// A declaration gives a variable a name. The machine's boot gives it an
// offset in the unit, the same for all CPUs, and each CPU's GS base says where
// that CPU's unit begins. The algorithms that carve units out of memory are in
// firstchunk, those behind alloc_percpu in chunk.
package percpu

import (
	"cmp"
	"slices"
)

// A Declaration is one DEFINE_PER_CPU of the simulated kernel or of one of its
// modules.
type Declaration struct {
	Name   string
	Module string // empty: in the kernel image
	Size   int    // bytes in the unit
	Type   string

	word int // index into cpu.GSArea.Offsets, or -1
	slot int // index into cpu.GSArea.Slots, or -1
	// fresh makes a CPU's copy with its initial value: bytes for a word, a
	// pointer for anything else.
	initial []byte
	fresh   func() any
}

// A registry numbers declarations in the order in which packages are
// initialised. Offsets never depend on that order: they are assigned at boot,
// by name.
type registry struct {
	all    []*Declaration
	words  int
	slots  int
	shared []func() any
}

// declared is filled by package-level declarations before main starts and is
// only read afterwards.
var declared registry

func (r *registry) add(d *Declaration) *Declaration {
	for _, other := range r.all {
		if other.Name == d.Name && other.Module == d.Module {
			panic("percpu: " + d.Name + " is declared twice; names are symbols of one image")
		}
	}
	r.all = append(r.all, d)
	return d
}

// Declarations lists what a module declared, sorted by name; the kernel
// image's for the empty name.
func Declarations(module string) []*Declaration {
	var list []*Declaration
	for _, d := range declared.all {
		if d.Module == module {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b *Declaration) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Init is the initial image of a word, nil for a variable whose copies are Go
// values.
func (d *Declaration) Init() []byte { return d.initial }
