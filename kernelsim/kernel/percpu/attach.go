package percpu

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
)

// A Linker says where the image's symbols lie.
type Linker func(name string) (Off, bool)

// A Binding ties the declarations to one machine: the offset of each, and the
// Go values at each address. Addresses decide: two CPUs whose units overlap
// share their variables, as they would in memory.
type Binding struct {
	offsets []uint32
	offset  map[*Declaration]Off
	cells   map[cell]any
	shared  []any
}

type cell struct {
	addr Addr
	slot int
}

// Link assigns the kernel image's offsets: the linked image's where it has
// the symbol. Variables whose place in the real image was not recorded follow
// one another from spare on, a stretch of the section in which no recorded
// symbol lies, sorted by name.
func Link(symbols Linker, spare Off) *Binding {
	b := &Binding{offsets: make([]uint32, declared.words),
		offset: map[*Declaration]Off{}, cells: map[cell]any{}, shared: make([]any, declared.slots)}
	for _, d := range Declarations("") {
		off, ok := symbols(d.Name)
		if !ok {
			off = spare
			spare += Off(d.Size+cacheLine-1) &^ (cacheLine - 1)
		}
		b.Place(d, off)
	}
	for _, d := range Declarations(sharedSection) {
		b.shared[d.slot] = d.fresh()
	}
	return b
}

const cacheLine = 64

// Place gives a declaration its offset.
func (b *Binding) Place(d *Declaration, off Off) {
	b.offset[d] = off
	if d.word >= 0 {
		b.offsets[d.word] = uint32(off)
	}
}

// Remove takes a module's declaration out of the image again.
func (b *Binding) Remove(d *Declaration) { delete(b.offset, d) }

// Offset is a declaration's offset, false while its module is not loaded.
func (b *Binding) Offset(d *Declaration) (Off, bool) {
	off, ok := b.offset[d]
	return off, ok
}

// Image writes the words' initial values into the section image.
func (b *Binding) Image(image []byte) error {
	for _, d := range Declarations("") {
		off := b.offset[d]
		if int(off)+d.Size > len(image) {
			return fmt.Errorf("percpu: %s at offset %#x does not fit a section of %d bytes", d.Name, uint64(off), len(image))
		}
		copy(image[off:], d.initial)
	}
	return nil
}

// Load models load_percpu_segment: c's GS base becomes base, whose unit is
// mem. Every placed variable is found there from now on. What c's variables
// held at its old base, the image, moves along, as the copying of the image
// moves the words.
func (b *Binding) Load(c *cpu.CPU, base Addr, mem []byte) {
	old := c.GS.Slots
	c.GS = cpu.GSArea{Base: uint64(base), Mem: mem, Offsets: b.offsets,
		Slots: append([]any(nil), b.shared...),
		Count: (*[4]byte)(mem[b.offset[PreemptCount.d]:]), Held: c.GS.Held}
	for _, d := range declared.all {
		off, placed := b.offset[d]
		if !placed || d.slot < 0 {
			continue
		}
		if at := (cell{base + Addr(off), d.slot}); old != nil && b.cells[at] == nil {
			b.cells[at] = old[d.slot]
		}
		b.bind(c, d)
	}
}

// Bind makes a declaration that was placed later known to c.
func (b *Binding) Bind(c *cpu.CPU, d *Declaration) {
	b.bind(c, d)
	if d.initial != nil {
		copy(c.GS.Mem[b.offset[d]:], d.initial)
	}
}

// bind finds or makes the Go value at a variable's address on c.
func (b *Binding) bind(c *cpu.CPU, d *Declaration) {
	if d.slot < 0 {
		return
	}
	at := cell{Addr(c.GS.Base) + Addr(b.offset[d]), d.slot}
	v, ok := b.cells[at]
	if !ok {
		v = d.fresh()
		b.cells[at] = v
	}
	c.GS.Slots[d.slot] = v
}

// Forget drops the Go values of a declaration on c, when its module goes.
func (b *Binding) Forget(c *cpu.CPU, d *Declaration) {
	if d.slot >= 0 {
		delete(b.cells, cell{Addr(c.GS.Base) + Addr(b.offset[d]), d.slot})
		c.GS.Slots[d.slot] = nil
	}
}
