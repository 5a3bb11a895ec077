// Package drivers holds what the lab's tasks load into the machine: modules
// that look at what a student's part did, and modules that misbehave.
package drivers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"
)

// An Areas watches how a percpu.SetupAreas takes and gives back memory. It
// looks from outside: whatever the part calls itself, memory is what it took.
type Areas struct {
	setup percpu.SetupAreas
	req   percpu.SetupRequest
	areas percpu.Areas
	taken []piece // what is held when setup has returned
	total uint64  // all that was ever taken
	image string  // what the units held at that moment
	undo  string  // what happened when memory ran out
}

// A piece is memory that was taken, by address.
type piece struct {
	at   percpu.Addr
	size uint64
	node int
}

// Watch wraps a SetupAreas.
func Watch(setup percpu.SetupAreas) *Areas { return &Areas{setup: setup} }

// Parts plugs the watched part in, with the module areas whose files tell
// what was seen.
func (a *Areas) Parts() []machine.Part {
	return []machine.Part{machine.WithSetupAreas(a.Setup), machine.WithModule(a.module())}
}

// Setup is the watched part. Before the call that counts it lets the part run
// out of memory, once after every piece it takes: it must then fail and leave
// nothing behind.
func (a *Areas) Setup(req *percpu.SetupRequest) (percpu.Areas, error) {
	*a = Areas{setup: a.setup, req: *req}
	m := &watched{Memory: req.Memory, areas: a, room: -1}
	areas, err := a.setup(a.request(m))
	if err != nil || areas == nil {
		return areas, err
	}
	a.areas = areas
	a.taken, a.total = m.held, m.total
	a.image = a.compare()
	return areas, nil
}

// request is what the part gets: the same, but for the memory.
func (a *Areas) request(m percpu.Memory) *percpu.SetupRequest {
	req := a.req
	req.Memory = m
	req.Section.Image = slices.Clone(a.req.Section.Image)
	return &req
}

// compare says which units begin with the linked image.
func (a *Areas) compare() string {
	var b strings.Builder
	want := a.req.Section.Image
	for n := range a.req.CPUs {
		got, err := a.req.Memory.Bytes(a.areas.Offset(n), uint64(len(want)))
		switch {
		case err != nil:
			fmt.Fprintf(&b, "cpu %d: nothing is mapped at its offset\n", n)
		case !bytes.Equal(got, want):
			fmt.Fprintf(&b, "cpu %d: differs from the image from byte %d on\n", n, firstByte(got, want))
		default:
			fmt.Fprintf(&b, "cpu %d: as linked\n", n)
		}
	}
	return b.String()
}

func firstByte(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// watched is the memory that the part sees.
type watched struct {
	percpu.Memory
	areas *Areas
	held  []piece
	total uint64
	room  int // pieces that may still be taken; negative: all
}

var errNoMemory = fmt.Errorf("ENOMEM")

// Alloc notes what was taken.
func (w *watched) Alloc(size, align uint64, node int) (percpu.Addr, error) {
	if w.room == 0 {
		return 0, errNoMemory
	}
	at, err := w.Memory.Alloc(size, align, node)
	if err == nil {
		w.room--
		w.held = append(w.held, piece{at, size, node})
		w.total += size
	}
	return at, err
}

// Free notes what was given back.
func (w *watched) Free(at percpu.Addr, size uint64) {
	w.Memory.Free(at, size)
	var left []piece
	for _, p := range w.held {
		left = append(left, p.without(at, at+percpu.Addr(size))...)
	}
	w.held = left
}

// without cuts a range out of a piece.
func (p piece) without(from, to percpu.Addr) []piece {
	end := p.at + percpu.Addr(p.size)
	if to <= p.at || from >= end {
		return []piece{p}
	}
	var out []piece
	if from > p.at {
		out = append(out, piece{p.at, uint64(from - p.at), p.node})
	}
	if to < end {
		out = append(out, piece{to, uint64(end - to), p.node})
	}
	return out
}

func sum(pieces []piece) uint64 {
	n := uint64(0)
	for _, p := range pieces {
		n += p.size
	}
	return n
}

// starve calls the part again with memory for fewer and fewer pieces.
func (a *Areas) starve() string {
	var b strings.Builder
	for room := range a.req.Nodes {
		m := &watched{Memory: a.req.Memory, areas: a, room: room}
		areas, err := a.setup(a.request(m))
		verdict := "refused, everything given back"
		switch {
		case err == nil:
			verdict = "went on without memory"
		case areas != nil && !isNilAreas(areas):
			verdict = "refused, and returned areas all the same"
		case len(m.held) > 0:
			verdict = fmt.Sprintf("refused, and kept %d bytes", sum(m.held))
		}
		for _, p := range m.held {
			a.req.Memory.Free(p.at, p.size)
		}
		fmt.Fprintf(&b, "no memory after %d pieces: %s\n", room, verdict)
	}
	return b.String()
}

// isNilAreas takes an interface around a nil pointer for nil.
func isNilAreas(a percpu.Areas) bool { return fmt.Sprint(a) == "<nil>" }

// module is what a script loads to look.
func (a *Areas) module() machine.Module {
	return machine.Module{
		Name: "areas",
		Files: []machine.File{
			{Name: "areas/image", Read: func(*cpu.CPU) string { return a.image }},
			{Name: "areas/units", Read: func(*cpu.CPU) string { return a.units() }},
			{Name: "areas/memory", Read: func(*cpu.CPU) string { return a.memory() }},
			{Name: "areas/address", Read: func(*cpu.CPU) string { return a.address() }},
			{Name: "areas/starved", Read: func(*cpu.CPU) string { return a.starve() }},
			{Name: "areas/words", Read: showWords, Write: storeWord},
		},
	}
}
