// Package drivers holds what the lab's tasks load into the machine: modules
// that look at what a student's part did, and modules that misbehave.
package drivers

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/firstchunk"
	"bothhalves/kernelsim/machine"
)

// An Areas watches what a percpu.SetupAreas does with memory and looks at what
// it leaves: whatever the part calls itself, memory is what it took.
//
// A kernel on areas that break a law dies in places that have nothing to do
// with the fault. So the laws are looked at first, and areas that break one
// are not used: the machine boots on the default part, as Linux falls back
// from one allocator to another, and the files of the module areas say what
// is wrong.
type Areas struct {
	setup percpu.SetupAreas
	req   percpu.SetupRequest
	areas percpu.Areas
	mem   *watched
	seen  map[string]string // what each file shows
}

// Watch wraps a SetupAreas.
func Watch(setup percpu.SetupAreas) *Areas { return &Areas{setup: setup} }

// Parts plugs the watched part in, with the module areas whose files tell
// what was seen.
func (a *Areas) Parts() []machine.Part {
	return []machine.Part{machine.WithSetupAreas(a.Setup), machine.WithModule(a.module())}
}

// Setup is the watched part.
func (a *Areas) Setup(req *percpu.SetupRequest) (percpu.Areas, error) {
	*a = Areas{setup: a.setup, req: *req, seen: make(map[string]string)}
	a.mem = &watched{Memory: req.Memory, room: -1}
	areas, err := a.setup(a.request(a.mem))
	if err != nil {
		return nil, err
	}
	if areas == nil || isNilAreas(areas) {
		return nil, errors.New("SetupAreas returned no areas and no error")
	}
	a.areas = areas
	if a.examine() {
		return areas, nil
	}
	a.mem.drop()
	return firstchunk.Setup(req)
}

// examine looks at each law and says whether a kernel can run on the areas.
func (a *Areas) examine() bool {
	a.seen["address"] = a.address()
	a.seen["image"] = a.image()
	a.seen["stores"] = a.stores()
	a.seen["units"] = a.units()
	a.seen["memory"] = a.memory()
	a.seen["starved"] = a.starve()
	carries := true
	for name, line := range map[string]string{"address": sumLine, "image": imageLine, "stores": storeLine, "units": wholeLine} {
		carries = carries && strings.Count(a.seen[name], line) == a.req.CPUs
	}
	a.seen["kernel"] = "the kernel runs on these areas\n"
	if !carries {
		a.seen["kernel"] = "these areas cannot carry a kernel: it runs on the default ones\n"
	}
	return carries
}

// What the files say where a law holds.
const (
	sumLine   = "offset of the CPU plus offset of the variable"
	imageLine = "as linked"
	storeLine = "no other copy changes"
	wholeLine = "whole, on node"
)

// request is what the part gets: the same, but for the memory.
func (a *Areas) request(m percpu.Memory) *percpu.SetupRequest {
	req := a.req
	req.Memory = m
	req.Section.Image = slices.Clone(a.req.Section.Image)
	return &req
}

// unit is the window into the static part of a CPU's unit.
func (a *Areas) unit(n int) ([]byte, error) {
	return a.req.Memory.Bytes(a.areas.Offset(n), uint64(len(a.req.Section.Image)))
}

// image says which units begin with the linked image.
func (a *Areas) image() string {
	var b strings.Builder
	want := a.req.Section.Image
	for n := range a.req.CPUs {
		got, err := a.unit(n)
		switch {
		case err != nil:
			fmt.Fprintf(&b, "cpu %d: no memory at its offset %#x: never taken, or given back\n", n, uint64(a.areas.Offset(n)))
		case len(bytes.Trim(got, "\x00")) == 0:
			fmt.Fprintf(&b, "cpu %d: all zero: the image was not copied\n", n)
		case !bytes.Equal(got, want) && a.overlapped(n) >= 0:
			fmt.Fprintf(&b, "cpu %d: differs from byte %d on, and overlaps the unit of cpu %d\n", n, firstByte(got, want), a.overlapped(n))
		case !bytes.Equal(got, want):
			fmt.Fprintf(&b, "cpu %d: differs from the image from byte %d on\n", n, firstByte(got, want))
		default:
			fmt.Fprintf(&b, "cpu %d: %s\n", n, imageLine)
		}
	}
	return b.String()
}

// stores writes a byte into each unit in turn and looks who sees it.
func (a *Areas) stores() string {
	var b strings.Builder
	for n := range a.req.CPUs {
		fmt.Fprintf(&b, "a store on cpu %d: %s\n", n, a.store(n))
	}
	return b.String()
}

func (a *Areas) store(n int) string {
	mine, err := a.unit(n)
	if err != nil {
		return "nothing is mapped there"
	}
	last := len(mine) - 1
	was := [2]byte{mine[0], mine[last]}
	before := a.ends()
	mine[0], mine[last] = ^was[0], ^was[1]
	after := a.ends()
	mine[0], mine[last] = was[0], was[1]
	for other := range before {
		if other != n && before[other] != after[other] {
			return fmt.Sprintf("cpu %d sees it too", other)
		}
	}
	return storeLine
}

// ends reads the first and the last byte of every unit's static part.
func (a *Areas) ends() [][2]byte {
	out := make([][2]byte, a.req.CPUs)
	for n := range out {
		if u, err := a.unit(n); err == nil {
			out[n] = [2]byte{u[0], u[len(u)-1]}
		}
	}
	return out
}

func firstByte(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// A piece is memory that was taken, by address.
type piece struct {
	at   percpu.Addr
	size uint64
	node int
}

// watched is the memory that the part sees.
type watched struct {
	percpu.Memory
	held    []piece
	total   uint64 // all that was ever taken
	odd     int    // pieces that were no whole atoms, or not aligned to one
	foreign uint64 // bytes given back that were not held
	room    int    // pieces that may still be taken; negative: all
}

var errNoMemory = errors.New("ENOMEM")

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
		if size%atom != 0 || at%atom != 0 {
			w.odd++
		}
	}
	return at, err
}

// Free gives back what is held of a range, and notes the rest.
func (w *watched) Free(at percpu.Addr, size uint64) {
	end := at + percpu.Addr(size)
	var left []piece
	given := uint64(0)
	for _, p := range w.held {
		from, to := max(at, p.at), min(end, p.at+percpu.Addr(p.size))
		if from < to {
			w.Memory.Free(from, uint64(to-from))
			given += uint64(to - from)
		}
		left = append(left, p.without(at, end)...)
	}
	w.held = left
	w.foreign += size - given
}

// drop gives everything back.
func (w *watched) drop() {
	for _, p := range w.held {
		w.Memory.Free(p.at, p.size)
	}
	w.held = nil
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
		m := &watched{Memory: a.req.Memory, room: room}
		areas, err := a.setup(a.request(m))
		verdict := "refused, everything given back"
		switch {
		case err == nil:
			verdict = "went on without memory"
		case !errors.Is(err, errNoMemory):
			verdict = "refused, with another error than the memory's"
		case areas != nil && !isNilAreas(areas):
			verdict = "refused, and returned areas all the same"
		case len(m.held) > 0:
			verdict = fmt.Sprintf("refused, and kept %d bytes", sum(m.held))
		case m.foreign > 0:
			verdict = fmt.Sprintf("refused, and gave back %d bytes that were not its own", m.foreign)
		}
		m.drop()
		fmt.Fprintf(&b, "no memory after %d pieces: %s\n", room, verdict)
	}
	return b.String()
}

// isNilAreas takes an interface around a nil pointer for nil.
func isNilAreas(a percpu.Areas) bool { return fmt.Sprint(a) == "<nil>" }

// module is what a script loads to look.
func (a *Areas) module() machine.Module {
	m := machine.Module{Name: "areas", Files: []machine.File{
		{Name: "areas/words", Read: showWords, Write: storeWord},
	}}
	for _, name := range []string{"address", "image", "stores", "units", "kernel", "starved", "memory"} {
		m.Files = append(m.Files, machine.File{Name: "areas/" + name,
			Read: func(*cpu.CPU) string { return a.seen[name] }})
	}
	return m
}
